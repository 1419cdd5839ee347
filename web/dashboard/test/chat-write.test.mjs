// What somebody writes and speaks in a conversation: texts that outlive a reload and are the same
// in every tab, and voice notes.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, messagesOf, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { press, untilFocused } from "./support/keyboard.mjs";
import { signedIn } from "./support/signed-in.mjs";

const GRACE = "15550000012";
let browser, gateway, ada, grace;
before(async () => {
  [browser, gateway] = await Promise.all([
    launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]),
    startGateway({ withKey: true }),
  ]);
  await link(gateway, "shop", "15551234567");
  await writeFrom(gateway, ADA, "Good morning");
  await writeFrom(gateway, GRACE, "Good evening");
  [ada, grace] = await Promise.all([ADA, GRACE].map((each) => conversationWith(gateway, each)));
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page) => page.getByRole("textbox", { name: "Write a message" });
const at = ({ id }) => `#/chat?with=${id}`;
const visit = (hash, options = {}) =>
  open(browser, gateway, { hash, ...signedIn(gateway), ...options });
const untilWritten = (page, text) =>
  until(`the text "${text}"`, async () => (await field(page).inputValue()) === text);
/** What the browser keeps of somebody's texts. */
const kept = (page) => page.evaluate(() =>
  [sessionStorage, localStorage].flatMap((storage) => Object.entries(storage))
    .filter(([name]) => name.startsWith("wagate.mine.")).map(([, value]) => value).join());

describe("a text that was begun", () => {
  test("outlives a reload, each in its conversation", async () => {
    const { page, close } = await visit(at(ada));
    await field(page).fill("Half a thought");
    await page.evaluate((hash) => (location.hash = hash), at(grace));
    await untilWritten(page, "");
    await field(page).fill("Another one");
    await page.reload();
    await untilWritten(page, "Another one");
    await page.evaluate((hash) => (location.hash = hash), at(ada));
    await untilWritten(page, "Half a thought");
    await field(page).press("Enter");
    await page.locator(".own[data-state=there]", { hasText: "Half a thought" }).waitFor();
    await page.reload();
    await untilWritten(page, "");
    assert.ok(!(await kept(page)).includes("Half a thought"));
    await close();
  });

  test("is the same in every tab, and gone in all once it is sent", async () => {
    const { page, context, close } = await visit(at(ada));
    const other = await context.newPage();
    await other.goto(`${gateway.address}/${at(ada)}`);
    await field(other).waitFor();
    await field(page).fill("Shared");
    await untilWritten(other, "Shared");
    await field(other).press("End");
    await other.keyboard.type(" by two");
    await untilWritten(page, "Shared by two");
    await field(page).press("Enter");
    await untilWritten(other, "");
    await close();
  });

  test("is erased by the sign-out, in every tab", async () => {
    const { page, context, close } = await visit(at(ada));
    await field(page).fill("A secret");
    await until("it is kept", async () => (await kept(page)).includes("A secret"));
    const other = await context.newPage();
    await other.goto(`${gateway.address}/#/settings`);
    await button(other, "Sign out").first().click();
    await other.getByLabel("API key").waitFor();
    assert.equal(await kept(other), "");
    await page.getByLabel("API key").waitFor();
    await page.getByLabel("API key").fill(gateway.key);
    await page.keyboard.press("Enter");
    await untilWritten(page, "");
    await close();
  });

  test("takes no more room than that of fifty conversations", async () => {
    const { page, close } = await visit(at(ada));
    await field(page).waitFor();
    await page.evaluate(() => {
      for (let place = 0; place < 60; place += 1) {
        const note = JSON.stringify({ text: `old ${place}`, at: place });
        localStorage.setItem(`wagate.mine.note.key.${place}`, note);
      }
    });
    await field(page).fill("The newest");
    const names = () => page.evaluate(() =>
      Object.keys(localStorage).filter((name) => name.startsWith("wagate.mine.note.")));
    await until("fifty", async () => (await names()).length === 50);
    assert.ok(!(await names()).includes("wagate.mine.note.key.5"));
    assert.ok((await kept(page)).includes("The newest"));
    await close();
  });
});

describe("a voice note", () => {
  const options = { permissions: ["microphone"] };

  test("is recorded, sent by the keyboard alone, and played with its length", async () => {
    const { page, close } = await visit(at(grace), options);
    await field(page).fill("");
    await press(page, button(page, "Record a voice note"));
    const length = page.getByRole("timer");
    await assertText(length, /0:0[1-9]/);
    await assertAccessible(page, "a voice note is recorded");
    await untilFocused(page, "the button", ({ name }) => name === "Send the voice note");
    await page.keyboard.press("Enter");
    const [message] = (await messagesOf(gateway, grace.id, (all) =>
      all.some(({ media }) => media?.is_voice_note))).filter(({ media }) => media);
    assert.match(message.media.mime_type, /^audio\/ogg/);
    await page.locator(".own[data-state=there] .voice").waitFor();
    await press(page, page.locator(".own .voice").getByRole("button", { name: "Play" }));
    // The length is known once a player has read it, and it is that of the sound.
    await assertText(page.locator(".own .voice .times"), /\d:\d\d \/ 0:0[1-9]/);
    await untilFocused(page, "a button", ({ tag }) => tag === "BUTTON");
    await close();
  });

  test("is discarded by Escape, and nothing is sent", async () => {
    const { page, close } = await visit(at(ada), options);
    const { length: before } = await messagesOf(gateway, ada.id);
    await press(page, button(page, "Record a voice note"));
    await assertText(page.getByRole("timer"), /0:0[1-9]/);
    await page.keyboard.press("Escape");
    await page.getByRole("timer").waitFor({ state: "detached" });
    await untilFocused(page, "the text", ({ tag }) => tag === "TEXTAREA");
    await field(page).fill("Rather in words");
    await assertCount(button(page, "Record a voice note"), 0);
    await page.keyboard.press("Enter");
    const found = await messagesOf(gateway, ada.id, ({ length }) => before < length);
    assert.equal(found.length, before + 1);
    await close();
  });

  test("that the browser does not allow is said so", async () => {
    const { page, close } = await visit(at(ada));
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("refused", "NotAllowedError"));
    });
    await press(page, button(page, "Record a voice note"));
    await page.getByText("The browser does not allow the microphone").waitFor();
    await page.getByRole("timer").waitFor({ state: "detached" });
    await close();
  });
});
