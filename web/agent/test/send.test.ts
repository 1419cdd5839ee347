import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../src/events";
import { failureOf } from "../src/failure";
import { find, send } from "../src/send";
import type { Content, FailureKind, Outgoing } from "../src/wire";
import { ADA, GROUP, ME, MY_LID, Page, model, pass, stopTime, wid } from "./fake";

const KEY = "3EB0AAAAAAAAAAAAAAAAAA";
const STRANGER = "15550000077@c.us";
const ADA_LID = "100015550000011@lid";

function ready(): Page {
  stopTime();
  const page = new Page();
  page.chats.set(ADA, { id: wid(ADA) });
  page.chats.set(GROUP, { id: wid(GROUP) });
  return page;
}

function outgoing(chat: string, content: Content = { type: "text", body: "hello" }): Outgoing {
  return { key: KEY, chat, content, quoted: null, mentions: [], linkPreview: false };
}

async function refused(given: Outgoing, kind: FailureKind, reason = /./): Promise<void> {
  await assert.rejects(send(given), (error) => {
    assert.equal(failureOf(error).kind, kind);
    assert.match(failureOf(error).reason, reason);
    return true;
  });
}

test("a text goes under the key that was chosen, with what was asked for", async () => {
  const page = ready();
  let given: unknown[] = [];
  const id = `true_${ADA}_${KEY}`;
  page.wpp.chat.sendTextMessage = (...what) => {
    given = what;
    page.messages.set(id, { t: 7, ack: 1 });
    return Promise.resolve({ id, ack: 1, sendMsgResult: { messageSendResult: "OK" } });
  };
  const text = { ...outgoing(ADA), quoted: "true_1_Q", mentions: [ADA], linkPreview: true };
  const sent = await send(text);
  assert.deepEqual(sent, { id, timestamp: "1970-01-01T00:00:07.000Z", ack: "sent" });
  assert.deepEqual(given, [
    ADA,
    "hello",
    {
      markIsRead: true,
      createChat: true,
      waitForAck: true,
      messageId: id,
      quotedMsg: "true_1_Q",
      mentionedList: [ADA],
      detectMentioned: false,
      linkPreview: true,
    },
  ]);
});

test("the answer tells of a message, and receipts come after it", async () => {
  const page = ready();
  listen();
  const id = `true_${ADA}_${KEY}`;
  let messageSendResult = "OK";
  page.wpp.chat.sendTextMessage = () => {
    page.emit("chat.new_message", model(id));
    page.emit("chat.new_message", model(`true_${ADA}_OTHER`));
    page.emit("chat.msg_ack_change", { ack: 1, chat: wid(ADA), ids: [wid(id)] });
    return Promise.resolve({ id, ack: 1, sendMsgResult: { messageSendResult } });
  };
  /** What was told before the answer, and after it. */
  const told = async () => {
    const { length } = page.events;
    await pass(20);
    const all = page.events.map(({ type }) => type);
    page.said.length = 0;
    return [all.slice(0, length), all.slice(length)];
  };
  await send(outgoing(ADA));
  assert.deepEqual(await told(), [["message_sent"], ["ack"]]);
  // One that failed is told of by nothing else.
  messageSendResult = "ERROR_NETWORK";
  await refused(outgoing(ADA), "failed");
  assert.deepEqual(await told(), [["message_sent"], ["message_sent", "ack"]]);
});

test("a message that WhatsApp refused is no message: no event says that it was sent", async () => {
  const page = ready();
  listen();
  const id = `true_${ADA}_${KEY}`;
  page.wpp.chat.sendTextMessage = () => {
    page.emit("chat.new_message", model(id));
    page.messages.set(id, { t: 7, ack: -1 });
    page.emit("chat.msg_ack_change", { ack: -1, chat: wid(ADA), ids: [wid(id)] });
    return Promise.resolve({ id, ack: -1, sendMsgResult: { messageSendResult: "ERROR_UNKNOWN" } });
  };
  await refused(outgoing(ADA), "failed", /ERROR_UNKNOWN/);
  await pass(20);
  assert.deepEqual(page.events, []);
});

test("what became of a message is told even where its send is never answered", async () => {
  const page = ready();
  listen();
  const id = `true_${ADA}_${KEY}`;
  page.wpp.chat.sendTextMessage = () => {
    page.emit("chat.new_message", model(id));
    page.emit("chat.msg_ack_change", { ack: 2, chat: wid(ADA), ids: [wid(id)] });
    return new Promise(() => undefined);
  };
  const told = () => page.events.map((event) => (event.type === "ack" ? event.ack : event.type));
  void send(outgoing(ADA));
  await pass(59_000);
  assert.deepEqual(told(), []);
  await pass(2_000);
  page.messages.set(id, model(id, { ack: 2 }));
  page.emit("chat.msg_ack_change", { ack: 3, chat: wid(ADA), ids: [wid(id)] });
  assert.deepEqual(told(), ["message_sent", "delivered", "read"]);
});

