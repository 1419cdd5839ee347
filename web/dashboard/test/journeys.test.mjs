// The journey of each page by the keyboard alone: every step is reached with Tab or arrows.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, messagesOf, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { focused, untilFocused } from "./support/keyboard.mjs";
import { startReceiver } from "./support/receiver.mjs";

/** More stops than any page has. */
const STOPS = 120;

let browser, gateway, receiver;
before(async () => {
  [browser, gateway, receiver] = await Promise.all([launch(), startGateway(), startReceiver()]);
  await link(gateway, "shop", "15551234567");
  await writeFrom(gateway, ADA, "Good morning");
  await conversationWith(gateway, ADA);
});
after(() => Promise.all([browser?.close(), gateway?.stop(), receiver?.stop()]));

/** Goes on with Tab until something of this name has the focus. */
async function tabTo(page, name) {
  // An entry of the navigation says behind its name how many wait.
  const isNamed = (found) => found === name
    || (found.startsWith(name) && /^ \d+ \d+ waiting$/.test(found.slice(name.length)));
  const is = (found) => (name instanceof RegExp ? name.test(found) : isNamed(found));
  const passed = [];
  for (let stop = 0; stop < STOPS; stop += 1) {
    const { name: found } = await focused(page);
    if (is(found)) return;
    passed.push(found.slice(0, 30));
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${name}, but to ${[...new Set(passed)].join(" | ")}`);
}

/** Goes to something and presses Enter on it. */
async function take(page, name) {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

const dialogIs = (page, field) =>
  untilFocused(page, `the dialog at ${field}`, (it) => it.isInDialog && it.name.startsWith(field));

describe("by the keyboard alone", () => {
  test("every page is reached, and its heading has the focus", async () => {
    const { page, close } = await open(browser, gateway);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (const name of ["Sessions", "Chat", "Events", "Webhooks", "Settings", "Overview"]) {
      await page.keyboard.press("Home");
      await page.evaluate(() => document.activeElement?.blur());
      await take(page, name);
      await page.getByRole("heading", { level: 1, name }).waitFor();
    }
    await close();
  });

  test("a session is created, looked at and removed", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
    await page.getByRole("link", { name: /shop/ }).first().waitFor();
    await take(page, "New session");
    await dialogIs(page, "Name");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("by-keys");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "by-keys" }).waitFor();
    await take(page, "Actions for by-keys");
    await page.getByRole("menuitem").first().waitFor();
    for (let step = 0; step < 9 && (await focused(page)).name !== "Remove"; step += 1) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await untilFocused(page, "the question", (it) => it.isInDialog);
    await page.keyboard.press("Enter");
    await until("it is gone", async () =>
      (await gateway.ask("GET", "/api/v1/sessions/by-keys")).success === false);
    await close();
  });

  test("a webhook is made and tested", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/webhooks" });
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await page.getByRole("button", { name: "New webhook" }).waitFor();
    await take(page, "New webhook");
    await dialogIs(page, "Address");
    await page.keyboard.type(`${receiver.address}/keys`);
    await page.keyboard.press("Enter");
    await page.locator("dialog pre").waitFor();
    await untilFocused(page, "the secret's dialog", (it) => it.isInDialog);
    await take(page, "I have stored it");
    await page.getByRole("heading", { level: 1, name: "/keys" }).waitFor();
    await take(page, "Send a test");
    await until("the test", () => receiver.got.some((each) => each.path === "/keys"));
    await close();
  });

  test("a key is made and revoked", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/settings" });
    await page.getByRole("button", { name: "New key" }).waitFor();
    await take(page, "New key");
    await dialogIs(page, "Name");
    await page.keyboard.type("by keys");
    await tabTo(page, /^Read|^Everything/);
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").locator("code").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await take(page, "Revoke by keys");
    await page.getByRole("dialog").waitFor();
    await untilFocused(page, "the question", (it) => it.isInDialog);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Revoke by keys" }).waitFor({ state: "detached" });
    await close();
  });

  test("a conversation is chosen, written in, answered and left", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await page.getByRole("link", { name: /Ada/ }).waitFor();
    await take(page, /^A.*Ada|^Ada/);
    const field = (it) => it.tag === "TEXTAREA";
    await untilFocused(page, "the text", field);
    await page.keyboard.type("Written by keys");
    await page.keyboard.press("Enter");
    const { id } = await conversationWith(gateway, ADA);
    await messagesOf(gateway, id, (all) =>
      all.some((each) => each.message_body === "Written by keys"));
    await page.keyboard.press("Shift+Tab");
    // Back from the text to the messages, whose menus follow one another.
    const isMenu = ({ name }) => name.startsWith("Actions for the message by");
    for (let stop = 0; stop < STOPS && !isMenu(await focused(page)); stop += 1) {
      await page.keyboard.press("Shift+Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await untilFocused(page, "the menu", (it) => it.name.startsWith("React with"));
    for (let step = 0; step < 20 && (await focused(page)).name !== "Reply"; step += 1) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    await page.getByText(/^Reply to /).waitFor();
    await untilFocused(page, "the text", field);
    await page.keyboard.type("An answer by keys");
    await page.keyboard.press("Enter");
    await messagesOf(gateway, id, (all) =>
      all.some((each) => each.message_body === "An answer by keys" && each.reply_to));
    await page.keyboard.press("Escape");
    await untilFocused(page, "the list", (it) => /Ada/.test(it.name));
    await close();
  });

  test("an event is found and opened", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/events" });
    const list = page.locator("[role=listbox]");
    await list.getByRole("option").first().waitFor();
    await tabTo(page, await list.getAttribute("aria-label"));
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /JSON/ }).first().waitFor();
    await close();
  });
});
