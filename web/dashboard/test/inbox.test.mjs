// The inbox: conversations of all channels, who works on them, notes, views, bots, texts that are
// sent often. By the keyboard, with people of different roles, against a real gateway.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { ADA, PHONE, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press, untilFocused } from "./support/keyboard.mjs";
import { askAs, HOSTILE_NAME, makePerson, OWNER, signInAs } from "./support/people.mjs";

const BEN = "15550000012";
const SMS = "+919876543210";
const AGENT = "grace@example.com";
const VIEWER = "vera@example.com";

let browser, gateway, token, bot, agent;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  token = await makePerson(gateway, OWNER);
  agent = await makePerson(gateway, { email: AGENT, name: "Grace Hopper", role: "AGENT" }, token);
  await makePerson(gateway, { email: VIEWER, name: "Vera", role: "VIEWER" }, token);
  await link(gateway, "shop", PHONE);
  await writeFrom(gateway, ADA, "Where is my order?");
  await chatWith(ADA);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const ask = (method, path, body) => askAs(gateway, token, method, path, body);
const button = (page, name) => page.getByRole("button", { name, exact: true });
const rows = (page) => page.locator(".list a[data-id]");
const workMenu = (page) => page.getByRole("group", { name: "Work on this conversation" })
  .getByRole("button", { name: "Work on this conversation" });
const panel = (page) => page.getByRole("complementary");

/** The conversation with a number, once the inbox has it. */
function chatWith(number) {
  return until(`a conversation with ${number}`, async () => {
    const { chats } = await ask("GET", "/api/whatsapp-api/chats?limit=100");
    return chats.find(({ contact }) => contact?.phone?.endsWith(number.replace("+", "")));
  });
}

const openInbox = (email, hash = "#/inbox", options = {}) =>
  signInAs(browser, gateway, email, { hash, ...options });

test("a conversation is found, taken, answered and resolved without a mouse", async () => {
  const { page, close } = await openInbox(AGENT);
  await rows(page).filter({ hasText: "Ada" }).waitFor();
  await assertAccessible(page, "the inbox");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Ada");
  await assertCount(rows(page), 1);
  await page.keyboard.press("ArrowDown");
  await untilFocused(page, "the row", ({ tag }) => tag === "A");
  await page.keyboard.press("Enter");
  await page.locator(".bubble", { hasText: "Where is my order?" }).waitFor();
  await untilFocused(page, "the field", ({ tag }) => tag === "TEXTAREA");
  await press(page, button(page, "Take"));
  await page.getByText("You took it").waitFor();
  const id = (await chatWith(ADA)).id;
  const { chat } = await ask("GET", `/api/whatsapp-api/chats/${id}`);
  assert.equal(chat.assignedTo.id, agent.id);
  assert.equal(chat.status, "ASSIGNED");
  await page.getByRole("textbox", { name: "Write a message" }).focus();
  await page.keyboard.type("It comes tomorrow.");
  await page.keyboard.press("Enter");
  await page.locator(".own[data-state=there]", { hasText: "It comes tomorrow." }).waitFor();
  await assertAccessible(page, "a conversation of the inbox");
  await press(page, button(page, "Resolve"));
  await button(page, "Reopen").waitFor();
  await press(page, button(page, "Reopen"));
  await button(page, "Resolve").waitFor();
  await close();
});

test("what somebody writes, and what a colleague does, appears by itself", async () => {
  const { id } = await chatWith(ADA);
  const { page, close } = await openInbox(AGENT, `#/inbox?with=${id}`);
  await page.locator(".bubble", { hasText: "Where is my order?" }).waitFor();
  await writeFrom(gateway, BEN, "Do you ship to Malta?");
  await rows(page).filter({ hasText: "Do you ship to Malta?" }).waitFor();
  await ask("POST", `/api/whatsapp-api/chats/${id}/assign`, { userId: "me" });
  await rows(page).filter({ hasText: OWNER.name }).waitFor();
  const select = page.getByRole("group", { name: "Work on this conversation" }).locator("select");
  await until("the assignee", async () =>
    (await select.locator("option:checked").innerText()) === OWNER.name);
  await close();
});

test("an idle inbox asks little of the gateway", async () => {
  const { id } = await chatWith(ADA);
  const { page, close } = await openInbox(AGENT, `#/inbox?with=${id}`);
  await page.locator(".bubble", { hasText: "Where is my order?" }).waitFor();
  await page.getByRole("tab", { name: "Notes" }).click();
  await page.getByText("No notes yet").waitFor();
  let asked = 0;
  page.on("request", () => (asked += 1));
  await new Promise((over) => setTimeout(over, 10_000));
  console.log(`the inbox with an open conversation: ${asked} requests in 10 s`);
  assert.ok(asked < 10, `${asked} requests`);
  await close();
});

