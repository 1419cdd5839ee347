// The event log as it grows: filters, pause, going back, and the lines for a terminal.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { assertCount, assertText, launch, open } from "./support/browser.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";

const OUR_PHONE = "15551234567";
const FRIEND = "15550000011";
const OTHER = "15550000012";
const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'</style>\u202e';

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", OUR_PHONE);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

async function write(text, phone = FRIEND) {
  const path = `/_simulator/v1/accounts/${phone}/messages`;
  const answer = await gateway.ask("POST", path, { chat: `${OUR_PHONE}@c.us`, text });
  assert.ok(answer.success, JSON.stringify(answer));
}

async function show(hash = "#/events", options = {}) {
  const opened = await open(browser, gateway, { hash, ...options });
  await opened.page.getByRole("listbox").getByRole("option").first().waitFor();
  return { ...opened, rows: opened.page.getByRole("listbox").getByRole("option") };
}

describe("the tail of the log", () => {
  test("begins with what was, and shows what comes, newest first", async () => {
    const { page, rows, close } = await show();
    await rows.filter({ hasText: "ready" }).first().waitFor();
    await write("Is anybody there?");
    await rows.filter({ hasText: "Is anybody there?" }).waitFor();
    await assertText(rows.first(), /Is anybody there\?/);
    await page.getByLabel("Event", { exact: true }).selectOption("qr");
    await rows.filter({ hasText: "Is anybody there?" }).waitFor({ state: "detached" });
    await assertText(rows.first(), /qr/);
    await close();
  });

  test("stands still while it is paused, counts, and then has it all", async () => {
    const { page, rows, close } = await show();
    await page.getByRole("button", { name: "Pause" }).click();
    for (const text of ["first of three", "second of three", "third of three"]) await write(text);
    await page.getByText("Paused. 3 new events.").waitFor();
    await assertCount(rows.filter({ hasText: "of three" }), 0);
    await page.getByRole("button", { name: "Resume" }).click();
    await rows.filter({ hasText: "third of three" }).waitFor();
    await assertCount(rows.filter({ hasText: "of three" }), 3);
    await close();
  });

  test("finds by chat and by text, and keeps that in its address", async () => {
    await write("A needle in the hay");
    await write("The hay of somebody else", OTHER);
    const { page, rows, close } = await show();
    await page.getByLabel("Text").fill("hay");
    await until("two rows", async () => await rows.count() === 2);
    await page.getByLabel("Chat").fill(FRIEND);
    await until("one row", async () => await rows.count() === 1);
    await page.reload();
    await rows.filter({ hasText: "A needle" }).waitFor();
    await assertCount(rows, 1);
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await until("more rows", async () => 2 < await rows.count());
    await close();
  });

  test("is walked by keyboard, and an event is copied as it came", async () => {
    await write("To be copied");
    const permissions = ["clipboard-read", "clipboard-write"];
    const { page, rows, close } = await show("#/events", { permissions });
    await rows.filter({ hasText: "To be copied" }).waitFor();
    await page.getByRole("listbox").focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await rows.first().getAttribute("aria-selected"), "true");
    await page.getByRole("button", { name: "Copy as JSON" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.equal(copied.data.body, "To be copied");
    assert.equal(copied.event, "message");
    await page.keyboard.press("Tab");
    await close();
  });

  test("goes back as far as the log, and to any number in it", async () => {
    for (let number = 0; number < 230; number += 1) await write(`Number ${number} of many`);
    // All are in the log before the page asks for its newest part.
    await until("the last of many", async () => {
      const chats = await gateway.ask("GET", "/api/v1/sessions/shop/chats?limit=1");
      return chats.data[0].lastMessage.body === "Number 229 of many";
    });
    const { page, rows, close } = await show();
    await rows.filter({ hasText: "Number 229 of many" }).waitFor();
    assert.ok(await rows.count() < 80, "those in sight alone are there");
    await page.getByRole("listbox").focus();
    await page.keyboard.press("End");
    await page.getByRole("button", { name: "Load older" }).click();
    await page.keyboard.press("End");
    await page.getByText("The log begins here.").waitFor();
    await page.getByLabel("Number", { exact: true }).fill("2");
    await page.keyboard.press("Enter");
    await page.locator('[role=option][aria-selected="true"]').waitFor();
    await page.getByText("You are viewing an earlier part of the log.").waitFor();
    const chosen = await page.locator('[role=option][aria-selected="true"]').innerText();
    assert.match(chosen, /^2\s/);
    await page.getByRole("button", { name: "Back to live" }).click();
    await write("After the return");
    await rows.filter({ hasText: "After the return" }).waitFor();
    await close();
  });

  test("what is looked at stays where it is while more comes", async () => {
    const { page, rows, close } = await show();
    const list = page.getByRole("listbox");
    await list.evaluate((box) => (box.scrollTop = 1_000));
    const row = rows.filter({ hasText: /Number 200 of many/ });
    await row.waitFor();
    const before = await row.boundingBox();
    for (const text of ["pushed 1", "pushed 2"]) await write(text);
    const height = (box) => box.scrollTop;
    await until("room for what came", async () => await list.evaluate(height) === 1_080);
    // The list draws what came with the next frame.
    await until("the row to be in its place", async () =>
      (await row.boundingBox()).y === before.y);
    await page.getByRole("button", { name: "To the newest" }).click();
    await rows.filter({ hasText: "pushed 2" }).waitFor();
    await close();
  });

  test("a stranger's words are words", async () => {
    await write(HOSTILE);
    const { page, rows, close } = await show();
    const row = rows.filter({ hasText: "<img src=x" });
    await row.click();
    await page.getByText("onerror=alert(1)").last().waitFor();
    await assertCount(page.locator("main img, main script, main style"), 0);
    await close();
  });
});

describe("the lines for a terminal", () => {
  test("give the same stream, and never hold the key", async () => {
    const locked = await startGateway({ withKey: true });
    const hash = "#/events?session=it%27s&name=message";
    const { page, close } = await open(browser, locked, { hash });
    await page.getByLabel("API key").fill(locked.key);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "From a terminal" }).click();
    const lines = page.locator("dialog pre");
    await assertCount(lines, 3);
    const text = (await lines.allInnerTexts()).join("\n");
    assert.ok(!text.includes(locked.key) && text.includes("$WAGATE_KEY"), text);
    assert.ok(!(await page.content()).includes(locked.key));
    assert.match(text, /websocat -H="Authorization: Bearer \$WAGATE_KEY" 'ws:\/\/127/);
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByLabel("Session").selectOption("");
    await page.getByLabel("Event", { exact: true }).selectOption("qr");
    await page.getByRole("button", { name: "From a terminal" }).click();
    await assertCount(lines, 1);
    const curl = spawn("sh", ["-c", `exec ${await lines.innerText()}`], {
      env: { ...process.env, WAGATE_KEY: locked.key },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let heard = "";
    curl.stdout.on("data", (piece) => (heard += piece));
    await until("the stream to open", () => heard.includes(": connected"));
    await locked.ask("POST", "/api/v1/sessions", { sessionId: "new" });
    await until("an event", () => heard.includes("event: qr"));
    assert.ok(heard.match(/^event: .*/gm).every((line) => line === "event: qr"), heard);
    curl.kill();
    await close();
    await locked.stop();
  });
});
