import assert from "node:assert/strict";
import { test } from "node:test";
import { watchChanges } from "../src/changes";
import { ADA, Page, model, pass, stopTime, wid } from "./fake";

function watching(): Page {
  stopTime();
  const page = new Page();
  watchChanges();
  return page;
}

test("several changes of a chat are told at once, a moment later", async () => {
  const page = watching();
  const { ChatStore } = page.wpp.whatsapp;
  const key = wid(`false_${ADA}_A`);
  page.messages.set(`false_${ADA}_A`, model(`false_${ADA}_A`, { body: "last words" }));
  const chat = { id: wid(ADA), formattedTitle: "Ada", archive: false, lastReceivedKey: key };
  ChatStore.trigger("change:archive", chat, false);
  ChatStore.trigger("change:pin", Object.assign(chat, { archive: true, pin: 1 }), 1);
  assert.equal(page.events.length, 0);
  await pass(300);
  const [event, ...rest] = page.events;
  assert.ok(event?.type === "chat_updated" && rest.length === 0);
  assert.deepEqual([event.chat.archived, event.chat.pinned], [true, true]);
  assert.equal(event.chat.lastMessage?.preview, "last words");
  ChatStore.trigger("add", chat);
  await pass(300);
  assert.equal(page.events.length, 2);
});

test("a chat that was read elsewhere is told, one more message is not", async () => {
  const page = watching();
  const { ChatStore } = page.wpp.whatsapp;
  ChatStore.trigger("change:unreadCount", { id: wid(ADA), unreadCount: 2 }, 2, 1);
  ChatStore.trigger("change:unreadCount", { id: wid(ADA), unreadCount: 1 }, 1, undefined);
  await pass(300);
  assert.equal(page.events.length, 0);
  ChatStore.trigger("change:unreadCount", { id: wid(ADA), unreadCount: 0 }, 0, 2);
  await pass(300);
  assert.equal(page.events[0]?.type, "chat_updated");
});

test("a contact that is renamed is told, and what is none is not", async () => {
  const page = watching();
  const { ChatStore, ContactStore } = page.wpp.whatsapp;
  ContactStore.trigger("change:name", { id: wid(ADA), name: "Ada" }, "Ada");
  for (const id of ["0@c.us", "13135550002@bot", "120363000000000001@g.us"])
    ContactStore.trigger("change:pushname", { id: wid(id), pushname: "x" }, "x");
  ChatStore.trigger("change:name", { id: wid("0@c.us"), name: "WhatsApp" }, "WhatsApp");
  await pass(300);
  const [event, ...rest] = page.events;
  assert.ok(event?.type === "contact_updated" && rest.length === 0);
  assert.deepEqual([event.contact.id, event.contact.name], [ADA, "Ada"]);
});