test("views and filters narrow the list, and are kept under a name", async () => {
  const { page, close } = await openInbox(OWNER.email);
  await rows(page).first().waitFor();
  await press(page, button(page, "Filters"));
  const filters = page.getByRole("group", { name: "Filters" });
  await filters.getByLabel("Assignee").selectOption("unassigned");
  await assertCount(rows(page).filter({ hasText: "Ada" }), 0);
  await rows(page).filter({ hasText: "Do you ship to Malta?" }).waitFor();
  await assertAccessible(page, "the filters");
  await choose(page, button(page, "View"), "Save view");
  await page.getByRole("dialog").waitFor();
  await assertAccessible(page, "a view");
  await page.keyboard.type(HOSTILE_NAME);
  await page.keyboard.press("Enter");
  await page.getByText("View saved").waitFor();
  const views = page.getByRole("combobox", { name: "View" });
  await until("the view", async () =>
    (await views.locator("option:checked").innerText()) === HOSTILE_NAME);
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await views.selectOption({ label: "Mine" });
  await rows(page).filter({ hasText: "Ada" }).waitFor();
  await views.selectOption({ label: HOSTILE_NAME });
  await assertCount(rows(page).filter({ hasText: "Ada" }), 0);
  await choose(page, button(page, "View"), "Delete view");
  await assertCount(views.locator("option", { hasText: HOSTILE_NAME }), 0);
  await close();
});

test("a conversation is snoozed, found among those that are, and marked as unread", async () => {
  const { id } = await chatWith(BEN);
  const { page, close } = await openInbox(AGENT, `#/inbox?with=${id}`);
  const row = rows(page).filter({ hasText: "Do you ship to Malta?" });
  await row.waitFor();
  await choose(page, workMenu(page), "Snooze until tomorrow");
  await page.getByText(/^Snoozed until/).waitFor();
  await assertCount(row, 0);
  await press(page, button(page, "Filters"));
  await press(page, button(page, "Snoozed"));
  await row.waitFor();
  await assertAccessible(page, "a snoozed conversation");
  await choose(page, workMenu(page), "End the snooze");
  await assertCount(row, 0);
  await press(page, button(page, "Snoozed"));
  await row.waitFor();
  await choose(page, workMenu(page), "Mark as unread");
  await page.locator(".list a.unread", { hasText: "Malta" }).waitFor();
  await page.getByText("Choose a conversation").waitFor();
  await untilFocused(page, "the row", ({ tag }) => tag === "A");
  assert.equal((await chatWith(BEN)).unread, true);
  await row.click();
  await until("that it is read", async () => !(await chatWith(BEN)).unread);
  await close();
});

test("notes mention colleagues, tags are set, and the timeline says what happened", async () => {
  const { id } = await chatWith(ADA);
  const { page, close } = await openInbox(OWNER.email, `#/inbox?with=${id}`);
  await panel(page).waitFor();
  await panel(page).getByLabel("Add a tag").fill(HOSTILE_NAME.slice(0, 40));
  await page.keyboard.press("Enter");
  await panel(page).getByRole("listitem").filter({ hasText: "Mallory" }).waitFor();
  await press(page, panel(page).getByRole("button", { name: /^Remove the tag/ }));
  await panel(page).getByText("No tags").waitFor();
  await press(page, page.getByRole("tab", { name: "Details" }), "ArrowRight");
  await page.getByRole("textbox", { name: "Write a note" }).focus();
  await page.keyboard.type("@gra");
  await page.getByRole("listbox").getByRole("option", { name: "Grace Hopper" }).waitFor();
  await assertAccessible(page, "offers in a note");
  await page.keyboard.press("Enter");
  await page.keyboard.type(`please look ${HOSTILE_NAME}`);
  await page.keyboard.press("Control+Enter");
  await panel(page).locator(".mention", { hasText: "@Grace Hopper" }).waitFor();
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await assertAccessible(page, "notes");
  const there = await ask("GET", `/api/v1/inbox/notes/${id}`);
  assert.equal(there.notes[0].mentions[0].id, agent.id);
  await press(page, page.getByRole("tab", { name: "Notes" }), "ArrowRight");
  await panel(page).getByText("Note added").waitFor();
  await panel(page).getByText("Conversation opened").first().waitFor();
  await assertAccessible(page, "the timeline");
  await close();
});

test("a slash offers texts that are sent often, with the contact's name in them", async () => {
  const draft = { shortcut: "/greeting", content: "Hi {{contact.firstName}}, this is us." };
  await ask("POST", "/api/whatsapp-api/quick-replies", draft);
  const { id } = await chatWith(ADA);
  const { page, close } = await openInbox(AGENT, `#/inbox?with=${id}`);
  const field = page.getByRole("textbox", { name: "Write a message" });
  await field.focus();
  await page.keyboard.type("/gre");
  await page.getByRole("option", { name: /greeting/ }).waitFor();
  await assertAccessible(page, "offers");
  await page.keyboard.press("Enter");
  await until("the text", async () => (await field.inputValue()) === "Hi Ada, this is us.");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("/gre");
  await page.getByRole("option", { name: /greeting/ }).waitFor();
  await page.keyboard.press("Escape");
  await assertCount(page.getByRole("option", { name: /greeting/ }), 0);
  assert.equal(await field.inputValue(), "/gre");
  await close();
});

