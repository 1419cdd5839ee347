// The nodes against a real gateway, in place of n8n a context that does what n8n's does for them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { Gateway, IMAGE, until } from "../../../web/peers/gateway.mjs";

const require = createRequire(import.meta.url);
const { Wagate } = require("../nodes/Wagate.node.js");
const { WagateTrigger } = require("../nodes/WagateTrigger.node.js");
const { WagateApi } = require("../credentials/WagateApi.credentials.js");

const PHONE = "447700900080";
const ADA = "15550000011";
let gateway;
let key;

const api = async (method, path, body) => {
  const headers = { "content-type": "application/json", "x-api-key": key };
  const answer = await fetch(gateway.address + path, { method, headers, body: JSON.stringify(body) });
  return answer.json();
};

/** What n8n gives to a node, with these parameters. */
function context(parameters, { items = [{ json: {} }], kept = {}, url, continues = false } = {}) {
  const described = [...new Wagate().description.properties];
  const usual = Object.fromEntries(described.map((each) => [each.name, each.default]));
  return {
    getInputData: () => items,
    getNodeParameter: (name) => parameters[name] ?? usual[name],
    continueOnFail: () => continues,
    getCredentials: async () => ({ url: `${gateway.address}/`, key }),
    getWorkflowStaticData: () => kept,
    getNodeWebhookUrl: () => url,
    helpers: {
      assertBinaryData: () => ({ mimeType: "image/png", fileName: "dot.png" }),
      getBinaryDataBuffer: async () => Buffer.from(IMAGE, "base64"),
      async httpRequestWithAuthentication(name, { method, url: to, headers, body }) {
        assert.equal(name, new WagateApi().name);
        const header = new WagateApi().authenticate.properties.headers;
        assert.deepEqual(header, { "X-API-Key": "={{$credentials.key}}" });
        const all = { "content-type": "application/json", "x-api-key": key, ...headers };
        const answer = await fetch(to, { method, headers: all, body: JSON.stringify(body) });
        const read = await answer.json();
        if (!answer.ok) throw new Error(read.error.message);
        return read;
      },
    },
  };
}

async function seenByAda() {
  return (await gateway.call("GET", `accounts/${ADA}/chats/${PHONE}@c.us/messages`)).messages;
}

before(async () => {
  process.env.WAGATE_ENGINE = "simulated";
  gateway = await Gateway.start();
  key = readFileSync(`${gateway.folder}/data/bootstrap.key`, "utf8").trim();
  await api("POST", "/api/v1/sessions", { sessionId: "shop" });
  const { data } = await api("GET", "/api/v1/sessions/shop/qr?format=text");
  await gateway.call("POST", `accounts/${PHONE}/scan`, { code: data.qrText });
  const status = async () => (await api("GET", "/api/v1/sessions/shop/status")).data.status;
  await until(async () => (await status()) === "ready", "a ready session");
});

after(() => gateway?.stop());

test("what the package names is there", () => {
  const { n8n } = require("../package.json");
  for (const file of [...n8n.credentials, ...n8n.nodes]) {
    assert.ok(existsSync(new URL(`../${file}`, import.meta.url)), file);
  }
});

test("each operation sends, with the same key once", async () => {
  const to = { session: "shop", chatId: `${ADA}@c.us` };
  for (const parameters of [
    { operation: "text", content: "From a flow", once: "text" },
    { operation: "image", caption: "A dot", once: "image" },
    { operation: "file", once: "file" },
    { operation: "location", latitude: 51.5, longitude: -0.12, title: "London", once: "location" },
    { operation: "poll", question: "Tea?", options: "yes\nno\n", once: "poll" },
  ]) {
    const run = () => new Wagate().execute.call(context({ ...to, ...parameters }));
    const [[{ json, pairedItem }]] = await run();
    assert.ok(json.messageId, JSON.stringify(json));
    assert.deepEqual(pairedItem, { item: 0 });
    const [[again]] = await run();
    assert.equal(again.json.messageId, json.messageId);
  }
  const bodies = async () => (await seenByAda()).map(({ body }) => body);
  // Without a key each run of a loop sends.
  const unnamed = { ...to, operation: "text", content: "Each time" };
  for (const run of [1, 2]) {
    const [[{ json }]] = await new Wagate().execute.call(context(unnamed));
    assert.ok(json.messageId, `run ${run}`);
  }
  await until(async () => (await bodies()).length >= 7, "seven messages");
  const seen = await bodies();
  assert.equal(seen.length, 7, seen.join());
  assert.ok(seen.includes("From a flow") && seen.includes("Tea?"), seen.join());
});

test("a refusal stops the flow, or becomes an item where it goes on", async () => {
  const wrong = { session: "shop", chatId: "nobody", content: "x", operation: "text" };
  await assert.rejects(new Wagate().execute.call(context(wrong)), /not a WhatsApp address/);
  const [[item]] = await new Wagate().execute.call(context(wrong, { continues: true }));
  assert.match(item.json.error, /not a WhatsApp address/);
});

test("the trigger registers itself, takes what is genuine, and takes itself away", async () => {
  const trigger = new WagateTrigger();
  const kept = {};
  const runs = [];
  const refused = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const rawBody = Buffer.concat(parts);
    const status = (code) => ({ json: () => { refused.push(code); response.writeHead(code).end(); } });
    const taken = await trigger.webhook.call({
      ...context({}, { kept }),
      getRequestObject: () => ({ rawBody, headers: request.headers }),
      getResponseObject: () => ({ status }),
    });
    if (taken.noWebhookResponse) return;
    runs.push(taken.workflowData[0][0].json);
    response.writeHead(200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  const node = context({ session: "shop", events: ["message"] }, { kept, url });
  const { checkExists, create, delete: remove } = trigger.webhookMethods.default;
  assert.equal(await checkExists.call(node), false);
  assert.equal(await create.call(node), true);
  assert.equal(await checkExists.call(node), true);
  // Activated once more: the webhook is there already, and its deliveries are still genuine.
  assert.equal(await create.call(node), true);
  await gateway.call("POST", `accounts/${ADA}/messages`, { chat: `${PHONE}@c.us`, text: "Start" });
  const event = await until(() => runs[0], "a run");
  assert.equal(event.event, "message");
  assert.equal(event.data.body, "Start");
  assert.equal((await fetch(url, { method: "POST", body: "{}" })).status, 401);
  assert.deepEqual(refused, [401]);
  assert.equal(await remove.call(node), true);
  assert.deepEqual(kept, {});
  assert.deepEqual((await api("GET", "/api/v1/sessions/shop/webhooks")).data, []);
  server.close();
  server.closeAllConnections();
});
