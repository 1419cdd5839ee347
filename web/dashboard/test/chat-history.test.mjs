// A conversation with more messages than are held at once: where it opens, and how it is read.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertCount, atItsEnd, jumps, launch, open } from "./support/browser.mjs";
import { conversationWith, messagesOf, openAccount, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";

const LONG_CHAT = "15550000202";

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const bubble = (page, text) => page.locator(".bubble", { hasText: text }).last();
const field = (page) => page.getByRole("textbox", { name: "Write a message" });

async function openChat(number, options = {}) {
  const { id } = await conversationWith(gateway, number);
  const opened = await open(browser, gateway, { hash: `#/chat?with=${id}`, ...options });
  await field(opened.page).waitFor();
  return { ...opened, id };
}

describe("a long history", () => {
  const COUNT = 330;
  before(async () => {
    await openAccount(gateway, LONG_CHAT, "Marcel Proust");
    for (let number = 1; number <= COUNT; number += 1) {
      const text = `Line ${number}${" of a very long book".repeat(number % 9)}`;
      await writeFrom(gateway, LONG_CHAT, text);
    }
    const { id } = await conversationWith(gateway, LONG_CHAT);
    await messagesOf(gateway, id, (all) => all.at(-1)?.message_body.startsWith(`Line ${COUNT}`));
    await gateway.ask("POST", `/api/v1/chat/conversations/${id}/mark-read`);
  });

  const scroller = (page) => page.getByRole("region", { name: "Messages with Marcel Proust" });
  /** The text of each bubble in sight, with its place. */
  const inSight = (page) => scroller(page).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return [...element.querySelectorAll(".text")]
      .map((each) => [each.textContent.trim(), each.getBoundingClientRect().top])
      .filter(([, place]) => top < place && place < bottom);
  });

  test("is read upwards without a jump, to its beginning", async () => {
    const { page, close } = await openChat(LONG_CHAT);
    await bubble(page, `Line ${COUNT}`).waitFor();
    await atItsEnd(scroller(page));
    // Each answer is late, so that what it brings comes while one looks.
    await page.route("**/messages?*before_id=*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 800));
      await route.continue();
    });
    const jumps = await scroller(page).evaluate(async (element) => {
      const see = () => {
        const { top, bottom } = element.getBoundingClientRect();
        const all = [...element.querySelectorAll(".text")]
          .map((each) => [each.textContent, each.getBoundingClientRect().top]);
        return new Map(all.filter(([, place]) => top < place && place < bottom));
      };
      const frames = async (count) => {
        for (let left = count; left > 0; left -= 1) await new Promise(requestAnimationFrame);
      };
      const isAtBeginning = () => element.textContent.includes("where the conversation begins");
      const found = [];
      for (let page = 0; page < 20 && !isAtBeginning(); page += 1) {
        element.scrollTop = Math.min(500, element.scrollTop);
        await frames(8);
        const [before, height] = [see(), element.scrollHeight];
        for (let wait = 0; element.scrollHeight < height + 500 && wait < 300; wait += 1) {
          await frames(1);
        }
        await frames(6);
        const now = see();
        const kept = [...before].filter(([text]) => now.has(text));
        const shifts = kept.map(([text, place]) => Math.abs(now.get(text) - place));
        found.push(2 * kept.length < before.size ? Infinity : Math.max(...shifts));
        element.scrollTop = 500;
        await frames(4);
      }
      element.scrollTop = 0;
      return found;
    });
    console.log(`what was in sight moved by ${jumps.map((each) => each.toFixed(1)).join(", ")} px`);
    assert.ok(3 < jumps.length && jumps.every((jump) => jump <= 1.5), String(jumps));
    await bubble(page, "Line 1").waitFor();
    await page.getByRole("button", { name: "Go to newest message" }).click();
    await bubble(page, `Line ${COUNT}`).waitFor();
    await close();
  });

  test("opens at its newest message, however late its rows are measured", async () => {
    const { page, context, close } = await openChat(LONG_CHAT);
    await bubble(page, `Line ${COUNT}`).waitFor();
    for (const late of [0, 40, 300]) {
      await context.addInitScript((delay) => {
        const { ResizeObserver } = window;
        window.ResizeObserver = class extends ResizeObserver {
          constructor(callback) {
            super((entries, self) => setTimeout(() => callback(entries, self), delay));
          }
        };
      }, late);
      await page.reload();
      await bubble(page, `Line ${COUNT}`).waitFor();
      await atItsEnd(scroller(page));
      await assertCount(page.getByRole("button", { name: "Go to newest message" }), 0);
    }
    await close();
  });

  test("tells how many came meanwhile, and leaves one where one is", async () => {
    const { page, close } = await openChat(LONG_CHAT);
    await bubble(page, `Line ${COUNT}`).waitFor();
    await atItsEnd(scroller(page));
    await scroller(page).evaluate((element) => (element.scrollTop -= 2_000));
    await page.getByRole("button", { name: "Go to newest message" }).waitFor();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = await inSight(page);
    await writeFrom(gateway, LONG_CHAT, "One more");
    await writeFrom(gateway, LONG_CHAT, "And another");
    const button = page.getByRole("button", { name: "2 new messages" });
    await button.waitFor();
    assert.deepEqual(await inSight(page), before);
    assert.ok(0 < (await conversationWith(gateway, LONG_CHAT)).unread_count);
    await button.click();
    await bubble(page, "And another").waitFor();
    await until("they are read", async () =>
      (await conversationWith(gateway, LONG_CHAT)).unread_count === 0);
    await close();
  });

  test("is searched, and opened where the words are", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await page.getByRole("link", { name: /Marcel Proust/ }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("Line 17");
    const found = page.getByRole("button", { name: /Line 17 of/ }).first();
    await found.click();
    await page.locator(".marked", { hasText: "Line 17 of" }).waitFor();
    await page.getByRole("button", { name: "Go to newest message" }).waitFor();
    // Rows around it are measured and drawn again: it is in sight once that is done.
    await until("it is in sight", async () =>
      (await inSight(page)).some(([text]) => text.startsWith("Line 17 of")));
    await close();
  });

  test("what is found takes the list's place without a jump, however late it comes", async () => {
    const viewport = { width: 390, height: 800 };
    const { page, close } = await open(browser, gateway, { hash: "#/chat", viewport });
    await page.getByRole("link", { name: /Marcel Proust/ }).waitFor();
    // Beyond the half second after a key in which what moves is not counted.
    const late = new Promise((resolve) => setTimeout(resolve, 1_500));
    await page.route("**/chat/conversations?*search=*", async (route) => {
      await late;
      await route.continue();
    });
    await page.getByRole("searchbox").fill("Line 17");
    await page.getByRole("button", { name: /Line 17 of/ }).first().waitFor();
    const { value, nodes } = await jumps(page);
    assert.ok(value <= 0.1, `${value.toFixed(3)} jumped: ${nodes.join("; ")}`);
    await close();
  });

  test("a search that fails says so in place of what was there before", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    const before = page.getByRole("link", { name: /Marcel Proust/ });
    await before.waitFor();
    await page.route("**/chat/conversations?*search=*", (route) => route.abort());
    await page.getByRole("searchbox").fill("Line 17");
    const retry = page.locator(".pane").getByRole("button", { name: "Try again" });
    await retry.waitFor();
    await assertCount(before, 0);
    await page.unroute("**/chat/conversations?*search=*");
    await retry.click();
    await page.getByRole("button", { name: /Line 17 of/ }).first().waitFor();
    await close();
  });

  test("holds no more than it must, however far one goes", async () => {
    const { page, close } = await openChat(LONG_CHAT);
    await bubble(page, "And another").waitFor();
    const rows = await page.locator("[data-message]").count();
    assert.ok(rows < 80, `${rows} rows`);
    await close();
  });
});