test("texts by SMS are read and answered in the same list", async () => {
  const contact = await ask("POST", "/api/whatsapp-api/contacts", {
    phone: SMS, name: HOSTILE_NAME, optedIn: true,
  });
  await ask("POST", `/api/whatsapp-api/contacts/${contact.id}/opt-in`, {
    optedIn: true, channel: "sms",
  });
  await gateway.ask("POST", "/_simulator/v1/sms", { from: SMS, text: "Hello by SMS" });
  const { page, close } = await openInbox(AGENT);
  const row = rows(page).filter({ hasText: "Hello by SMS" });
  await row.waitFor();
  await press(page, row);
  await page.getByRole("log").getByText("Hello by SMS").waitFor();
  await assertAccessible(page, "a conversation by SMS");
  await page.getByRole("textbox", { name: "Write a message" }).focus();
  await page.keyboard.type("Hello back");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("Hello back").waitFor();
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await close();
});

describe("the chat of a website", () => {
  before(async () => {
    bot = await ask("POST", "/api/v1/bots", { name: "Helper", domain: "support" });
    await ask("POST", "/api/v1/chat", { bot_id: bot.id, message: "I want a human" });
  });

  test("is taken over from its bot, answered, and handed back", async () => {
    const { page, close } = await openInbox(OWNER.email);
    await press(page, button(page, "Filters"));
    await page.getByLabel("Source").selectOption({ label: "Bot: Helper" });
    const row = rows(page).filter({ hasText: "Website" });
    await row.waitFor();
    await press(page, row);
    await page.getByText("The bot asks for a person.").waitFor();
    await page.getByRole("log").getByText("I want a human").waitFor();
    await press(page, button(page, "Take"));
    await page.getByText("You took it").waitFor();
    await page.getByRole("textbox", { name: "Write a message" }).focus();
    await page.keyboard.type("Here I am");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("Here I am").waitFor();
    await choose(page, workMenu(page), "Star");
    await press(page, button(page, "Starred"));
    await row.waitFor();
    await choose(page, workMenu(page), "Mark as unread");
    await page.locator(".list a.unread", { hasText: "Website" }).waitFor();
    await press(page, row);
    await page.getByRole("log").getByText("Here I am").waitFor();
    await assertCount(page.locator(".list a.unread", { hasText: "Website" }), 0);
    await choose(page, workMenu(page), "Hand back to the bot");
    await page.getByText("A bot answers here.").waitFor();
    await button(page, "Take over").waitFor();
    await assertAccessible(page, "a chat with a bot");
    await close();
  });
});

test("a viewer reads, and has nothing to change anything with", async () => {
  const { id } = await chatWith(ADA);
  const { page, close } = await openInbox(VIEWER, `#/inbox?with=${id}`);
  await page.locator(".bubble", { hasText: "Where is my order?" }).waitFor();
  await page.getByText("Your role reads only").waitFor();
  for (const name of ["Take", "Resolve", "Reopen", "Add", "Save note"]) {
    await assertCount(button(page, name), 0);
  }
  await assertCount(page.getByRole("textbox", { name: "Write a message" }), 0);
  await close();
});

test("on a phone one sees the list, the conversation, or what is known", async () => {
  const { id } = await chatWith(ADA);
  const viewport = { width: 390, height: 844 };
  const options = { viewport, isMobile: true };
  const { page, close } = await openInbox(AGENT, `#/inbox?with=${id}`, options);
  await page.locator(".bubble", { hasText: "Where is my order?" }).waitFor();
  await assertCount(panel(page), 0);
  await assertAccessible(page, "a conversation on a phone");
  await button(page, "Details").click();
  await panel(page).waitFor();
  await assertAccessible(page, "the panel on a phone");
  assert.equal((await panel(page).boundingBox()).height, viewport.height, "the panel fills it");
  await button(page, "Hide details").click();
  await page.getByRole("link", { name: "Back" }).click();
  await rows(page).first().waitFor();
  const overhang = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overhang <= 0, `${overhang} px hang over`);
  await close();
});

test("on the gateway's own machine it asks who one is", async (context) => {
  const own = await startGateway();
  context.after(() => own.stop());
  const { page, close } = await open(browser, own, { hash: "#/inbox" });
  await page.getByText("Sign in to work here").waitFor();
  await assertCount(page.getByRole("alert"), 0);
  await close();
});
