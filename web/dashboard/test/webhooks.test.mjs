// Webhooks through the page: made, tested, failing and recovered, switched off, rotated, removed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { assertCount, launch, open } from "./support/browser.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { startReceiver } from "./support/receiver.mjs";

const OUR_PHONE = "15551234567";
const FRIEND = "15550000011";
const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'</style>';
const SAMPLES = fileURLToPath(new URL("../src/pages/webhooks/samples/", import.meta.url));
const QUICK = {
  WAGATE_WEBHOOKS__SHORT_RETRY_SCHEDULE: "50ms,50ms",
  WAGATE_WEBHOOKS__OVERLOAD_PAUSE_SECONDS: "0",
};

let browser, gateway, receiver;
before(async () => {
  browser = await launch();
  receiver = await startReceiver();
  gateway = await startGateway({ environment: QUICK });
  await link(gateway, "shop", OUR_PHONE);
});
after(() => Promise.all([browser, gateway, receiver].map((each) => (each?.stop ?? each?.close)
  ?.call(each))));

async function write(text) {
  const path = `/_simulator/v1/accounts/${FRIEND}/messages`;
  await gateway.ask("POST", path, { chat: `${OUR_PHONE}@c.us`, text });
}

async function create(path, more = {}) {
  const url = `${receiver.address}${path}`;
  const body = { url, events: ["message"], retries: "short", ...more };
  const { data } = await gateway.ask("POST", "/api/v1/sessions/shop/webhooks", body);
  return { ...data, hash: `#/webhooks/${data.id}?session=shop` };
}

const at = (path) => receiver.got.filter((each) => each.path === path);

/** Whether a request bears a signature by this secret. */
function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const digest = createHmac("sha256", key).update(signed).digest("base64");
  return headers["webhook-signature"].split(" ").includes(`v1,${digest}`);
}

