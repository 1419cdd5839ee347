// From the first page of a fresh gateway to a linked session and its first message, and what can be
// done to sessions; with texts of strangers that would like to be markup.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { assertCount, launch, open } from "./support/browser.mjs";
import { link, scan, startGateway, until } from "./support/gateway.mjs";

const PHONE = "15551234567";
const HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();
const choose = async (page, name, action) => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
};

describe("a fresh gateway", () => {
  let gateway;
  before(async () => (gateway = await startGateway()));
  after(() => gateway?.stop());

  test("leads to a linked session and a first message in under a minute", async () => {
    const began = Date.now();
    const { page, close } = await open(browser, gateway);
    await page.getByRole("button", { name: "New session" }).click();
    assert.equal(await page.getByLabel("Name").inputValue(), "my-session");
    await page.getByRole("button", { name: "Create" }).click();
    await heading(page, "my-session");
    const code = page.getByRole("img", { name: "The QR code that links my-session" });
    await code.waitFor();
    await page.getByText(/A new code comes in \d+ seconds?/).waitFor();

    await page.reload();
    await code.waitFor();
    await scan(gateway, "my-session", PHONE, "Mara");
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.getByText(`+${PHONE}`).first().waitFor();

    await page.getByText("On the simulated network this number echoes").waitFor();
    await page.getByRole("textbox", { name: "Message" }).fill("Is anybody there?");
    await page.getByRole("button", { name: "Send" }).click();
    const lines = page.getByRole("listitem");
    await lines.filter({ hasText: "Sent" }).getByText("Is anybody there?").waitFor();
    await lines.filter({ hasText: "Reply received" }).getByText("Is anybody there?").waitFor();
    const seconds = (Date.now() - began) / 1_000;
    console.log(`from the first page to the first answer: ${seconds.toFixed(1)} s`);
    assert.ok(seconds < 60, `${seconds} s`);
    await close();
  });
});

