// A shell for the commands of a page, in a folder of its own, beside a gateway that was started
// for it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as listen } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
/** Longer than any page takes on a slow machine. */
const PATIENCE = 180_000;
const LOOK_INTERVAL = 50;
const DEFAULTS = ["--network", "simulated", "--engine", "simulated"];

/** An answer of 400 and above is a failure, and shows its body. */
const CURL = "curl() { command curl --fail-with-body --max-time 60 --show-error \"$@\"; }";

/** Looks until a condition holds and gives what it gave; fails when it never does. */
export async function until(what, look) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const found = await look();
    if (found) return found;
    await new Promise((again) => setTimeout(again, LOOK_INTERVAL));
  }
  return assert.fail(`never came: ${what}`);
}

export class Scene {
  /** Starts a gateway as the page's own `serve` command says, but for its folder and port. */
  static async start({ flags = DEFAULTS, environment = {}, withGateway = true } = {}) {
    const scene = new Scene(mkdtempSync(join(tmpdir(), "wagate-docs-")));
    const bin = join(scene.folder, "bin");
    mkdirSync(bin);
    symlinkSync(PROGRAM, join(bin, "wagate"));
    scene.environment = { ...process.env, ...environment, PATH: `${bin}:${process.env.PATH}` };
    scene.receiver = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(204).end());
    }).listen(0, "127.0.0.1");
    scene.free = await freePort();
    try {
      if (withGateway) await scene.serve(flags);
    } catch (error) {
      await scene.stop();
      throw error;
    }
    return scene;
  }

  constructor(folder) {
    this.folder = folder;
    this.children = [];
  }

  async serve(flags) {
    // Not port 0: links to pages of the gateway begin with the port that it was given.
    const own = ["--data", join(this.folder, "data"), "--port", String(await freePort())];
    const gateway = this.spawn("wagate", ["serve", ...flags, ...own]);
    this.address = await until("the gateway's address", () => {
      assert.ok(!gateway.over, `the gateway ended: ${gateway.said}`);
      return /is listening on (http:\S+)/.exec(gateway.said)?.[1];
    });
  }

  /** Links a session to a simulated phone. */
  async link(session, phone = "15551234567") {
    await this.call("POST", "/api/v1/sessions", { sessionId: session });
    const { qrText } = await this.call("GET", `/api/v1/sessions/${session}/qr?format=text`);
    await this.call("POST", `/_simulator/v1/accounts/${phone}/scan`, { code: qrText });
    const status = () => this.call("GET", `/api/v1/sessions/${session}/status`);
    await until("a linked session", async () => (await status()).status === "ready");
  }

  async call(method, path, body) {
    const headers = { "content-type": "application/json" };
    const text = JSON.stringify(body);
    const answer = await fetch(this.address + path, { method, headers, body: text });
    const { success, data } = await answer.json();
    assert.ok(success, `${method} ${path}: ${answer.status}`);
    return data;
  }

  /** The text of a page with the addresses of this scene in place of the usual ones. */
  localise(text) {
    const receiver = `127.0.0.1:${this.receiver.address().port}`;
    const gateway = this.address?.replace("http://", "") ?? "127.0.0.1:1";
    return text
      .replaceAll(/(127\.0\.0\.1|localhost):8080/g, gateway)
      .replaceAll("127.0.0.1:9000", receiver)
      .replaceAll("127.0.0.1:8090", `127.0.0.1:${this.free}`)
      .replaceAll('"8090"', `"${this.free}"`);
  }

  /** Starts a program, whose output is kept, and which ends with the scene. */
  spawn(program, more, options = {}) {
    const settings = { cwd: this.folder, env: this.environment, detached: true, ...options };
    const child = spawn(program, more, { ...settings, stdio: ["ignore", "pipe", "pipe"] });
    const kept = { child, said: "", over: false };
    const ends = (code) => Object.assign(kept, { over: true, code });
    child.once("exit", ends).once("error", (error) => ends(String(error)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => (kept.said += text));
    }
    this.children.push(kept);
    return kept;
  }

  /** Runs commands in one shell, one block after the other; fails with the block that failed. */
  async run(page, blocks) {
    const script = ["set -euo pipefail", CURL];
    for (const { line, text, mark } of blocks) {
      script.push(`block=${line}`, "trap 'echo; echo \"failed in the block of line $block\"' ERR");
      const isLoose = mark === "may fail";
      script.push(isLoose ? `set +eo pipefail\ntrap - ERR\n${text}set -eo pipefail` : text);
    }
    // Streams in the background have no end of their own.
    script.push("kill $(jobs -p) 2>/dev/null || true");
    const shell = this.spawn("bash", ["-E", "-c", this.localise(script.join("\n"))]);
    await until(`the end of ${page}`, () => shell.over);
    assert.equal(shell.code, 0, `${page}: ${shell.said.slice(-3000)}`);
    return shell.said;
  }

  async stop() {
    this.receiver.closeAllConnections();
    this.receiver.close();
    for (const { child, over } of this.children.toReversed()) {
      if (!over) endGroup(child.pid, "SIGTERM");
    }
    const all = until("the end of all programs", () => this.children.every(({ over }) => over));
    await all.catch((error) => {
      for (const { child } of this.children) endGroup(child.pid, "SIGKILL");
      throw error;
    });
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Ends a program and what it started. */
function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function freePort() {
  return new Promise((found) => {
    const server = listen().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