test("a send whose message the page does not show any more has still been sent", async () => {
  const page = ready();
  page.wpp.whatsapp.MsgStore.get = () => {
    throw new Error("no such module");
  };
  assert.equal((await send(outgoing(ADA))).timestamp, "1970-01-01T00:00:00.000Z");
});

test("wa-js does not fail when a send does", async () => {
  const page = ready();
  for (const [ack, sendMsgResult] of [
    [0, { messageSendResult: "ERROR_NETWORK" }],
    [0, "ERROR_UPLOAD"],
    [-1, null],
  ] as const) {
    page.wpp.chat.sendTextMessage = () => Promise.resolve({ id: "x", ack, sendMsgResult });
    await refused(outgoing(ADA), "failed", /did not send/);
  }
  page.wpp.chat.sendTextMessage = () => Promise.resolve({ id: "x", sendMsgResult: "OK" });
  assert.equal((await send(outgoing(ADA))).ack, "pending");
});

test("in a group the id names the writer as wa-js does", async () => {
  const page = ready();
  assert.equal((await send(outgoing(GROUP))).id, `true_${GROUP}_${KEY}_${MY_LID}`);
  // An account of old has no hidden identity.
  page.wpp.chat.generateMessageID = () => Promise.reject(new Error("no lid"));
  assert.equal((await send(outgoing(GROUP))).id, `true_${GROUP}_${KEY}_${ME}`);
  assert.equal((await send(outgoing(ADA))).id, `true_${ADA}_${KEY}`);
});

test("a chat that the page keeps under the other identity takes the message", async () => {
  const page = ready();
  page.chats.delete(ADA);
  page.chats.set(ADA_LID, { id: wid(ADA_LID) });
  page.lids.set(ADA, ADA_LID);
  assert.equal((await send(outgoing(ADA))).id, `true_${ADA_LID}_${KEY}`);
  // Not known before it is opened.
  page.wpp.chat.find = () => Promise.resolve({ id: wid("100015550000077@lid") });
  assert.equal((await send(outgoing(STRANGER))).id, `true_100015550000077@lid_${KEY}`);
});

test("a hidden identity that nobody answers for in time is not said to be nobody's", async () => {
  const page = ready();
  page.wpp.chat.find = () => Promise.reject(new Error("the network gave no answer to exists"));
  await refused(outgoing("100015550000078@lid"), "failed", /no answer/);
  page.wpp.chat.find = () => Promise.reject(new Error("the number is not on WhatsApp"));
  await refused(outgoing("100015550000078@lid"), "notOnWhatsapp");
});

test("a number without an account is refused, and only strangers are asked about", async () => {
  const page = ready();
  const asked: string[] = [];
  page.wpp.whatsapp.functions.queryWidExists = (id: unknown) => {
    asked.push(String(id));
    return Promise.resolve(null);
  };
  await refused(outgoing(STRANGER), "notOnWhatsapp");
  await send(outgoing(ADA));
  assert.deepEqual(asked, [STRANGER]);
});

test("a question that fails is no answer: the number may well be there", async () => {
  const page = ready();
  page.wpp.whatsapp.functions.queryWidExists = () => Promise.reject(new Error("rate-overlimit"));
  await refused(outgoing(STRANGER), "failed", /rate-overlimit/);
});

test("without WhatsApp's own question, wa-js' is asked", async () => {
  const page = ready();
  page.wpp.whatsapp.functions.queryWidExists = undefined;
  page.wpp.contact.queryExists = () => Promise.resolve(null);
  await refused(outgoing(STRANGER), "notOnWhatsapp");
});

test("there is no writing to a group that is not there", async () => {
  ready();
  await refused(outgoing("120363999999999999@g.us"), "unknownChat");
});

test("the same key twice is one message", async () => {
  const page = ready();
  let sends = 0;
  page.wpp.chat.sendTextMessage = () => Promise.resolve({ id: (sends += 1) });
  const id = `true_${ADA}_${KEY}`;
  page.messages.set(id, { t: 3, ack: 2 });
  const before = { id, timestamp: "1970-01-01T00:00:03.000Z", ack: "delivered" };
  assert.deepEqual(await send(outgoing(ADA)), before);
  assert.equal(sends, 0);
  page.messages.set(id, { t: 3, ack: -1 });
  const removed: unknown[] = [];
  page.wpp.chat.deleteMessage = (...what) => {
    page.messages.delete(id);
    return Promise.resolve(removed.push(what));
  };
  await send(outgoing(ADA));
  assert.equal(sends, 1, "one that failed is tried again");
  assert.deepEqual(removed, [[ADA, id, true, false]], "its first attempt is out of the way");
});

test("the same key while the first is under way waits for it", async () => {
  const page = ready();
  const id = `true_${ADA}_${KEY}`;
  const message = { t: 3, ack: 0 };
  page.messages.set(id, message);
  const again = send(outgoing(ADA));
  await pass(1_000);
  message.ack = 1;
  await pass(100);
  assert.equal((await again).ack, "sent");
});

