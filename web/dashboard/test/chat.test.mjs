// The journeys of somebody who chats: what is sent, what comes, and what becomes of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertCount, launch, open } from "./support/browser.mjs";
import {
  conversationWith, ECHO_NUMBER, messagesOf, openAccount, SILENT, send, writeFrom,
} from "./support/chats.mjs";
import { png, wav } from "./support/files.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";

const GERTRUDE = "15550000201";
const FRIDA = "15550000203";

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const bubble = (page, text) => page.locator(".bubble", { hasText: text }).last();
const field = (page) => page.getByRole("textbox", { name: "Write a message" });
const tick = (page, text) => bubble(page, text).locator("[data-tick]").getAttribute("data-tick");

async function write(page, text) {
  await field(page).fill(text);
  await field(page).press("Enter");
}

async function openChat(number, options = {}) {
  const { id } = await conversationWith(gateway, number);
  const opened = await open(browser, gateway, { hash: `#/chat?with=${id}`, ...options });
  await field(opened.page).waitFor();
  return { ...opened, id };
}

async function act(page, text, name) {
  await bubble(page, text).click({ button: "right" });
  await page.getByRole("menuitem", { name, exact: true }).click();
}

describe("a conversation", () => {
  test("begins with a number, and its ticks go up until the answer comes", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await page.getByText("No conversations yet").waitFor();
    await page.getByRole("button", { name: "New conversation" }).first().click();
    await page.getByLabel("Phone number").fill("12");
    await page.getByLabel("Message", { exact: true }).fill("Hello there");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("The recipient must be").waitFor();
    await page.getByLabel("Phone number").fill("+1 555 000 0001");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("heading", { level: 2, name: "Echo" }).waitFor();
    await until("the echo", async () => await page.locator(".bubble").count() === 2);
    await page.locator(".own [data-tick=read]").waitFor();
    await close();
  });

  test("shows what is sent at once, once, and then truly", async () => {
    const { page, close } = await openChat(ECHO_NUMBER);
    await page.route("**/api/v1/chat/send", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await write(page, "Shown at once");
    await page.locator("[data-state=sending]", { hasText: "Shown at once" }).waitFor();
    assert.equal(await tick(page, "Shown at once"), "pending");
    await page.locator(".own [data-tick=read]").last().waitFor();
    await page.locator(".message:not(.own)", { hasText: "Shown at once" }).waitFor();
    await assertCount(page.locator(".own", { hasText: "Shown at once" }), 1);
    await assertCount(page.locator("[data-state=sending]"), 0);
    await close();
  });

  test("is answered, reacted to, changed and deleted", async () => {
    const { page, close, id } = await openChat(ECHO_NUMBER);
    await write(page, "The first words");
    await page.locator(".message:not(.own)", { hasText: "The first words" }).waitFor();

    await act(page, "The first words", "Reply");
    await page.getByText("Reply to Echo").waitFor();
    await write(page, "An answer");
    const quote = page.locator(".own .quote", { hasText: "The first words" });
    await quote.waitFor();
    await quote.click();
    await page.locator(".marked", { hasText: "The first words" }).waitFor();

    await act(page, "An answer", "React with 👍");
    await page.getByRole("button", { name: "👍, 1 reaction, one of them yours" }).waitFor();
    const reacted = await messagesOf(gateway, id, (all) =>
      all.some((each) => each.grouped_reactions[0]?.has_my_reaction));
    assert.ok(reacted);
    await page.getByRole("button", { name: "👍, 1 reaction, one of them yours" }).click();
    await page.getByRole("button", { name: /1 reaction/ }).waitFor({ state: "detached" });

    await write(page, "With a slip");
    const slip = page.locator(".own", { hasText: "slip" });
    await slip.locator("[data-tick=read]").waitFor();
    await slip.locator(".bubble").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Edit", exact: true }).click();
    await field(page).fill("Without a mistake");
    await field(page).press("Enter");
    await page.locator(".own", { hasText: "Without a mistake" }).getByText("edited").waitFor();
    await messagesOf(gateway, id, (all) => all.some((each) => each.is_edited));

    await page.locator(".own", { hasText: "Without a mistake" }).locator(".bubble")
      .click({ button: "right" });
    await page.getByRole("menuitem", { name: "Delete for everyone" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete for everyone" }).click();
    await page.locator(".own", { hasText: "This message was deleted" }).waitFor();
    await messagesOf(gateway, id, (all) => all.some((each) => each.is_deleted));
    await close();
  });

  test("hears of what others change", async () => {
    await openAccount(gateway, GERTRUDE, "Gertrude Stein");
    const written = await writeFrom(gateway, GERTRUDE, "A rose is a rose");
    const { page, close, id } = await openChat(GERTRUDE);
    await bubble(page, "A rose is a rose").waitFor();
    await until("it is read", async () =>
      (await conversationWith(gateway, GERTRUDE)).unread_count === 0);
    const path = `/_simulator/v1/accounts/${GERTRUDE}`;
    const sent = await send(gateway, GERTRUDE, "Is it?");
    await bubble(page, "Is it?").waitFor();
    const theirs = sent.message.whatsapp_id.replace("true_", "false_")
      .replace(GERTRUDE, "15551234567");
    await until("it can be reacted to", async () =>
      (await gateway.ask("POST", `${path}/reactions`, { message: theirs, emoji: "🌹" })).success);
    await page.getByRole("button", { name: "🌹, 1 reaction" }).waitFor();
    const message = written.id ?? written.key ?? written;
    await gateway.ask("POST", `${path}/edits`, { message, text: "A rose is a flower" });
    await bubble(page, "A rose is a flower").getByText("edited").waitFor();
    await gateway.ask("POST", `${path}/revocations`, { message });
    await page.locator(".message:not(.own)", { hasText: "This message was deleted" }).waitFor();
    assert.ok(id);
    await close();
  });
});

describe("an answer that is older than an event that came meanwhile", () => {
  const path = `/_simulator/v1/accounts/${FRIDA}`;
  /** Lets one answer leave the gateway, and come only after `meanwhile`. */
  const holdBack = (page, url, meanwhile) => page.route(url, async (route) => {
    const response = await route.fetch();
    await meanwhile();
    await route.fulfill({ response });
  }, { times: 1 });
  const readByFrida = async (page, id) => {
    const row = page.locator(`[data-id="${id}"]`);
    await row.locator("[data-tick=delivered]").waitFor();
    await gateway.ask("POST", `${path}/read`, { chat: "15551234567@c.us" });
    await row.locator("[data-tick=read]").waitFor();
  };

  before(() => openAccount(gateway, FRIDA, "Frida Lund"));

  test("a page of messages takes back neither ticks nor corrections", async () => {
    const { id: key } = await writeFrom(gateway, FRIDA, "A word with a slip");
    const { id } = await conversationWith(gateway, FRIDA);
    await send(gateway, FRIDA, "Did you see it?");
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await page.locator(`[data-id="${id}"]`).waitFor();
    await holdBack(page, "**/messages?*", async () => {
      await gateway.ask("POST", `${path}/edits`, { message: key, text: "A word without" });
      await messagesOf(gateway, id, (all) => all.some((each) => each.is_edited));
      await readByFrida(page, id);
    });
    await page.evaluate((to) => (location.hash = to), `#/chat?with=${id}`);
    await bubble(page, "Did you see it?").locator("[data-tick=read]").waitFor();
    await bubble(page, "A word without").getByText("edited").waitFor();
    await close();
  });

  test("nor does what the gateway answers to a message", async () => {
    const { page, close, id } = await openChat(FRIDA);
    await bubble(page, "Did you see it?").waitFor();
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route("**/messages?*", async (route) => {
      await released;
      await route.continue();
    });
    await holdBack(page, "**/api/v1/chat/send", () => readByFrida(page, id));
    await write(page, "And this?");
    await page.locator("[data-state=sending]").waitFor();
    await bubble(page, "And this?").locator("[data-tick=read]").waitFor();
    release();
    await close();
  });
});

describe("files", () => {
  test("a picture is let fall, sent with its caption and shown", async () => {
    const { page, close, id } = await openChat(ECHO_NUMBER);
    const bytes = [...png(60, 40)];
    const data = await page.evaluateHandle((all) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(all)], "hills.png", { type: "image/png" }));
      return transfer;
    }, bytes);
    await page.dispatchEvent(".pane:has(.composer)", "dragenter", { dataTransfer: data });
    await page.getByText("Drop files to send them").waitFor();
    await page.dispatchEvent(".pane:has(.composer)", "drop", { dataTransfer: data });
    await page.getByText("hills.png").waitFor();
    await page.getByRole("textbox", { name: "Add a caption" }).fill("Seen from here");
    await page.getByRole("textbox", { name: "Add a caption" }).press("Enter");
    await page.locator(".own", { hasText: "Seen from here" }).locator("img").waitFor();
    const messages = await messagesOf(gateway, id, (all) =>
      all.some((each) => each.message_body === "Seen from here"));
    const sent = messages.find((each) => each.message_body === "Seen from here");
    assert.deepEqual([sent.message_type, sent.media.filename], ["image", "hills.png"]);
    await page.locator(".own [data-tick=read]").last().waitFor();
    await page.locator(".own", { hasText: "Seen from here" })
      .getByRole("button", { name: "Enlarge picture" }).click();
    await page.getByRole("dialog").locator("img").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await close();
  });

  test("a picture is pasted beside what is written, and taken away again", async () => {
    const { page, close } = await openChat(ECHO_NUMBER);
    await field(page).fill("Look");
    await field(page).evaluate((element, all) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([new Uint8Array(all)], "clip.png", { type: "image/png" }));
      const options = { clipboardData, bubbles: true, cancelable: true };
      element.dispatchEvent(new ClipboardEvent("paste", options));
    }, [...png(8, 8)]);
    await page.getByRole("textbox", { name: "Add a caption" }).waitFor();
    await page.getByRole("button", { name: "Remove clip.png" }).click();
    await page.getByText("clip.png").waitFor({ state: "detached" });
    assert.equal(await field(page).inputValue(), "Look");
    assert.match(await page.locator(".bubble time").last().getAttribute("title"), /\b20\d\d\b/);
    await close();
  });

  test("sound is played, and a document saved under its name", async () => {
    await writeFrom(gateway, GERTRUDE, "", { bytes: wav(2), mime: "audio/wav", filename: "a.wav" });
    const bytes = Buffer.from("<script>alert(1)</script>");
    await writeFrom(gateway, GERTRUDE, "", { bytes, mime: "text/html", filename: "page.html" });
    const { page, close } = await openChat(GERTRUDE);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await page.getByText(/0:0\d \/ 0:02/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download page.html" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "page.html");
    await close();
  });
});

