// Every block of code in the documentation: commands run on a clean data folder beside a gateway on
// the simulated network, programs do what they say, settings can be read. A block that cannot be
// run says why, in a comment before it. Without DOCS_ALL only the README's are run, which need no
// Python.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { load } from "js-yaml";

import { pages, ROOT } from "../pages.mjs";
import { Scene, until } from "../shell.mjs";

const SHELL = new Set(["sh", "bash", "console"]);
const PROGRAM = new Set(["js", "python"]);
/** How `serve` stands in a page: with settings before it and flags behind it. */
const SERVE = /^((?:[A-Z_]+=\S+ )*)(?:wagate|cargo run .*--) serve (.*)$/m;
/** Pages whose commands take a session for granted that another page makes. */
const LINKED = {
  "docs/backup.md": ["shop"],
  "docs/business.md": ["shop"],
  "docs/deploy.md": ["shop"],
  "docs/events.md": ["shop"],
  "docs/sending.md": ["shop"],
};
/** Blocks that are programs, and what proves that they work. */
const PROGRAMS = {
  "docs/events.md js WebSocket": followsASocket,
  "docs/events.md js createServer": (block) => receives(block, "node", "receiver.mjs"),
  "docs/events.md python BaseHTTP": (block) => receives(block, "python3", "receiver.py"),
  "docs/testing-bots.md js the bot answers": testsABot,
  "README.md js Answers": isTheFile("docs/examples/bot.mjs"),
};
const READ = {
  json: (text) => JSON.parse(text),
  yaml: (text) => assert.equal(typeof load(text), "object"),
  ini: readsUnit,
};
/** Words, and settings of programs that tests elsewhere run (tests/attack) or that are not here. */
const TEXT = new Set(["text", "nginx", "haproxy", "caddyfile", "toml", "html"]);

const all = pages();
const isWhole = Boolean(process.env.DOCS_ALL);
const wanted = all.filter(({ name }) => isWhole || name === "README.md");
const counted = { run: 0, read: 0, left: 0 };

for (const page of wanted) {
  const commands = page.blocks.filter((block) => SHELL.has(block.language) && isRun(block));
  if (commands.length === 0) continue;
  test(`the commands of ${page.name} run`, async () => {
    const scene = await Scene.start(serveOf(page));
    try {
      for (const session of LINKED[page.name] ?? []) await scene.link(session);
      const blocks = commands.filter(({ text }) => !SERVE.test(text)).map(asCommands);
      const said = await scene.run(page.name, blocks);
      assert.ok(!said.includes('"success":false') || commands.some(({ mark }) => mark), said);
    } finally {
      await scene.stop();
    }
  });
}

for (const page of wanted) {
  const programs = page.blocks.filter(({ language }) => PROGRAM.has(language));
  for (const block of programs.filter(isRun)) {
    test(`the program in ${page.name}:${block.line} works`, async () => {
      const prefix = `${page.name} ${block.language} `;
      const keys = Object.keys(PROGRAMS).filter((key) => key.startsWith(prefix));
      const key = keys.findLast((each) => block.text.includes(each.slice(prefix.length)));
      assert.ok(key, "add this program to PROGRAMS, or say before it why it is not run");
      await PROGRAMS[key](block);
    });
  }
}

test("commands that fail are found, by the line of their block", async () => {
  const scene = await Scene.start();
  try {
    const block = (line, text, mark) => ({ line, text, mark });
    const refused = "curl -s http://127.0.0.1:8080/api/v1/sessions/none\n";
    const fails = (blocks, how) => assert.rejects(scene.run("a page", blocks), how);
    const loose = block(10, refused, "may fail");
    await fails([block(7, refused)], /failed in the block of line 7/);
    await fails([block(8, `code=$(${refused.trim()} | cat)\n`)], /failed in the block of line 8/);
    await fails([block(9, "echo $unknown\n")], /unknown: unbound variable/);
    await fails([loose, block(11, "false\n")], /failed in the block of line 11/);
    await scene.run("a page", [loose, block(12, "true\n")]);
  } finally {
    await scene.stop();
  }
});

test("every block has a language, and is run, read or left for a reason", () => {
  const faults = [];
  for (const { name, blocks } of all) {
    for (const { language, line, text, mark } of blocks) {
      const fault = faultOf(language, text, mark);
      if (fault) faults.push(`${name}:${line}: ${fault}`);
    }
  }
  assert.deepEqual(faults, []);
  const { run, read, left } = counted;
  assert.ok(60 < run, `only ${run} blocks are run`);
  console.log(`${run} blocks are run, ${read} are read, ${left} are left for a reason`);
});

