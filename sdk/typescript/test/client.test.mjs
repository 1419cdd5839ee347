// The client against a real gateway on the simulated network.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { verifyWebhook, Wagate, WagateError } from "wagate-client";

import { Gateway, until, within } from "../../../web/peers/gateway.mjs";

const PHONE = "447700900078";
const ADA = "15550000011";
let gateway;
let session;

/** A connection to the gateway that can be cut. */
async function cuttable() {
  const { hostname, port } = new URL(gateway.address);
  const open = new Set();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    open.add(near);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("close", () => open.delete(near) && far.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const cut = () => [...open].map((socket) => socket.destroy()).length;
  return { url, cut, close: () => (cut(), server.close()) };
}

const says = (text) =>
  gateway.call("POST", `accounts/${ADA}/messages`, { chat: `${PHONE}@c.us`, text });

async function seenByAda() {
  const { messages } = await gateway.call("GET", `accounts/${ADA}/chats/${PHONE}@c.us/messages`);
  return messages.map(({ body }) => body);
}

before(async () => {
  process.env.WAGATE_ENGINE = "simulated";
  gateway = await Gateway.start();
  session = new Wagate({ url: gateway.address }).session("shop");
});

after(() => gateway?.stop());

test("a session is made, linked and ready, and made again without harm", async () => {
  assert.equal((await session.create()).status, "qr_ready");
  const code = await session.qrText();
  await gateway.call("POST", `accounts/${PHONE}/scan`, { code, name: "Client" });
  await within(session.ready(), "a ready session");
  assert.equal((await session.create()).status, "ready");
});

test("a refusal is an error with its code and fields", async () => {
  await assert.rejects(session.sendText("nobody", "Hello"), (error) => {
    assert.ok(error instanceof WagateError);
    assert.equal(error.status, 400);
    assert.equal(error.code, "INVALID_CHAT_ID");
    assert.ok(error.details.fields.chatId);
    return true;
  });
  const none = new Wagate({ url: gateway.address, key: "wag_none" }).session("shop");
  await assert.rejects(none.status(), { status: 401, code: "UNAUTHORIZED" });
  await assert.rejects(none.events().next(), { status: 401 });
});

test("a send whose answer is lost is sent once", async () => {
  let losses = 2;
  const fetch = async (request) => {
    const answer = await globalThis.fetch(request);
    if (request.method !== "POST" || losses === 0) return answer;
    losses -= 1;
    await answer.arrayBuffer();
    throw new TypeError("the connection is lost");
  };
  const frail = new Wagate({ url: gateway.address, fetch }).session("shop");
  const sent = await frail.sendText(`${ADA}@c.us`, "Only once");
  assert.equal(losses, 0);
  assert.ok(sent.messageId.startsWith("true_"));
  const again = await frail.sendText(`${ADA}@c.us`, "Only once more", { once: "order-1" });
  const same = await frail.sendText(`${ADA}@c.us`, "Only once more", { once: "order-1" });
  assert.equal(same.messageId, again.messageId);
  await session.sendText(`${ADA}@c.us`, "The last");
  await until(async () => (await seenByAda()).includes("The last"), "the last message");
  assert.deepEqual(await seenByAda(), ["Only once", "Only once more", "The last"]);
});

test("a stream whose connection is cut goes on where it was", async () => {
  const line = await cuttable();
  const ending = new AbortController();
  const events = new Wagate({ url: line.url }).session("shop").events({
    events: ["message"],
    since: 0,
    signal: ending.signal,
  });
  const seen = [];
  for (const round of [1, 2, 3]) {
    await says(`before ${round}`);
    seen.push((await within(events.next(), "an event")).value.data.body);
    assert.ok(line.cut(), "there was a connection to cut");
    await says(`while it was cut ${round}`);
    seen.push((await within(events.next(), "an event")).value.data.body);
  }
  const expected = [1, 2, 3].flatMap((round) => [`before ${round}`, `while it was cut ${round}`]);
  assert.deepEqual(seen, expected);
  ending.abort();
  assert.equal((await within(events.next(), "the end")).done, true);
  line.close();
});

test("a stream ends with its session", async () => {
  const other = new Wagate({ url: gateway.address }).session("other");
  await other.create();
  const events = other.events({ since: 0 });
  assert.ok((await within(events.next(), "an event")).value);
  await other.gateway.api.DELETE("/api/v1/sessions/{sessionId}", {
    params: { path: { sessionId: "other" } },
  });
  const rest = async () => {
    for await (const { sessionId } of events) assert.equal(sessionId, "other");
  };
  await within(rest().catch((error) => assert.equal(error.status, 404)), "the end");
});

test("a webhook is verified, and what is forged is not", async () => {
  const taken = [];
  const server = createHttpServer(async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    taken.push({ headers: request.headers, body });
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  const made = await session.gateway.api.POST("/api/v1/sessions/{sessionId}/webhooks", {
    params: { path: { sessionId: "shop" } },
    body: { url, events: ["message"] },
  });
  const { secret } = made.data.data;
  await says("by webhook");
  const { headers, body } = await until(() => taken[0], "a delivery");
  const event = verifyWebhook(secret, headers, body);
  assert.equal(event.event, "message");
  assert.equal(event.data.body, "by webhook");
  assert.equal(verifyWebhook(secret, headers, Buffer.from(body)).id, event.id);
  const other = `whsec_${Buffer.from("another secret, 24 long.").toString("base64")}`;
  assert.throws(() => verifyWebhook(secret, headers, body.replace("webhook", "mistake")), /genuine/);
  assert.throws(() => verifyWebhook(other, headers, body), /genuine/);
  assert.throws(() => verifyWebhook(secret, {}, body), /no header webhook-id/);
  assert.throws(() => verifyWebhook(secret, headers, body, Date.now() + 3_600_000), /too old/);
  const late = { ...headers, "webhook-timestamp": "soon" };
  assert.throws(() => verifyWebhook(secret, late, body), /too old/);
  server.close();
});

test("the example answers each message once, over its own restart", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "wagate-client-")), "position");
  // From the beginning of the log on: no message is said before it listens.
  writeFileSync(file, "0");
  let bot;
  const start = () => {
    const env = { ...process.env, WAGATE_URL: gateway.address };
    bot = spawn("node", ["examples/bot.mjs", "shop", file], { env, stdio: "inherit" });
  };
  t.after(() => bot.kill());
  const pongs = async () => (await seenByAda()).filter((body) => body === "pong").length;
  const answered = (count) => until(async () => await pongs() === count, `${count} answers`);
  start();
  await says("ping");
  await answered(1);
  bot.kill();
  await once(bot, "exit");
  await says("ping");
  await says("ping");
  start();
  await answered(3);
  await says("ping");
  await answered(4);
  await session.sendText(`${ADA}@c.us`, "The end");
  await until(async () => (await seenByAda()).includes("The end"), "the last message");
  assert.equal(await pongs(), 4);
});