describe("a session", () => {
  let gateway;
  before(async () => (gateway = await startGateway()));
  after(() => gateway?.stop());

  const qrOf = (id) => gateway.ask("GET", `/api/v1/sessions/${id}/qr?format=text`);
  const session = async (id) => (await gateway.ask("GET", `/api/v1/sessions/${id}`)).data;

  test("is scanned by the simulated phone with one click", async () => {
    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "click" });
    const { page, close } = await open(browser, gateway, { hash: "#/sessions/click" });
    await page.getByRole("button", { name: "Scan with a simulated phone" }).click();
    await page.getByText("Ready", { exact: true }).waitFor();
    await close();
  });

  test("is linked by a code that is typed", async () => {
    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "typed" });
    const { page, close } = await open(browser, gateway, { hash: "#/sessions/typed" });
    await page.getByRole("tab", { name: "Use pairing code" }).click();
    await page.getByLabel("Phone number").fill("12");
    await page.keyboard.press("Enter");
    await page.getByText("must be a number of 7 to 15 digits").waitFor();
    await page.getByLabel("Phone number").fill("+1 (555) 765-4321");
    await page.keyboard.press("Enter");
    const code = (await page.locator(".big code").innerText()).replace("-", "");
    await page.getByText("Valid for another").waitFor();
    const path = "/_simulator/v1/accounts/15557654321/pairing-code";
    await gateway.ask("POST", path, { code, name: "Typist" });
    await page.getByText("Ready", { exact: true }).waitFor();
    await close();
  });

  test("shows its browser while somebody looks, and says where it has none", async () => {
    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "bare" });
    const { page, close } = await open(browser, gateway, { hash: "#/sessions/bare?tab=browser" });
    const start = page.getByRole("button", { name: "Start" });
    await start.click();
    await page.getByText("has no browser").waitFor();
    await start.waitFor();
    const config = { engine: "browser" };
    await gateway.ask("POST", "/api/v1/sessions", { sessionId: "seen", config });
    await until("it runs", async () => (await session("seen")).status === "qr_ready");
    await page.goto(`${gateway.address}/#/sessions/seen?tab=browser`);
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await start.click();
    const picture = page.getByRole("img", { name: "The browser of seen" });
    await picture.waitFor();
    assert.ok(await picture.evaluate(async (it) => (await it.decode(), 300 < it.naturalWidth)));
    const pictures = () => asked.filter((path) => path.endsWith("/screenshot")).length;
    await until("the next one", () => 1 < pictures());
    await page.getByRole("button", { name: "Stop" }).click();
    await picture.waitFor({ state: "detached" });
    await gateway.ask("DELETE", "/api/v1/sessions/seen");
    await close();
  });

  test("shows its next code by itself, with its own time", async () => {
    await gateway.ask("POST", "/api/v1/sessions", {
      sessionId: "waits", config: { qrTimeout: 0 },
    });
    const { page, close } = await open(browser, gateway, { hash: "#/sessions/waits" });
    const picture = page.getByRole("img", { name: "The QR code" });
    await picture.waitFor();
    const first = await picture.getAttribute("src");
    const { qrText, expiresAt } = (await qrOf("waits")).data;
    const left = Math.ceil((Date.parse(expiresAt) - Date.now()) / 1_000);
    const said = await page.getByRole("timer").innerText();
    assert.ok(Math.abs(Number(/\d+/.exec(said)[0]) - left) <= 2, `${said}; ${left} are left`);
    // The network's time goes on, and with it the codes.
    await gateway.ask("PUT", "/_simulator/v1/clock", { advanceBy: left + 1 });
    await until("another picture", async () => (await picture.getAttribute("src")) !== first);
    await gateway.ask("PUT", "/_simulator/v1/clock", { now: null });
    assert.notEqual((await qrOf("waits")).data.qrText, qrText);
    await close();
  });

  test("that nobody scanned says so, and what to do", async () => {
    await gateway.ask("POST", "/api/v1/sessions", {
      sessionId: "late", config: { qrTimeout: 1 },
    });
    const { page, close } = await open(browser, gateway, { hash: "#/sessions/late" });
    await page.getByText("This session has failed").waitFor();
    await page.getByText("Restart it for a new code").waitFor();
    await page.getByRole("tab", { name: "Log" }).click();
    const log = page.getByRole("list", { name: "Log" });
    await log.getByText("nobody scanned the QR code in time").waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByText("late is restarting").waitFor();
    await page.getByText("Starting").or(page.getByText("Waiting for a scan")).first().waitFor();
    await close();
  });

  test("is logged out, and removed after a warning", async () => {
    await link(gateway, "goes", "15550001111");
    const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
    await row(page, "goes").getByText("Ready").waitFor();
    await choose(page, "goes", "Log out");
    await page.getByText("link a phone again").waitFor();
    await page.keyboard.press("Escape");
    assert.equal((await session("goes")).status, "ready");
    await choose(page, "goes", "Log out");
    await page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
    await row(page, "goes").getByText("Waiting for a scan").waitFor();
    await row(page, "goes").getByText("not linked").waitFor();
    const { data } = await gateway.ask("GET", "/_simulator/v1/accounts/15550001111/devices");
    assert.deepEqual(data.devices, []);

    await choose(page, "goes", "Remove");
    await page.getByText("This cannot be undone").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("goes is removed").waitFor();
    await row(page, "goes").waitFor({ state: "detached" });
    assert.equal(await session("goes"), undefined);
    await close();
  });

  test("is created with a proxy, and what is wrong is said at its field", async () => {
    // A session whose proxy cannot be reached fails, and its name can be used again.
    const proxy = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = `127.0.0.1:${proxy.address().port}`;
    const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
    await page.getByRole("button", { name: "New session" }).click();
    await page.getByLabel("Name").fill("no spaces please");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").locator("[aria-invalid=true]").waitFor();
    await page.getByLabel("Name").fill("proxied");
    await page.getByText("Proxy and options").click();
    await page.getByLabel("Proxy", { exact: true }).selectOption("socks5");
    await page.getByLabel("Proxy address").fill(address);
    await page.getByRole("button", { name: "Create" }).click();
    await heading(page, "proxied");
    await page.getByText(`socks5://${address}`).waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "New session" }).click();
    await page.getByLabel("Name").fill("proxied");
    await page.keyboard.press("Enter");
    await page.getByText("A session with this name exists already").waitFor();
    await close();
    proxy.close();
  });

  test("that does not exist is not made up", async () => {
    for (const id of ["nobody", HOSTILE]) {
      const hash = `#/sessions/${encodeURIComponent(id)}`;
      const { page, close } = await open(browser, gateway, { hash });
      await heading(page, id);
      await page.getByText("Session not found").waitFor();
      await close();
    }
  });

  test("bears a stranger's name as text alone", async () => {
    await link(gateway, "hostile", "15550002222", HOSTILE);
    const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
    await row(page, "hostile").getByText(HOSTILE).waitFor();
    await row(page, "hostile").getByRole("link").click();
    await heading(page, "hostile");
    await page.getByText(HOSTILE).first().waitFor();
    await page.getByRole("textbox", { name: "Message" }).fill(HOSTILE);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("listitem").filter({ hasText: "Reply received" })
      .getByText(HOSTILE).waitFor();
    await assertCount(page.locator("img, script:not([type=module])"), 0);
    await close();
  });
});
