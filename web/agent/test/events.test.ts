import assert from "node:assert/strict";
import { test } from "node:test";
import { silently } from "../src/echoes";
import { listen, toMessage } from "../src/events";
import type { EventBody } from "../src/wire";
import { ADA, GROUP, ME, MY_LID, Page, model, settle, stopTime, wid } from "./fake";

const GRACE = "15550000012@c.us";
const GRACE_LID = "100015550000012@lid";

function listening(): Page {
  stopTime();
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  listen();
  return page;
}

function only(page: Page): EventBody {
  assert.equal(page.events.length, 1, JSON.stringify(page.events));
  return page.events[0] as EventBody;
}

test("a message in and one from the owner's own phone are told apart", () => {
  const page = listening();
  page.emit("chat.new_message", model(`false_${ADA}_A`, { body: "hello" }));
  page.emit("chat.new_message", model(`true_${ADA}_B`, { body: "back" }));
  const told = page.events.map((event) =>
    event.type === "message" || event.type === "message_sent"
      ? [event.type, event.message.author, event.message.body]
      : [],
  );
  assert.deepEqual(told, [
    ["message", ADA, "hello"],
    ["message_sent", ME, "back"],
  ]);
});

test("a message that is not decrypted yet is told when it is, whole", () => {
  const page = listening();
  const message = { ...model(`false_${ADA}_A`), type: "ciphertext" };
  page.emit("chat.new_message", message);
  assert.equal(page.events.length, 0);
  page.emit("chat.new_message", { ...message, type: "chat", body: "at last" });
  const event = only(page);
  assert.ok(event.type === "message" && event.message.body === "at last");
});

test("who is known by a hidden identity is told by number, and once with both", () => {
  const page = listening();
  const [lid, phone] = ["100015550000014@lid", "15550000014@c.us"];
  page.lids.set(phone, lid);
  const from = { from: wid(lid), notifyName: "Grace" };
  page.emit("chat.new_message", model(`false_${lid}_A`, from));
  page.emit("chat.new_message", model(`false_${lid}_B`, from));
  const [pair, contact, first, second, ...rest] = page.events;
  assert.deepEqual(pair, { type: "identity_learned", lid, phone });
  assert.ok(contact?.type === "contact_updated");
  assert.deepEqual([contact.contact.id, contact.contact.lid], [phone, lid]);
  assert.equal(contact.contact.pushName, "Grace");
  assert.ok(first?.type === "message" && second?.type === "message" && rest.length === 0);
  assert.equal(first.message.author, phone);
  assert.equal(first.message.id, `false_${lid}_A`, "its name is the page's");
});

test("a hidden identity that nobody can look behind stays, until somebody can", () => {
  const page = listening();
  const [id, phone] = ["999999999999999@lid", "15559999999@c.us"];
  page.emit("chat.new_message", model(`false_${id}_A`));
  const event = only(page);
  assert.ok(event.type === "message" && event.message.author === id);
  page.lids.set(phone, id);
  const reaction = { sender: wid(id), reactionText: "👍", msgId: wid(`true_${id}_B`) };
  page.emit("chat.new_reaction", reaction);
  const [, pair, told] = page.events;
  assert.deepEqual(pair, { type: "identity_learned", lid: id, phone });
  assert.ok(told?.type === "reaction" && told.sender === phone);
  // The number went to somebody else.
  page.lids.set(phone, "999999999999998@lid");
  page.emit("chat.new_reaction", { ...reaction, sender: wid("999999999999998@lid") });
  assert.deepEqual(page.events[3], { ...pair, lid: "999999999999998@lid" });
});

test("a receipt names the message as the page keeps it, not whoever sent the receipt", () => {
  const page = listening();
  page.messages.set(`true_${GROUP}_A_${MY_LID}`, {});
  page.emit("chat.msg_ack_change", {
    ack: 3,
    chat: wid(GROUP),
    sender: wid("15550000012:7@c.us"),
    ids: [wid(`true_${GROUP}_A_${GRACE}`)],
  });
  assert.deepEqual(only(page), {
    type: "ack",
    message: `true_${GROUP}_A_${MY_LID}`,
    ack: "read",
    participant: GRACE,
  });
});

test("receipts in a chat with one person, and for a message that is not loaded", async () => {
  const page = listening();
  const known = [`true_${ADA}_A`, `true_${ADA}_B`];
  for (const id of known) page.messages.set(id, { type: "chat" });
  page.wpp.chat.getMessageById = () => Promise.resolve({ type: "chat" });
  page.emit("chat.msg_ack_change", {
    ack: 2,
    chat: wid(ADA),
    ids: [wid(`true_${ADA}_A`), wid(`true_${ADA}_B_${ADA}`), wid(`true_${GROUP}_C`)],
  });
  await settle();
  assert.deepEqual(
    page.events.map((event) => event.type === "ack" && [event.message, event.participant]),
    [
      [`true_${ADA}_A`, null],
      [`true_${ADA}_B`, null],
      [`true_${GROUP}_C_${ME}`, null],
    ],
  );
});

