// Dialogs and menus by the keyboard alone: the focus goes in, moves with the keys, and comes back.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { businessDialogs, makeBusiness } from "./support/business-dialogs.mjs";
import { ADA, conversationWith, messagesOf, writeFrom } from "./support/chats.mjs";
import { png } from "./support/files.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import {
  button, choose, focused, isBack, press, remember, untilFocused,
} from "./support/keyboard.mjs";
import { makePeople, peopleDialogs } from "./support/people-dialogs.mjs";
import { comeIn } from "./support/people.mjs";
import { startReceiver } from "./support/receiver.mjs";

let browser, gateway, receiver, people, chat, hook, knowledge;
before(async () => {
  [browser, gateway, receiver] = await Promise.all([launch(), startGateway(), startReceiver()]);
  await link(gateway, "shop", "15551234567");
  await gateway.ask("POST", "/api/v1/api-keys", { name: "reports", scopes: ["read"] });
  hook = await createHook("/orders");
  await writeFrom(gateway, ADA, "Good morning");
  await writeFrom(gateway, ADA, "A view", {
    bytes: png(60, 40), mime: "image/png", filename: "view.png",
  });
  people = await makePeople(gateway);
  knowledge = await makeBusiness(gateway, people.owner);
  chat = `#/chat?with=${(await conversationWith(gateway, ADA)).id}`;
});
after(() => Promise.all([browser?.close(), gateway?.stop(), receiver?.stop()]));

async function createHook(path) {
  const body = { url: receiver.address + path, events: ["message"] };
  const { data } = await gateway.ask("POST", "/api/v1/sessions/shop/webhooks", body);
  return `#/webhooks/${data.id}?session=shop`;
}

const conversationMenu = (page) => button(page, "Conversation actions");
const messageMenu = (page) => page.getByRole("button", { name: /^Actions for the message by/ });
const sessionMenu = (page) => button(page, "Actions for shop");

/**
 * Every dialog: the source that it is in, where it is, how it is opened, and what has the focus
 * then: a field by its name, or else the heading.
 */
const dialogs = [
  {
    of: "sessions/CreateDialog", at: "#/sessions", field: "Name",
    open: (page) => press(page, button(page, "New session")),
  },
  {
    of: "sessions/SessionActions", at: "#/sessions/shop", heading: "Log shop out?",
    open: (page) => choose(page, sessionMenu(page), "Log out"),
  },
  {
    of: "sessions/SessionActions", at: "#/sessions/shop",
    field: "Unlink the device on the phone too",
    open: (page) => choose(page, sessionMenu(page), "Remove"),
  },
  {
    of: "webhooks/CreateDialog", at: "#/webhooks", field: "Address",
    open: (page) => press(page, button(page, "New webhook")),
  },
  {
    of: "webhooks/TestDialog", at: () => hook, heading: /test/i,
    open: (page) => press(page, button(page, "Send a test")),
  },
  {
    of: "webhooks/RotateDialog", at: () => hook, field: /previous/i,
    open: (page) => choose(page, button(page, "Actions"), "Rotate secret"),
  },
  {
    of: "webhooks/SecretDialog", at: () => hook, heading: /secret/i,
    open: async (page) => {
      await choose(page, button(page, "Actions"), "Rotate secret");
      await untilFocused(page, "the choice", ({ tag }) => tag === "SELECT");
      await page.keyboard.press("Enter");
    },
  },
  {
    of: "webhooks/RemoveDialog", at: () => hook, heading: /\?$/,
    open: (page) => choose(page, button(page, "Actions"), "Delete"),
  },
  {
    of: "webhooks/RecoverDialog", at: () => hook, field: /since/i,
    open: (page) => press(page, page.locator(".head").getByRole("button")),
  },
  {
    of: "settings/KeyDialog", at: "#/settings", field: "Name",
    open: (page) => press(page, button(page, "New key")),
  },
  {
    of: "settings/Keys", at: "#/settings", heading: "Revoke reports?",
    open: (page) => press(page, button(page, "Revoke reports")),
  },
  {
    of: "events/TerminalDialog", at: "#/events", heading: /terminal/i,
    open: (page) => press(page, page.getByRole("button", { name: /terminal/i })),
  },
  {
    of: "events/Events", at: "#/events", heading: /\d/, width: 800,
    open: async (page) => {
      const list = page.getByRole("listbox");
      await list.getByRole("option").first().waitFor();
      await list.focus();
      await remember(page);
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
    },
  },
  {
    of: "chat/NewConversation", at: "#/chat", field: "Phone number",
    open: (page) => press(page, button(page, "New conversation")),
  },
  {
    of: "chat/TagsDialog", at: () => chat, field: "New tag",
    open: (page) => choose(page, conversationMenu(page), "Edit tags"),
  },
  {
    of: "chat/Chat", at: () => chat, heading: "Delete this conversation here?",
    open: (page) => choose(page, conversationMenu(page), "Delete here"),
  },
  {
    of: "chat/ThreadPane", at: () => chat, heading: "Delete this message?",
    open: (page) => choose(page, messageMenu(page), "Delete for me"),
  },
  {
    of: "chat/InfoDialog", at: () => chat, heading: "Contact details",
    open: (page) => choose(page, conversationMenu(page), "Contact details"),
  },
  {
    of: "chat/ForwardDialog", at: () => chat, field: "Search conversations",
    open: (page) => choose(page, messageMenu(page), "Forward"),
  },
  {
    of: "chat/LaterDialog", at: () => chat, field: "Date and time",
    open: async (page) => {
      await page.getByRole("textbox", { name: "Write a message" }).fill("For later");
      await press(page, button(page, "Send later"));
    },
  },
  {
    of: "chat/LaterDialog", at: () => chat.replace("chat", "inbox"), as: "owner",
    field: "Date and time",
    open: (page) => choose(page, button(page, "Work on this conversation"),
      "Snooze until another time"),
  },
  {
    of: "chat/Lightbox", at: () => chat, dialog: "A view",
    open: (page) => press(page, button(page, "Enlarge picture")),
  },
  ...peopleDialogs,
  ...businessDialogs(() => knowledge),
];