describe("a broken line", () => {
  test("what is written meanwhile is sent when it stands again, once and in order", async () => {
    await send(gateway, SILENT, "To begin with");
    const { page, context, close, id } = await openChat(SILENT);
    await context.route("**/api/**", (route) => route.abort());
    for (const text of ["While away 1", "While away 2", "While away 3"]) await write(page, text);
    await page.locator("[data-state=waiting]").nth(2).waitFor();
    assert.equal(await tick(page, "While away 2"), "waiting");
    await context.unroute("**/api/**");
    await page.locator(".own[data-state=there]", { hasText: "While away 3" }).waitFor();
    const messages = await messagesOf(gateway, id);
    const away = messages.map((each) => each.message_body).filter((text) => /away/.test(text));
    assert.deepEqual(away, ["While away 1", "While away 2", "While away 3"]);
    await close();
  });

  test("an answer that is lost does not send the message twice", async () => {
    const { page, context, close, id } = await openChat(SILENT);
    let isLost = false;
    await context.route("**/api/v1/chat/send", async (route) => {
      if (isLost) return route.continue();
      isLost = true;
      await route.fetch();
      return route.abort();
    });
    await write(page, "Only once");
    await page.locator(".own[data-state=there]", { hasText: "Only once" }).waitFor();
    await until("all is settled", async () =>
      await page.locator("[data-state=waiting], [data-state=sending]").count() === 0);
    const messages = await messagesOf(gateway, id);
    assert.equal(messages.filter((each) => each.message_body === "Only once").length, 1);
    await assertCount(page.locator(".own", { hasText: "Only once" }), 1);
    await close();
  });

  test("what came in meanwhile is there afterwards", async () => {
    const { page, context, close } = await openChat(GERTRUDE);
    await context.setOffline(true);
    await writeFrom(gateway, GERTRUDE, "Said while you were away");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await context.setOffline(false);
    await bubble(page, "Said while you were away").waitFor();
    await close();
  });

  test("a reload in the middle loses neither the place nor what waits", async () => {
    const { page, context, close, id } = await openChat(SILENT);
    await context.route("**/api/v1/chat/send", (route) => route.abort());
    await write(page, "Through a reload");
    await page.locator("[data-state=waiting]").waitFor();
    await page.reload();
    await page.locator(".own", { hasText: "Through a reload" }).waitFor();
    await context.unroute("**/api/v1/chat/send");
    await page.locator(".own[data-state=there]", { hasText: "Through a reload" }).waitFor();
    const messages = await messagesOf(gateway, id);
    assert.equal(messages.filter((each) => /reload/.test(each.message_body)).length, 1);
    await close();
  });
});