test("receipts of own reactions, edits and deletions are not told", async () => {
  const page = listening();
  page.messages.set(`true_${ADA}_EDIT`, { type: "protocol" });
  page.wpp.chat.getMessageById = () => Promise.reject(new Error("no such message"));
  const ids = [wid(`true_${ADA}_EDIT`), wid(`true_${ADA}_REACTION`)];
  page.emit("chat.msg_ack_change", { ack: 2, chat: wid(ADA), ids });
  await settle();
  assert.deepEqual(page.events, []);
});

test("what takes the place of a deleted message is no new one", () => {
  const page = listening();
  const was = wid(`true_${ADA}_A`);
  const placeholder = { type: "revoked", protocolMessageKey: was };
  page.emit("chat.new_message", model(`true_${ADA}_NEW`, placeholder));
  assert.deepEqual(page.events, []);
  assert.equal(toMessage(model(`true_${ADA}_NEW`, placeholder)).id, was.toString());
});

test("the edit of a file's caption is told by the caption, not by its thumbnail", () => {
  const page = listening();
  const id = `false_${ADA}_A`;
  const image = { type: "image", body: "/9j/thumbnail", caption: "new" };
  page.emit("chat.msg_edited", { id, chat: wid(ADA), msg: model(id, image) });
  assert.deepEqual(only(page), { type: "message_edited", message: id, text: "new" });
});

test("what the gateway asked for is not told again, and the same by others is", async () => {
  const page = listening();
  const id = `true_${ADA}_A`;
  const edited = { id, chat: wid(ADA), msg: model(id, { body: "new" }) };
  const reaction = { msgId: wid(id), sender: wid(ME), reactionText: "👍" };
  await silently("edit", id, " new ", () => Promise.resolve());
  await silently("react", id, "👍", () => Promise.resolve());
  page.emit("chat.new_reaction", { ...reaction, sender: wid(ADA) });
  page.emit("chat.msg_edited", edited);
  page.emit("chat.new_reaction", reaction);
  assert.equal(page.events.length, 1, "somebody else did the same");
  page.emit("chat.msg_edited", edited);
  page.emit("chat.new_reaction", reaction);
  assert.equal(page.events.length, 3, "the owner did it again, on the phone");
});

test("what failed is not expected", async () => {
  const page = listening();
  const id = `true_${ADA}_A`;
  const failing = silently("react", id, "👍", () => Promise.reject(new Error("no line")));
  await assert.rejects(failing, /no line/);
  page.emit("chat.new_reaction", { msgId: wid(id), sender: wid(ME), reactionText: "👍" });
  assert.equal(page.events.length, 1);
});

test("a reaction that is taken back has no text", () => {
  const page = listening();
  const id = `true_${ADA}_A`;
  page.emit("chat.new_reaction", { msgId: wid(id), sender: wid(ADA), reactionText: undefined });
  assert.deepEqual(only(page), { type: "reaction", message: id, sender: ADA, emoji: "" });
});

test("a deletion is told with its author, in a group and out of it", () => {
  const page = listening();
  const refId = wid(`false_${ADA}_A`);
  page.emit("chat.msg_revoke", { refId, from: wid(ADA) });
  page.emit("chat.msg_revoke", { refId, from: wid(GROUP), author: wid(GRACE_LID) });
  assert.deepEqual(
    page.events.map((event) => event.type === "message_revoked" && event.by),
    [ADA, GRACE],
  );
});

test("a vote in a poll is told, with the words that were chosen", () => {
  const page = listening();
  const msgId = wid(`true_${ADA}_A`);
  // The first option was not chosen: its place is empty.
  const selectedOptions: unknown[] = [];
  selectedOptions[1] = { name: "no", localId: 1 };
  page.emit("chat.poll_response", { msgId, sender: wid(ADA), selectedOptions, timestamp: 7 });
  const message = `true_${ADA}_A`;
  assert.deepEqual(only(page), { type: "poll_vote", message, sender: ADA, options: ["no"] });
});

function presence(state: string, isOnline = true) {
  return { id: wid("15550000099@c.us"), state, isOnline, isGroup: false };
}

test("who types, records and stops is told when it changes", () => {
  const page = listening();
  for (const [state, isOnline] of [
    ["available", true],
    ["available", true],
    ["typing", true],
    ["recording_audio", true],
    ["available", true],
    ["unavailable", false],
    ["odd", false],
    ["composing", true],
    ["paused", true],
  ] as const)
    page.emit("chat.presence_change", presence(state, isOnline));
  const words = page.events.map((event) => event.type === "presence" && event.presence);
  const expected = "available typing recording paused unavailable typing paused".split(" ");
  assert.deepEqual(words, expected);
});

