// What a client of the API does from its first call to its last. `WAGATE_URL` names a gateway on
// the simulated network; which engine it runs must make no difference.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { Client, Listener, Receiver } from "./client.mjs";

const GATEWAY = process.env.WAGATE_URL;
const PHONE = "15557654321";
const ME = `${PHONE}@c.us`;
const ECHO = "15550000001@c.us";
const READER = "15550000002@c.us";
const SILENT = "15550000003@c.us";
const STRANGER = "1234567890@c.us";
const BOT = "/sessions/bot";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const PICTURE = /^data:image\/png;base64,iVBOR/;
const PNG = [
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4",
  "2mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
].join("");

const client = new Client(GATEWAY);
let listener;
let receiver;
/** The answer to the first text that went out. */
let first;

before(async () => (receiver = await Receiver.open()));
after(() => receiver.close());

const text = (chatId, content, more = {}) =>
  client.call("POST", `${BOT}/send-text`, { chatId, content, ...more });
const has = (object, ...names) =>
  assert.deepEqual(names.filter((name) => !(name in object)), [], JSON.stringify(object));

test("a session is created and shows its code", async () => {
  const created = await client.createSession("bot", { qrTimeout: 120 });
  assert.equal(created.status, "qr_ready");
  assert.match(created.createdAt, TIME);
  assert.match(created.qrCode, PICTURE);
  const { qrCode, expiresAt } = await client.call("GET", `${BOT}/qr`);
  assert.match(qrCode, PICTURE);
  assert.match(expiresAt, TIME);
  const image = await client.ask("GET", `${BOT}/qr/image`);
  assert.equal(image.headers.get("content-type"), "image/png");
  assert.equal(String.fromCharCode(...image.body.slice(1, 4)), "PNG");
});

test("a client that does not wait for the scan is told so and may go on", async () => {
  const body = { chatId: STRANGER, content: "Hello!" };
  for (const [method, path, sent] of [["POST", "send-text", body], ["GET", "chats"]]) {
    const { status, body: answer } = await client.ask(method, `${BOT}/${path}`, sent);
    assert.deepEqual([status, answer.error.code], [409, "SESSION_NOT_READY"]);
    assert.equal(answer.error.details.status, "qr_ready");
  }
});

test("the code is scanned, and a listener hears that the session is ready", async () => {
  listener = await Listener.open(GATEWAY, "bot");
  await listener.hears("qr");
  await client.link("bot", PHONE);
  await listener.hears("authenticated");
  assert.equal((await listener.hears("ready")).data.phoneNumber, PHONE);
  const again = await client.ask("POST", "/sessions", { sessionId: "bot", waitForQR: true });
  assert.deepEqual([again.status, again.body.success], [409, false]);
});

test("a text goes out and its chat is listed", async () => {
  first = await text(STRANGER, "Hello!");
  assert.ok(first.messageId.startsWith(`true_${STRANGER}_`), first.messageId);
  assert.deepEqual([first.chatId, first.content], [STRANGER, "Hello!"]);
  assert.ok(Number.isInteger(first.timestamp));
  const chats = await client.call("GET", `${BOT}/chats`);
  const chat = chats.find((each) => each.id === STRANGER);
  has(chat, "name", "unreadCount");
  assert.equal(chat.isGroup, false);
  const { body, timestamp } = chat.lastMessage;
  assert.deepEqual([body, timestamp], ["Hello!", first.timestamp]);
});

test("an answer comes in over the WebSocket and the webhook, each tick is told", async () => {
  const headers = { Authorization: "Bearer theirs" };
  const wanted = { url: receiver.url, events: ["message", "ack", "group_join"], headers };
  const hook = await client.call("POST", `${BOT}/webhooks`, wanted);
  const sent = await text(ECHO, "echo this");
  const { data } = await listener.hears("message", (message) => message.body === "echo this");
  assert.deepEqual([data.from, data.fromMe], [ECHO, false]);
  assert.ok(Number.isInteger(data.timestamp));
  await listener.hears("ack", (ack) => ack.id === sent.messageId && 2 <= ack.ack);
  const letter = await receiver.gets("message");
  assert.equal(letter.headers.authorization, "Bearer theirs");
  assert.equal(letter.frame.data.id, data.id);
  const key = Buffer.from(hook.secret.replace("whsec_", ""), "base64");
  const { "webhook-id": id, "webhook-timestamp": at } = letter.headers;
  const digest = createHmac("sha256", key).update(`${id}.${at}.${letter.body}`).digest("base64");
  assert.ok(letter.headers["webhook-signature"].split(" ").includes(`v1,${digest}`));
});

test("pictures, documents and sound go out with their names", async () => {
  const pdf = "data:application/pdf;base64,JVBERi0xLjQK";
  const sound = "data:audio/mp3;base64,SUQzAwAAAAAA";
  const quotedMessageId = (await text(SILENT, "one")).messageId;
  for (const [path, body, type] of [
    ["send-image", { data: PNG, filename: "dot.png", caption: "a dot", quotedMessageId }, "image"],
    ["send-file", { data: pdf, filename: "paper.pdf", caption: "read it" }, "document"],
    ["send-audio", { data: sound, filename: "sound.mp3" }, "audio"],
  ]) {
    const sent = await client.call("POST", `${BOT}/${path}`, { chatId: SILENT, ...body });
    assert.equal(sent.filename, body.filename);
    const messages = await client.call("GET", `${BOT}/chats/${SILENT}/messages`);
    const found = messages.find((message) => message.id === sent.messageId);
    assert.equal(found.type, type);
    if (body.caption) assert.equal(found.caption, body.caption);
    assert.equal(found.quotedMsgId, body.quotedMessageId ?? null);
  }
});

