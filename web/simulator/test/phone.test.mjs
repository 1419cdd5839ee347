// The phone page in real Chromium, served by a real gateway on the simulated network.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const BINARY = process.env.WAGATE_BINARY
  ?? fileURLToPath(new URL("../../../target/debug/wagate", import.meta.url));
const OWNER = "15551234567";
const ADA = "15550000011";
const HOSTILE = "<img src=x onerror=alert(1)>";
/** One green pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    + "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const PATIENCE = 20_000;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what, check) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`timed out waiting for ${what}`);
}

/** A gateway of its own, which begins with nothing. */
async function startGateway(environment = {}, makeKey = false) {
  assert.ok(existsSync(BINARY), `no gateway at ${BINARY}: run 'cargo build' or set WAGATE_BINARY`);
  const data = mkdtempSync(join(tmpdir(), "phone-page-"));
  const flags = ["--network", "simulated", "--engine", "simulated", "--data", data];
  const env = { ...process.env, WAGATE_LIMITS__GENERAL: "0", ...environment };
  const key = makeKey ? newKey(flags, env) : "";
  const port = await freePort();
  const serve = ["serve", ...flags, "--port", String(port)];
  const child = spawn(BINARY, serve, { env, stdio: "ignore" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const address = `http://127.0.0.1:${port}`;
  const ask = async (method, path, body) => {
    const headers = { "content-type": "application/json", ...(key && { "x-api-key": key }) };
    const answer = await fetch(address + path, { method, headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
    rmSync(data, { recursive: true, force: true });
  };
  await until("the gateway", () => ask("GET", "/health").catch(() => child.exitCode !== null));
  assert.equal(child.exitCode, null, "the gateway ended at once");
  return { address, ask, key, stop };
}

function newKey(flags, env) {
  const create = ["key", "create", "phone", "--scope", "*", ...flags];
  const text = execFileSync(BINARY, create, { env, encoding: "utf8" });
  return text.match(/wag_\S+/)[0];
}

let browser;
before(async () => {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});
after(() => browser?.close());

test("a page that nobody touches asks for little, and shows at once what happens", async () => {
  const gateway = await startGateway();
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${gateway.address}/_simulator/phone`);
  await page.locator(`#person option[value="${ADA}"]`).waitFor({ state: "attached" });
  await page.selectOption("#person", ADA);
  const write = (text) => gateway.ask("POST", "/_simulator/v1/accounts/15550000012/messages", {
    chat: `${ADA}@c.us`, text,
  });
  await write("The first");
  await page.locator("#chats button", { hasText: "The first" }).click();
  await page.locator("#messages .message", { hasText: "The first" }).waitFor();
  let count = 0;
  page.on("request", () => (count += 1));
  await new Promise((over) => setTimeout(over, 10_000));
  console.log(`the phone page: ${count} requests in 10 s`);
  assert.ok(count < 10, `${count} requests`);
  await write("The second");
  await page.locator("#messages .message", { hasText: "The second" }).waitFor();
  await page.close();
  await gateway.stop();
});

describe("a person acts on the page", () => {
  let gateway, page;
  const faults = [];
  const appears = (selector, text) => page.locator(selector, { hasText: text }).first().waitFor();
  const messagesOf = async (chat) => {
    const { data } = await gateway.ask("GET", `/api/v1/sessions/shop/chats/${chat}@c.us/messages`);
    return data ?? [];
  };
  const messagesOnPhone = async (phone, chat) => {
    const path = `/_simulator/v1/accounts/${phone}/chats/${chat}@c.us/messages`;
    return (await gateway.ask("GET", path)).data.messages;
  };
  const choosePerson = async (phone) => {
    await page.locator(`#person option[value="${phone}"]`).waitFor({ state: "attached" });
    await page.selectOption("#person", phone);
  };
  const openChat = (name) => page.locator("#chats button", { hasText: name }).click();
  const tools = async (text) => {
    const message = page.locator("#messages .message", { hasText: text }).last();
    await message.getByRole("button", { name: "Actions for" }).click();
    return message.getByRole("group", { name: "Actions" });
  };

  before(async () => {
    gateway = await startGateway();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("dialog", (dialog) => faults.push(`a dialog: ${dialog.message()}`));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) faults.push(message.text());
    });
    await page.goto(`${gateway.address}/_simulator/phone`);
  });
  after(async () => {
    await page?.close();
    await gateway?.stop();
    assert.deepEqual(faults, []);
  });

  test("opens an account", async () => {
    await page.getByRole("button", { name: "New person" }).click();
    await page.getByLabel("Telephone number").fill(`+${OWNER}`);
    await page.getByLabel("Name", { exact: true }).fill("Wanda");
    await page.getByRole("button", { name: "Create" }).click();
    await until("the person", async () => await page.locator("#person").inputValue() === OWNER);
  });

  test("scans the code of a session that waits for it", async () => {
    const { success } = await gateway.ask("POST", "/api/v1/sessions", { sessionId: "shop" });
    assert.equal(success, true);
    await page.getByRole("button", { name: "Scan the code of shop" }).click();
    await appears("#devices li small.good", "connected");
    await until("a session that is ready", async () => {
      const { data } = await gateway.ask("GET", "/api/v1/sessions/shop/status");
      return data.status === "ready";
    });
    const waiting = page.locator("#waiting li");
    await until("no session that waits", async () => await waiting.count() === 0);
  });

  test("sees a chat with the echo contact", async () => {
    const body = { chatId: "15550000001@c.us", content: "is there an echo?" };
    await gateway.ask("POST", "/api/v1/sessions/shop/send-text", body);
    await openChat("Echo");
    await page.locator("#text:focus").waitFor();
    await appears("#messages .message:not(.own)", "is there an echo?");
    await appears("#messages .own .ack", "read");
  });

  test("marks a chat as read", async () => {
    await appears("#chats .badge:visible", "1");
    await page.getByRole("button", { name: "Mark as read" }).click();
    await until("no badge", async () => await page.locator("#chats .badge:visible").count() === 0);
  });

  test("writes as a contact, and the gateway gets the message", async () => {
    await choosePerson(ADA);
    await page.getByLabel("Write to a number").fill(OWNER);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByLabel("Message", { exact: true }).fill("Good morning");
    await page.keyboard.press("Enter");
    await appears("#messages .own", "Good morning");
    await until("the message in the gateway", async () => {
      return (await messagesOf(ADA)).some((each) => JSON.stringify(each).includes("Good morning"));
    });
  });

  test("shows a stranger's markup as text", async () => {
    await page.getByLabel("Message", { exact: true }).fill(HOSTILE);
    await page.getByRole("button", { name: "Send" }).click();
    await appears("#messages .own .body", HOSTILE);
    await choosePerson(OWNER);
    await appears("#chats .preview", HOSTILE);
    await openChat("Ada Lovelace");
    await appears("#messages .message:not(.own) .body", HOSTILE);
    assert.equal(await page.locator("#messages img, #chats img").count(), 0);
  });

  test("opens a chat though its list changes while the pointer is pressed", async () => {
    const draw = async (text) => {
      const drawn = page.waitForResponse(async (answer) => {
        return answer.url().endsWith(`/${OWNER}/chats`) && (await answer.text()).includes(text);
      });
      const path = "/_simulator/v1/accounts/15550000001/messages";
      await gateway.ask("POST", path, { chat: `${OWNER}@c.us`, text });
      await drawn;
    };
    await page.locator("#chats button", { hasText: "Echo" }).hover();
    await page.mouse.down();
    // The second answer shows that the page is done with the first.
    for (const text of ["change one", "change two"]) await draw(text);
    await page.mouse.up();
    await appears("#chat-name", "Echo");
    await openChat("Ada Lovelace");
    await appears("#messages .message:not(.own) .body", HOSTILE);
  });

  test("sends a text that is submitted while another is on its way", async () => {
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    const pattern = `**/${OWNER}/messages`;
    await page.route(pattern, async (route) => {
      await answered;
      await route.continue();
    });
    for (const text of ["quick one", "quick two"]) {
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.keyboard.press("Enter");
    }
    answer();
    for (const text of ["quick one", "quick two"]) await appears("#messages .own .body", text);
    await page.unroute(pattern);
  });

  test("sends a file with a caption", async () => {
    const file = { name: "blue.png", mimeType: "image/png", buffer: PNG };
    await page.setInputFiles("#file", file);
    await page.getByLabel("Message", { exact: true }).fill("the blue one");
    await page.getByRole("button", { name: "Send" }).click();
    await appears("#messages .own .file", "blue.png");
    const sent = (await messagesOnPhone(ADA, OWNER)).at(-1);
    assert.deepEqual([sent.kind, sent.body], ["image", "the blue one"]);
    assert.equal(sent.media.size, PNG.length);
  });

  test("reacts, edits and deletes", async () => {
    await (await tools("Good morning")).getByLabel("React with heart").click();
    await appears("#messages .reactions", "You");
    await page.getByLabel("Message", { exact: true }).fill("helo");
    await page.keyboard.press("Enter");
    await (await tools("helo")).getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Message", { exact: true }).fill("hello");
    await page.getByRole("button", { name: "Save" }).click();
    await appears("#messages .own", "edited");
    await (await tools("hello")).getByRole("button", { name: "Delete" }).click();
    await appears("#messages .own .gone", "deleted");
    assert.equal((await messagesOnPhone(ADA, OWNER)).at(-1).kind, "revoked");
  });

  test("chooses how a contact behaves", async () => {
    await choosePerson(ADA);
    await page.getByLabel("What this person does").selectOption("echo");
    await appears("#notice", "repeats it");
    const { data } = await gateway.ask("GET", "/_simulator/v1/accounts");
    assert.equal(data.accounts.find(({ phone }) => phone === ADA).behaviour, "echo");
  });

  test("cuts the connection, restores it and removes the device", async () => {
    await choosePerson(OWNER);
    const isConnected = async () => {
      return (await gateway.ask("GET", "/api/v1/sessions/shop/status")).data.connected;
    };
    await page.getByRole("button", { name: "Cut" }).click();
    await until("no connection", async () => !await isConnected());
    await page.getByRole("button", { name: "Restore" }).click();
    await until("the connection", isConnected);
    await page.getByRole("button", { name: "Remove device" }).click();
    await page.getByText("No device is linked.").waitFor();
  });

  test("types a pairing code, and scans a pasted QR code", async () => {
    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "second" });
    const path = "/api/v1/sessions/second/pairing-code";
    const { data } = await gateway.ask("POST", path, { phone: OWNER });
    await page.getByLabel("Pairing code").fill(data.code.toLowerCase());
    await page.getByRole("button", { name: "Link" }).click();
    await appears("#devices li small.good", "connected");

    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "third" });
    const qr = await gateway.ask("GET", "/api/v1/sessions/third/qr?format=text");
    const field = page.getByLabel("Text of a QR code");
    await field.fill("2@nothing");
    await page.getByRole("button", { name: "Scan", exact: true }).click();
    await appears("#notice.fault", "No device shows this code");
    await field.fill(qr.data.qrText);
    await page.getByRole("button", { name: "Scan", exact: true }).click();
    await until("two devices", async () => await page.locator("#devices li").count() === 2);
  });
});

describe("a gateway that wants a key", () => {
  let gateway;
  before(async () => {
    gateway = await startGateway({ WAGATE_OPENWA__AUTH: "required" }, true);
  });
  after(() => gateway?.stop());

  test("gives the page to everybody, with its policy", async () => {
    for (const path of ["phone", "phone.js", "phone.css"]) {
      const answer = await fetch(`${gateway.address}/_simulator/${path}`);
      assert.equal(answer.status, 200, path);
      const policy = answer.headers.get("content-security-policy");
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    }
  });

  test("is asked with the key that the page asks for", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${gateway.address}/_simulator/phone`);
    const dialog = page.getByRole("dialog", { name: "API key" });
    await dialog.getByLabel("Key with").fill("wag_wrong");
    await page.keyboard.press("Enter");
    await dialog.getByText("The API key is not valid.").waitFor();
    await dialog.getByLabel("Key with").fill(gateway.key);
    await page.keyboard.press("Enter");
    await page.locator("#person option").first().waitFor({ state: "attached" });
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(() => sessionStorage.getItem("api-key")), gateway.key);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    await page.close();
  });
});