const matches = (wanted, name) =>
  wanted instanceof RegExp ? wanted.test(name) : name.startsWith(wanted);

describe("every dialog", { concurrency: 2 }, () => {
  test("is tried here", () => {
    const sources = readdirSync("src/pages", { recursive: true })
      .filter((name) => name.endsWith(".svelte"))
      .filter((name) => /<Dialog\b|<dialog\b/.test(readFileSync(`src/pages/${name}`, "utf8")))
      .map((name) => name.replace(".svelte", ""));
    assert.deepEqual(sources.sort(), [...new Set(dialogs.map((each) => each.of))].sort());
  });

  for (const { of, at, as, open: begin, field, heading, dialog, width = 1440 } of dialogs) {
    const first = field ?? heading ?? dialog;
    test(`${of} (${first}) begins with it, and gives the focus back`, async () => {
      const { page, close } = await open(browser, gateway, {
        hash: typeof at === "function" ? at() : at, viewport: { width, height: 900 },
      });
      if (as) await comeIn(page, people[as]);
      await begin(page);
      await page.getByRole("dialog").waitFor();
      const tags = field ? /INPUT|SELECT|TEXTAREA/ : heading ? /^H2$/ : /^DIALOG$/;
      // A dialog that another one leads to comes a moment later.
      await untilFocused(page, `the focus on ${first}`, ({ tag, name, isInDialog }) =>
        isInDialog && tags.test(tag) && matches(first, name));
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await until("the focus is back", () => isBack(page));
      await close();
    });
  }
});

describe("Enter submits a dialog", () => {
  test("with a text", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/settings" });
    await press(page, button(page, "New key"));
    await page.keyboard.type("by the keyboard");
    // The scopes are chosen with the keys of check boxes.
    await page.keyboard.press("Tab");
    const all = page.getByLabel("Everything");
    if (!(await all.isChecked())) await press(page, all, "Space");
    await page.keyboard.press("Enter");
    const shown = page.getByRole("dialog").locator("code").first();
    await assertText(shown, /^wag_/);
    const { tag } = await untilFocused(page, "the heading", (it) => it.tag === "H2");
    assert.equal(tag, "H2");
    // The key is shown this once: Enter does not close it.
    await page.keyboard.press("Enter");
    assert.ok(await shown.isVisible());
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await untilFocused(page, "the button that opened it", (it) => it.name === "New key");
    await close();
  });

  test("with a question alone, and once for a key that is held down", async () => {
    const { page, close } = await open(browser, gateway, { hash: await createHook("/gone") });
    await choose(page, button(page, "Actions"), "Delete");
    await untilFocused(page, "the question", (it) => it.tag === "H2");
    await page.evaluate(() => {
      const options = { key: "Enter", repeat: true, bubbles: true, cancelable: true };
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
    });
    await assertCount(page.getByRole("dialog"), 1);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await close();
  });

  test("with a text of several lines by Ctrl and Enter", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await press(page, button(page, "New conversation"));
    await page.keyboard.type("+1 555 000 0001");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Two");
    await page.keyboard.press("Enter");
    await page.keyboard.type("lines");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { level: 2, name: "Echo" }).waitFor();
    const { id } = await conversationWith(gateway, "15550000001");
    const [first] = await messagesOf(gateway, id, (all) => 0 < all.length);
    assert.equal(first.message_body, "Two\nlines");
    await close();
  });
});