test("a message is found under the id that the page gave it", async () => {
  const page = ready();
  const sent = `true_${GROUP}_${KEY}_${MY_LID}`;
  page.wpp.chat.getMessageById = (asked) =>
    String(asked) === sent
      ? Promise.resolve({ id: wid(sent), t: 7, ack: 2, type: "chat", body: "hello" })
      : Promise.reject(Object.assign(new Error("not found"), { code: "msg_not_found" }));
  const found = await find(`true_${GROUP}_${KEY}_${ME}`);
  assert.deepEqual([found?.id, found?.body, found?.ack], [sent, "hello", "delivered"]);
  assert.equal(await find(`true_${GROUP}_3EB0BBBBBBBBBBBBBBBBBB_${ME}`), null);
  assert.equal(await find(`true_${STRANGER}_${KEY}`), null);
});

test("every kind of content goes its way", async () => {
  const page = ready();
  const given: unknown[] = [];
  const note =
    (name: string) =>
      (...what: unknown[]) => {
        given.push([name, ...what.slice(1, -1), shown(what.at(-1))]);
        return Promise.resolve({ id: "x", ack: 1 });
      };
  page.wpp.chat.sendLocationMessage = note("place");
  page.wpp.chat.sendRawMessage = note("cards");
  page.wpp.chat.sendCreatePollMessage = note("poll");
  const [latitude, longitude] = [51.5, -0.1];
  const place = { type: "location", latitude, longitude, name: "London", address: null } as const;
  const contacts = [
    { name: "Ada", phones: [], id: null, vcard: "card of Ada" },
    { name: "Bob", phones: [], id: null, vcard: "card of Bob" },
  ];
  await send(outgoing(ADA, place));
  await send(outgoing(ADA, { ...place, name: null, address: "1 Street" }));
  await send(outgoing(ADA, { ...place, name: "Lon\ndon", address: "1 Street" }));
  await send(outgoing(ADA, { type: "contactCards", contacts }));
  await send(outgoing(ADA, { type: "contactCards", contacts: contacts.slice(0, 1) }));
  const vcardList = contacts.map(({ name, vcard }) => ({ displayName: name, vcard }));
  const options = ["yes", "no"];
  await send(outgoing(ADA, { type: "poll", question: "Tea?", options, selectable: 1 }));
  assert.deepEqual(given, [
    ["place", { lat: 51.5, lng: -0.1, name: "London" }],
    ["place", { lat: 51.5, lng: -0.1, name: "\n1 Street" }],
    ["place", { lat: 51.5, lng: -0.1, name: "Lon don\n1 Street" }],
    ["cards", { type: "multi_vcard", vcardList }, {}],
    ["cards", { type: "vcard", body: "card of Ada", vcardFormattedName: "Ada" }, {}],
    ["poll", "Tea?", options, { selectableCount: 1 }],
  ]);
});

/** Options without those that every send has. */
function shown(options: unknown): object {
  const common =
    /^(markIsRead|createChat|waitForAck|messageId|quotedMsg|mentionedList|detectMentioned)$/;
  const own = Object.entries(options as object).filter(
    ([name, value]) => !common.test(name) && name !== "linkPreview" && value !== undefined,
  );
  return Object.fromEntries(own);
}

test("a file is fetched from the gateway and sent as what it is", async (t) => {
  const page = ready();
  let status = 200;
  t.mock.method(globalThis, "fetch", () => Promise.resolve(new Response("bytes", { status })));
  const given: { name: string; type: string; options: object }[] = [];
  page.wpp.chat.sendFileMessage = (_chat, file, options) => {
    const { name, type } = file as File;
    given.push({ name, type, options: shown(options) });
    return Promise.resolve({ id: "x", ack: 1 });
  };
  const file = { type: "media", url: "http://x/1", filename: "näme", caption: null } as const;
  await send(outgoing(ADA, { ...file, kind: "voice", mime: "audio/ogg" }));
  await send(outgoing(ADA, { ...file, kind: "sticker", mime: "image/webp", caption: "x" }));
  const filename = "näme";
  const [voice, sticker] = ["audio/ogg", "image/webp"];
  assert.deepEqual(given, [
    {
      name: filename,
      type: voice,
      options: { type: "audio", filename, mimetype: voice, isPtt: true },
    },
    {
      name: filename,
      type: sticker,
      options: { type: "sticker", filename, mimetype: sticker, isPtt: false, caption: "x" },
    },
  ]);
  status = 404;
  const image: Content = { ...file, kind: "image", mime: "image/png" };
  await refused(outgoing(ADA, image), "failed", /did not give the file: 404/);
});

test("a file that is too large is the caller's fault", async (t) => {
  const page = ready();
  t.mock.method(globalThis, "fetch", () => Promise.resolve(new Response("bytes")));
  const error = Object.assign(new Error("too large"), { code: "file_too_large" });
  page.wpp.chat.sendFileMessage = () => Promise.reject(error);
  const file = { type: "media", url: "http://x/1", filename: "a", caption: null } as const;
  await refused(outgoing(ADA, { ...file, kind: "image", mime: "image/png" }), "invalid");
});