describe("a webhook", () => {
  test("is made, shows its secret once, and a test arrives signed", async () => {
    receiver.status = 200;
    const { page, close } = await open(browser, gateway, { hash: "#/webhooks" });
    await page.getByText("No webhooks yet").waitFor();
    await page.getByRole("button", { name: "New webhook" }).click();
    await page.getByLabel("Address").fill("nonsense");
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator("[aria-invalid=true]").waitFor();
    await page.getByLabel("Address").fill(`${receiver.address}/made`);
    await page.getByLabel("Only these").check();
    await page.getByLabel("message", { exact: true }).check();
    await page.getByLabel("reaction", { exact: true }).check();
    await page.getByRole("button", { name: "Add a header" }).click();
    await page.getByLabel("Name").fill("X-Team");
    await page.getByLabel("Value").fill("sales");
    await page.getByLabel("Events of").selectOption("shop");
    await page.getByRole("button", { name: "Create" }).click();
    const secret = await page.locator("dialog pre").innerText();
    assert.match(secret, /^whsec_/);
    await page.getByRole("button", { name: "I have stored it" }).click();
    await page.getByRole("heading", { level: 1, name: "/made" }).waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("The receiver accepted it.").waitFor();
    const [request] = at("/made");
    assert.equal(request.event.event, "webhook.test");
    assert.equal(request.headers["x-team"], "sales");
    assert.ok(isSigned(request, secret));
    const { data } = await gateway.ask("GET", "/api/v1/sessions/shop/webhooks");
    assert.deepEqual(data[0].events, ["message", "reaction"]);
    await close();
  });

  test("fails, shows each try, and delivers when it is asked to again", async () => {
    const hook = await create("/fails");
    [receiver.status, receiver.body] = [500, `out of order ${HOSTILE}`];
    const { page, close } = await open(browser, gateway, { hash: hook.hash });
    await page.getByText("No deliveries yet").waitFor();
    await write(`One ${HOSTILE}`);
    await page.locator("summary").filter({ hasText: "Dead letter" }).waitFor();
    await page.locator("summary").first().click();
    await page.getByText("Attempt 3", { exact: true }).waitFor();
    await assertCount(page.getByText(/^out of order <img src=x/), 3);
    await assertCount(page.locator("main img, main script, main style"), 0);
    await page.locator('[data-stat="failed"]').filter({ hasText: "1" }).waitFor();
    assert.equal(at("/fails").length, 3);
    [receiver.status, receiver.body] = [200, "thanks"];
    await page.getByRole("button", { name: "Retry", exact: true }).click();
    await page.locator("summary").filter({ hasText: "Delivered" }).waitFor();
    await page.getByText("Attempt 4", { exact: true }).waitFor();
    await page.locator('[data-stat="delivered"]').filter({ hasText: "1" }).waitFor();
    assert.equal(new Set(at("/fails").map(({ headers }) => headers["webhook-id"])).size, 1);
    await close();
  });

  test("has its dead letters back since a time", async () => {
    const hook = await create("/recovers");
    [receiver.status, receiver.body] = [500, ""];
    await write("A letter");
    await write("Another");
    const { page, close } = await open(browser, gateway, { hash: hook.hash });
    await page.locator('[data-stat="failed"]').filter({ hasText: "2" }).waitFor();
    receiver.status = 200;
    await page.getByRole("button", { name: "Retry failed" }).click();
    await page.getByLabel("Since").selectOption("3600");
    await page.getByRole("dialog").getByRole("button", { name: "Retry failed" }).click();
    await page.getByText("2 dead letters queued again").waitFor();
    await page.locator('[data-stat="delivered"]').filter({ hasText: "2" }).waitFor();
    await page.getByLabel("Show").selectOption("dead");
    await page.getByText("No deliveries match").waitFor();
    await close();
  });

  test("says why it was disabled, and is enabled again", async () => {
    const hook = await create("/gone");
    receiver.answer = (path) => (path === "/gone" ? { status: 410, body: "" } : null);
    const { page, close } = await open(browser, gateway, { hash: hook.hash });
    await page.getByText("No deliveries yet").waitFor();
    await write("Too late");
    await page.getByText("Disabled by the gateway: the receiver answered 410 Gone").waitFor();
    receiver.answer = undefined;
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText("Active", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await page.getByText("Disabled by hand").waitFor();
    await close();
  });

  test("gets a new secret while the previous one still signs", async () => {
    const hook = await create("/rotates");
    const { page, close } = await open(browser, gateway, { hash: hook.hash });
    const rotate = async (overlap) => {
      await page.getByRole("button", { name: "Actions" }).click();
      await page.getByRole("menuitem", { name: "Rotate secret" }).click();
      await page.getByLabel("The previous secret stays valid for").selectOption(overlap);
      await page.getByRole("button", { name: "Rotate", exact: true }).click();
      const secret = await page.locator("dialog pre").innerText();
      await page.getByRole("button", { name: "I have stored it" }).click();
      await page.getByRole("button", { name: "Send a test" }).click();
      await page.getByText("The receiver accepted it.").waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
      return [secret, at("/rotates").at(-1)];
    };
    const [second, during] = await rotate("3600");
    assert.ok(isSigned(during, hook.secret) && isSigned(during, second));
    await page.getByText("The previous secret also signs until").waitFor();
    const [third, last] = await rotate("0");
    assert.ok(isSigned(last, third) && !isSigned(last, second) && !isSigned(last, hook.secret));
    await page.getByText("The previous secret also signs until").waitFor({ state: "detached" });
    await close();
  });

  test("changes one header and keeps the other, whose value nobody sees", async () => {
    const headers = { Authorization: "Bearer kept", "X-Team": "sales" };
    const hook = await create("/headers", { headers });
    const { page, close } = await open(browser, gateway, { hash: `${hook.hash}&tab=settings` });
    await page.getByLabel("Value").nth(1).fill("support");
    await page.getByLabel("Only these").check();
    await page.getByLabel("call", { exact: true }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    assert.ok(!(await page.content()).includes("Bearer kept"));
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("The receiver accepted it.").waitFor();
    const [request] = at("/headers");
    assert.equal(request.headers.authorization, "Bearer kept");
    assert.equal(request.headers["x-team"], "support");
    const { data } = await gateway.ask("GET", `/api/v1/sessions/shop/webhooks/${hook.id}`);
    assert.deepEqual(data.events, ["message", "call"]);
    await close();
  });

  test("is deleted after a warning", async () => {
    const hook = await create("/deleted");
    const { page, close } = await open(browser, gateway, { hash: hook.hash });
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("deleted for good").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await page.getByRole("link", { name: "/made" }).waitFor();
    await assertCount(page.getByRole("link", { name: "/deleted" }), 0);
    await close();
  });

  test("the names that are offered are those that the gateway knows", async () => {
    const body = { url: `${receiver.address}/names`, events: ["nonsense"] };
    const { error } = await gateway.ask("POST", "/api/v1/gateway-webhooks", body);
    const known = /there are \*, ([a-z_., ]+)/.exec(JSON.stringify(error))[1].split(", ");
    const { page, close } = await open(browser, gateway, { hash: "#/events" });
    const options = page.getByLabel("Event", { exact: true }).locator("option");
    await options.first().waitFor({ state: "attached" });
    const offered = await options.evaluateAll((all) => all.map(({ value }) => value));
    assert.deepEqual(offered.filter(Boolean).sort(), known.sort());
    await close();
  });
});

describe("the samples", () => {
  const PYTHON = process.env.VERIFIER_PYTHON;
  const programs = [
    { tab: "JavaScript", file: "verify.mjs", run: [process.execPath] },
    { tab: "Python", file: "verify.py", run: PYTHON ? [PYTHON] : null },
    { tab: "Go", file: "verify.go", run: process.env.VERIFIER_GO
      ? [process.env.VERIFIER_GO, "run"] : null },
  ];

  for (const { tab, file, run } of programs) {
    test(`in ${tab} tells what is genuine`, async (context) => {
      const hook = await create(`/sample-${tab}`);
      const { page, close } = await open(browser, gateway, { hash: `${hook.hash}&tab=verify` });
      await page.getByRole("tab", { name: tab }).click();
      const shown = await page.getByRole("tabpanel").last().locator("pre").textContent();
      assert.equal(shown, readFileSync(SAMPLES + file, "utf8"));
      await close();
      if (!run) return context.skip(`no ${tab} here`);
      await sampleIsRight(run, file, hook);
    });
  }
});

test("the tabs of a webhook fit a phone", async () => {
  const hook = await create("/narrow");
  const viewport = { width: 390, height: 844 };
  const { page, close } = await open(browser, gateway, { hash: hook.hash, viewport });
  const tabs = page.getByRole("tablist");
  await tabs.getByRole("tab", { name: "Verify signatures" }).waitFor();
  const beyond = await tabs.evaluate((row) => row.scrollWidth - row.clientWidth);
  assert.equal(beyond, 0, `${beyond} pixels are cut`);
  await close();
  await gateway.ask("DELETE", `/api/v1/sessions/shop/webhooks/${hook.id}`);
});

async function sampleIsRight([program, ...flags], file, hook) {
  const port = await freePort();
  const env = { ...process.env, SECRET: hook.secret, PORT: String(port) };
  const child = spawn(program, [...flags, SAMPLES + file], { env, detached: true });
  let said = "";
  child.stdout.on("data", (piece) => (said += piece));
  child.stderr.on("data", (piece) => (said += piece));
  const path = `/api/v1/sessions/shop/webhooks/${hook.id}`;
  try {
    await gateway.ask("PATCH", path, { url: `http://127.0.0.1:${port}/` });
    const ping = async () => (await gateway.ask("POST", `${path}/test`)).data.status;
    await until(`${file} to listen: ${said}`, async () => await ping() === 204);
    assert.match(said, /webhook\.test/);
    await write("A real one");
    await until("the message", () => said.includes("message"));
    const forged = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: {
        "webhook-id": "x",
        "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
        "webhook-signature": "v1,bm90IG91cnM=",
      },
      body: "{}",
    });
    assert.equal(forged.status, 401);
    await gateway.ask("POST", `${path}/rotate-secret`, { overlapSeconds: 0 });
    assert.equal(await ping(), 401, "by a secret that it does not know");
  } finally {
    process.kill(-child.pid);
    await gateway.ask("DELETE", path);
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