describe("the list", () => {
  test("is gone through with the keyboard", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    const rows = page.locator(".row");
    await rows.nth(2).waitFor();
    await rows.first().focus();
    await page.keyboard.press("ArrowDown");
    await until("the second has the focus", () =>
      rows.nth(1).evaluate((row) => row === document.activeElement));
    const name = await rows.nth(1).locator(".name").innerText();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name }).waitFor();
    await until("one can write", () =>
      field(page).evaluate((element) => element === document.activeElement));
    await page.keyboard.press("Escape");
    await until("the list has the focus", () => page.evaluate(() =>
      document.activeElement?.getAttribute("aria-current") === "true"));
    await close();
  });

  test("is filtered, tagged, and puts away what is done", async () => {
    const { page, close } = await openChat(GERTRUDE);
    const menu = page.getByRole("button", { name: "Conversation actions" });
    await menu.click();
    await page.getByRole("menuitem", { name: "Edit tags" }).click();
    await page.getByLabel("New tag").fill("Poets");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("checkbox", { name: "Poets" }).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("list", { name: "Tags" }).getByText("Poets").waitFor();
    await page.getByRole("combobox", { name: "Tag" }).selectOption({ label: "Poets" });
    await until("one is left", async () => await page.locator(".row").count() === 1);
    await page.getByRole("combobox", { name: "Tag" }).selectOption({ label: "All tags" });
    await menu.click();
    await page.getByRole("menuitem", { name: "Archive", exact: true }).click();
    await page.getByRole("link", { name: /Gertrude/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Archived", exact: true }).click();
    await page.getByRole("link", { name: /Gertrude/ }).waitFor();
    await menu.click();
    await page.getByRole("menuitem", { name: "Unarchive" }).click();
    await page.getByText("No conversation matches this filter").waitFor();
    await close();
  });

  test("on a narrow screen it and the conversation take turns", async () => {
    const { page, close } = await open(browser, gateway, {
      hash: "#/chat", viewport: { width: 360, height: 640 },
    });
    await page.getByRole("link", { name: /Gertrude/ }).click();
    await page.getByRole("heading", { level: 2, name: "Gertrude Stein" }).waitFor();
    assert.equal(await page.getByRole("heading", { level: 1, name: "Chat" }).isVisible(), false);
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("heading", { level: 1, name: "Chat" }).waitFor();
    await close();
  });
});