describe("every menu", () => {
  const menus = [
    { name: "of a session", at: "#/sessions/shop", button: sessionMenu },
    { name: "of a webhook", at: () => hook, button: (page) => button(page, "Actions") },
    { name: "of a conversation", at: () => chat, button: conversationMenu },
    { name: "of a message", at: () => chat, button: messageMenu },
  ];

  for (const { name, at, button: find } of menus) {
    test(`${name} takes the focus, goes with the arrows and gives it back`, async () => {
      const { page, close } = await open(browser, gateway, {
        hash: typeof at === "function" ? at() : at,
      });
      const opener = find(page).first();
      const items = page.getByRole("menuitem");
      const has = (item) => item.evaluate((element) => element === document.activeElement);
      await press(page, opener);
      await until("the first has the focus", () => has(items.first()));
      for (const [key, item] of [
        ["ArrowDown", items.nth(1)], ["ArrowUp", items.first()], ["ArrowUp", items.last()],
        ["ArrowDown", items.first()], ["End", items.last()], ["Home", items.first()],
      ]) {
        await page.keyboard.press(key);
        await until(`the entry that ${key} leads to`, () => has(item));
      }
      await page.keyboard.press("Escape");
      await items.first().waitFor({ state: "detached" });
      await until("the focus is back", () => has(opener));
      await page.keyboard.press("Enter");
      await until("the first has the focus again", () => has(items.first()));
      await page.keyboard.press("Tab");
      await items.first().waitFor({ state: "detached" });
      const left = await focused(page);
      assert.notEqual(left.tag, "BODY");
      assert.ok(!(await has(opener)), "Tab goes on");
      await close();
    });
  }

  test("of a message closes by Escape after a right click, and when one edits", async () => {
    await gateway.ask("POST", "/api/v1/chat/send", {
      instance_id: "shop", recipient: ADA, message: "With a slip",
    });
    const { page, close } = await open(browser, gateway, { hash: chat });
    const own = page.locator(".own .bubble", { hasText: "With a slip" });
    const menu = page.getByRole("menu");
    await own.click({ button: "right" });
    await untilFocused(page, "the menu's first entry", (it) => it.name.startsWith("React with"));
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    await untilFocused(page, "its button", (it) => /^Actions for the message/.test(it.name));
    await page.keyboard.press("Enter");
    await menu.waitFor();
    await untilFocused(page, "an entry", (it) => it.name.startsWith("React with"));
    await page.keyboard.press("End");
    const count = await page.getByRole("menuitem").count();
    for (let step = 0; step < count && (await focused(page)).name !== "Edit"; step += 1) {
      await page.keyboard.press("ArrowUp");
    }
    await page.keyboard.press("Enter");
    await menu.waitFor({ state: "detached" });
    const { tag } = await untilFocused(page, "the field", (it) => it.tag === "TEXTAREA");
    assert.equal(tag, "TEXTAREA");
    await until("its words", async () =>
      await page.locator("textarea").inputValue() === "With a slip");
    await close();
  });

  test("and the choice of emoji, above a message and beside the text", async () => {
    const { page, close } = await open(browser, gateway, { hash: chat });
    await choose(page, messageMenu(page), "React");
    const picker = page.getByRole("group", { name: "Emoji" });
    await picker.waitFor();
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await page.keyboard.press("Escape");
    await picker.waitFor({ state: "detached" });
    await untilFocused(page, "its button", (it) => /^Actions for the message/.test(it.name));
    await press(page, button(page, "Emoji"));
    await picker.waitFor();
    await page.keyboard.press("Tab");
    await picker.waitFor({ state: "detached" });
    await untilFocused(page, "the text", (it) => it.tag === "TEXTAREA");
    await close();
  });
});

describe("the list of shortcuts", () => {
  const list = (page) => page.getByRole("dialog", { name: "Keyboard shortcuts" });

  test("comes with a question mark, but not while one types or answers a dialog", async () => {
    const { page, close } = await open(browser, gateway, { hash: chat });
    const field = page.getByRole("textbox", { name: "Write a message" });
    await field.waitFor();
    await untilFocused(page, "the text", (it) => it.tag === "TEXTAREA");
    await page.keyboard.type("Really?");
    assert.equal(await field.inputValue(), "Really?");
    const opener = conversationMenu(page);
    await opener.focus();
    await remember(page);
    await page.keyboard.press("?");
    await list(page).getByText("Edit your last message").waitFor();
    await assertAccessible(page, "the list of shortcuts");
    await page.keyboard.press("?");
    await assertCount(page.getByRole("dialog"), 1);
    await page.keyboard.press("Escape");
    await list(page).waitFor({ state: "detached" });
    await until("the focus is back", () => isBack(page));
    await close();
  });

  test("is found by a button where no conversation is chosen, and in the own menu", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/chat" });
    await press(page, button(page, "Keyboard shortcuts"));
    await list(page).waitFor();
    await page.keyboard.press("Escape");
    await list(page).waitFor({ state: "detached" });
    await until("the focus is back", () => isBack(page));
    await comeIn(page, people.owner);
    await choose(page, button(page, "Your status"), "Keyboard shortcuts");
    await list(page).waitFor();
    await page.keyboard.press("Escape");
    await until("the focus is back", () => isBack(page));
    await close();
  });
});