const BOTS = [["node", "bot.mjs", "15551234567"], ["python3", "bot.py", "15551234568"]];
for (const [program, file, phone] of BOTS.filter(([program]) => isWhole || program === "node")) {
  test(`docs/examples/${file} is a bot that answers`, async () => {
    const scene = await Scene.start();
    try {
      await scene.link("a-bot", phone);
      const env = { ...scene.environment, WAGATE_URL: scene.address };
      const bot = scene.spawn(program, [join(ROOT, "docs/examples", file), "a-bot"], { env });
      // It hears what is said from its start on, and nobody says when that is: so Ada asks again.
      await until(`an answer of ${file}`, async () => {
        assert.ok(!bot.over, `${file}: ${bot.said}`);
        const ping = { chat: `${phone}@c.us`, text: "ping" };
        await scene.call("POST", "/_simulator/v1/accounts/15550000011/messages", ping);
        await new Promise((later) => setTimeout(later, 300));
        const chat = `/_simulator/v1/accounts/15550000011/chats/${phone}@c.us/messages`;
        return (await scene.call("GET", chat)).messages.some(({ body }) => body === "pong");
      });
    } finally {
      await scene.stop();
    }
  });
}

function isRun({ mark }) {
  return mark !== "not run";
}

function faultOf(language, text, mark) {
  if (mark === "not run") counted.left += 1;
  else if (SHELL.has(language) || PROGRAM.has(language)) counted.run += 1;
  else if (TEXT.has(language)) counted.left += 1;
  else if (READ[language]) {
    counted.read += 1;
    try {
      READ[language](text);
    } catch (error) {
      return error.message;
    }
  } else return `nobody knows what to do with '${language}'`;
  return undefined;
}

/** What the page's own command to start a gateway says. */
function serveOf({ blocks }) {
  const [, settings, flags] = blocks.map(({ text }) => SERVE.exec(text)).find(Boolean) ?? [];
  if (flags === undefined) return {};
  const own = / --(data|port) (?:"[^"]*"|\S+)/g;
  const pairs = settings.split(" ").filter(Boolean).map((one) => one.split("="));
  const others = ` ${flags}`.replaceAll(own, "").trim().split(" ");
  return { flags: others, environment: Object.fromEntries(pairs) };
}

/** Of a session in a terminal, the lines that somebody types. */
function asCommands(block) {
  if (block.language !== "console") return block;
  const typed = [];
  for (const line of block.text.split("\n")) {
    if (line.startsWith("$ ")) typed.push(line.slice(2));
    else if (typed.at(-1)?.endsWith("\\")) typed.push(line);
  }
  return { ...block, text: `${typed.join("\n")}\n` };
}

function isTheFile(path) {
  return ({ text }) => assert.equal(text, readFileSync(join(ROOT, path), "utf8"));
}

async function followsASocket({ text }) {
  const scene = await Scene.start();
  try {
    await scene.link("shop");
    const program = join(scene.folder, "follow.mjs");
    writeFileSync(program, scene.localise(text));
    const follower = scene.spawn("node", ["--experimental-websocket", "--no-warnings", program]);
    await until("events of the session", () => {
      assert.ok(!follower.over, follower.said);
      return follower.said.includes("ready");
    });
  } finally {
    await scene.stop();
  }
}

/** A receiver of webhooks takes what is genuine and refuses what is not. */
async function receives({ text }, program, file) {
  const scene = await Scene.start();
  try {
    await scene.link("shop");
    const url = `http://127.0.0.1:${scene.free}/hook`;
    const hooks = "/api/v1/sessions/shop/webhooks";
    const hook = await scene.call("POST", hooks, { url, events: ["message"] });
    writeFileSync(join(scene.folder, file), text.replaceAll("9000", String(scene.free)));
    const env = { ...scene.environment, SECRET: hook.secret };
    const receiver = scene.spawn(program, [file], { env });
    const forged = () => fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
    const refused = await until("the receiver", () => {
      assert.ok(!receiver.over, receiver.said);
      return forged();
    });
    assert.equal(refused.status, 401);
    const said = { chat: "15551234567@c.us", text: "Hello" };
    await scene.call("POST", "/_simulator/v1/accounts/15550000011/messages", said);
    await until("the event", () => /^message$/m.test(receiver.said));
  } finally {
    await scene.stop();
  }
}

async function testsABot({ text }) {
  const scene = await Scene.start({ withGateway: false });
  try {
    writeFileSync(join(scene.folder, "test.mjs"), scene.localise(text));
    const run = scene.spawn("node", ["--experimental-websocket", "--no-warnings", "test.mjs"]);
    await until("the end of the test", () => run.over);
    assert.match(run.said, /the bot answers/);
    assert.equal(run.code, 0, run.said);
  } finally {
    await scene.stop();
  }
}

/** systemd reads a unit, where there is one. */
function readsUnit(text) {
  assert.match(text, /^\[Unit\]$/m);
  const folder = mkdtempSync(join(tmpdir(), "wagate-unit-"));
  const unit = join(folder, "wagate.service");
  const here = text.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true").replace(/^User=.*$/m, "");
  writeFileSync(unit, here);
  const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  if (verified.error) return;
  assert.equal(verified.status, 0, verified.stderr);
  // A line that it cannot read is a warning alone.
  const warnings = verified.stderr.split("\n").filter((line) => line.includes(unit));
  assert.deepEqual(warnings, []);
}