test("in a group it is told of each person", () => {
  const page = listening();
  page.emit("chat.presence_change", {
    id: wid(GROUP),
    state: "typing",
    isOnline: true,
    isGroup: true,
    participants: [{ id: GRACE_LID, state: "typing", shortName: "" }],
  });
  const presence = "typing";
  assert.deepEqual(only(page), { type: "presence", chat: GROUP, sender: GRACE, presence });
});

test("a call is told, with who calls", () => {
  const page = listening();
  const call = { id: "C1", sender: wid("100015550000012:3@lid"), isVideo: true };
  page.emit("call.incoming_call", { ...call, isGroup: undefined });
  page.emit("call.incoming_call", { id: "C2", peerJid: wid(ADA), isGroup: true });
  assert.deepEqual(page.events, [
    { type: "call", id: "C1", from: GRACE, video: true, group: false },
    { type: "call", id: "C2", from: ADA, video: false, group: true },
  ]);
});

test("who comes to a group, goes and rises is told", () => {
  const page = listening();
  const change = { groupId: GROUP, author: ADA, participants: [GRACE_LID] };
  for (const [operation, action] of [
    ["add", "add"],
    ["add", "join"],
    ["remove", "remove"],
    ["remove", "leave"],
    ["promote", "promote"],
    ["demote", "demote"],
  ])
    page.emit("group.participant_changed", { ...change, operation, action });
  const common = { group: GROUP, participants: [GRACE], by: ADA };
  const updated = { type: "group_updated", group: GROUP, value: GRACE, by: ADA };
  assert.deepEqual(page.events, [
    { type: "group_joined", groupName: null, ...common, action: "add" },
    { type: "group_joined", groupName: null, ...common, action: "invite" },
    { type: "group_left", ...common, action: "remove" },
    { type: "group_left", ...common, action: "leave" },
    { ...updated, change: "promote" },
    { ...updated, change: "demote" },
  ]);
});

function notice(subtype: string, attributes: object = {}) {
  const id = `false_${GROUP}_N_${ADA}`;
  return model(id, { type: "gp2", subtype, author: wid(ADA), ...attributes });
}

test("notices of a group become what happened to it", () => {
  const page = listening();
  const recipients = [wid(GRACE_LID), ADA];
  page.emit("chat.new_message", notice("create", { body: "Engines", recipients }));
  page.emit("chat.new_message", notice("create", { body: "", author: undefined }));
  for (const [subtype, body] of [
    ["subject", "Looms"],
    ["description", ""],
    ["picture", undefined],
    ["announce", "on"],
    ["restrict", "off"],
  ])
    page.emit("chat.new_message", notice(String(subtype), { body }));
  const updated = { type: "group_updated", group: GROUP, by: ADA };
  const joined = { type: "group_joined", group: GROUP, action: "create" };
  assert.deepEqual(page.events, [
    { ...joined, groupName: "Engines", participants: [GRACE, ADA], by: ADA },
    { ...joined, groupName: null, participants: [], by: null },
    { ...updated, change: "subject", value: "Looms" },
    { ...updated, change: "description", value: "" },
    { ...updated, change: "picture", value: null },
    { ...updated, change: "announce", value: "on" },
    { ...updated, change: "restrict", value: "off" },
  ]);
});

test("what wa-js tells otherwise is not told twice, and what nobody knows is kept", () => {
  const page = listening();
  for (const subtype of ["add", "remove", "leave", "invite", "promote", "demote"])
    page.emit("chat.new_message", notice(subtype));
  for (const type of ["e2e_notification", "protocol", "notification_template"])
    page.emit("chat.new_message", model(`false_${ADA}_E`, { type }));
  assert.equal(page.events.length, 0);
  page.emit("chat.new_message", notice("ephemeral", { ephemeralDuration: 86400 }));
  page.emit("chat.new_message", model(`false_${ADA}_L`, { type: "call_log" }));
  const names = page.events.map((event) => event.type === "engine_unknown" && event.name);
  assert.deepEqual(names, ["group_ephemeral", "call_log"]);
});

test("a quote is told by name, and one of something that is gone is none", () => {
  const page = listening();
  const quoting = { quotedStanzaID: "Q" };
  page.emit("chat.new_message", model(`false_${ADA}_A`, quoting));
  page.wpp.chat.getQuotedMsgKey = () => {
    throw new Error("gone");
  };
  page.emit("chat.new_message", model(`false_${ADA}_B`, quoting));
  const quoted = page.events.map((event) => event.type === "message" && event.message.quoted);
  assert.deepEqual(quoted, ["true_1_Q", null]);
});