test("messages are read in pages, oldest first", async () => {
  const path = `${BOT}/chats/${SILENT}/messages`;
  const newest = await client.call("GET", `${path}?limit=2`);
  assert.deepEqual(newest.map((message) => message.type), ["document", "audio"]);
  for (const message of newest) has(message, "id", "body", "fromMe", "timestamp", "author");
  const older = await client.call("GET", `${path}?before=${encodeURIComponent(newest[0].id)}`);
  assert.deepEqual(older.map((message) => message.type), ["chat", "image"]);
  assert.equal(older[0].author, ME);
});

test("contacts are listed and looked at", async () => {
  const fields = ["id", "name", "pushname", "isMyContact", "isWAContact"];
  const all = await client.call("GET", `${BOT}/contacts`);
  assert.ok(all.some((contact) => contact.id === ECHO));
  for (const contact of all) has(contact, ...fields);
  const one = await client.call("GET", `${BOT}/contacts/${encodeURIComponent(ECHO)}`);
  has(one, ...fields);
  has(one.profilePicThumbObj, "eurl", "id", "img");
});

test("a group is made, and people are added and removed", async () => {
  const people = { participants: [ECHO, READER] };
  const group = { name: "Ours", description: "of the test", ...people };
  const made = await client.call("POST", `${BOT}/groups`, group);
  assert.match(made.gid, /@g\.us$/);
  assert.deepEqual(made.participants.map(({ status }) => status), [200, 200]);
  await listener.hears("group_join", (joined) => joined.chatId === made.gid);
  const path = `${BOT}/groups/${made.gid}/participants`;
  for (const method of ["POST", "DELETE"]) {
    const { participants } = await client.call(method, path, { participants: [SILENT] });
    const identity = { phone: SILENT, lid: "100015550000003@lid" };
    assert.deepEqual(participants, [{ id: SILENT, identity, status: 200 }]);
  }
  await listener.hears("group_leave", ({ participants }) => participants.includes(SILENT));
  await receiver.gets("group_join");
});

test("sessions, the server and its health are shown", async () => {
  const sessions = await client.call("GET", "/sessions");
  const shown = sessions.map(({ sessionId, status }) => [sessionId, status]);
  assert.deepEqual(shown, [["bot", "ready"]]);
  const session = await client.call("GET", BOT);
  assert.match(session.lastActivity, TIME);
  const { multiDevice, headless, qrTimeout } = session.config;
  assert.deepEqual([multiDevice, headless, qrTimeout], [true, true, 120]);
  const info = await client.call("GET", "/info");
  assert.deepEqual([info.maxSessions, info.activeSessions], [10, 1]);
  assert.ok(Number.isInteger(info.uptime));
  assert.match(info.memory.used, /^\d+(\.\d)?(MB|GB)$/);
  const health = await client.call("GET", "/health");
  assert.equal(health.status, "healthy");
  has(health.checks, "database", "sessions", "memory");
});

test("limits are told with each answer, faults in the documented words", async () => {
  const { headers } = await client.ask("POST", `${BOT}/send-text`, { chatId: ME, content: "me" });
  assert.equal(headers.get("x-ratelimit-limit"), "30");
  assert.ok(Number(headers.get("x-ratelimit-remaining")) < 30);
  const reset = Number(headers.get("x-ratelimit-reset"));
  assert.ok(Math.abs(reset - Date.now() / 1000) < 120, `${reset}`);
  const missing = await client.ask("GET", "/sessions/nobody");
  const message = "Session with ID 'nobody' not found";
  const error = { code: "SESSION_NOT_FOUND", message, details: {} };
  assert.deepEqual([missing.status, missing.body], [404, { success: false, error }]);
  for (const [body, code] of [
    [{ chatId: "nonsense", content: "x" }, "INVALID_CHAT_ID"],
    [{ chatId: ECHO }, "VALIDATION_ERROR"],
  ]) {
    const { body: answer } = await client.ask("POST", `${BOT}/send-text`, body);
    assert.equal(answer.error.code, code);
  }
});

test("webhooks and the session are removed", async () => {
  const hooks = await client.call("GET", `${BOT}/webhooks`);
  assert.deepEqual(hooks.map(({ url }) => url), [receiver.url]);
  await client.call("DELETE", `${BOT}/webhooks/${hooks[0].id}`);
  assert.deepEqual(await client.call("GET", `${BOT}/webhooks`), []);
  assert.equal(await client.call("DELETE", BOT), "Session removed successfully");
  assert.equal((await listener.hears("disconnected")).data.reason, "SESSION_REMOVED");
  assert.equal(await listener.closed, 1000);
});
