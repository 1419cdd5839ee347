// The nodes in n8n itself, from npm, beside a real gateway: `make test-n8n` installs it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { Gateway, until } from "../../../web/peers/gateway.mjs";
import { N8n } from "./n8n.mjs";

const PHONE = "447700900081";
const ADA = "15550000011";
const PATIENCE = 120_000;
const CREDENTIAL = { id: "wagateKey0000001", name: "The gateway" };
const FLOW = "wagateAnswers001";
const FLOW_PATH = "6b0d6b43-31c0-4a55-9a53-3f9d4f7c7d10";
let gateway;
let key;
let n8n;

const api = async (method, path, body) => {
  const headers = { "content-type": "application/json", "x-api-key": key };
  const answer = await fetch(gateway.address + path, { method, headers, body: JSON.stringify(body) });
  return (await answer.json()).data;
};
const webhooks = () => api("GET", "/api/v1/sessions/shop/webhooks");
const onAdasPhone = async () =>
  (await gateway.call("GET", `accounts/${ADA}/chats/${PHONE}@c.us/messages`)).messages.map(({ body }) => body);
const adaWrites = (text) =>
  gateway.call("POST", `accounts/${ADA}/messages`, { chat: `${PHONE}@c.us`, text });
const answers = (text) =>
  until(async () => (await onAdasPhone()).includes(text), `the answer ${text}`, PATIENCE);

/** A trigger on messages, and an answer with what was written, once for each event. */
function flow() {
  const credentials = { wagateApi: CREDENTIAL };
  return {
    id: FLOW,
    name: "Answers",
    active: false,
    versionId: "6b0d6b43-31c0-4a55-9a53-3f9d4f7c7d11",
    settings: {},
    nodes: [
      {
        id: "0b0c3c2e-5a3c-4f0e-8d8e-0d2f8f1c0001",
        name: "Message",
        type: "CUSTOM.wagateTrigger",
        typeVersion: 1,
        position: [0, 0],
        webhookId: FLOW_PATH,
        credentials,
        parameters: { session: "shop", events: ["message"] },
      },
      {
        id: "0b0c3c2e-5a3c-4f0e-8d8e-0d2f8f1c0002",
        name: "Answer",
        type: "CUSTOM.wagate",
        typeVersion: 1,
        position: [200, 0],
        credentials,
        parameters: {
          operation: "text",
          session: "shop",
          chatId: "={{ $json.data.from }}",
          content: "=n8n read: {{ $json.data.body }}",
          once: "={{ $json.id }}",
        },
      },
    ],
    connections: { Message: { main: [[{ node: "Answer", type: "main", index: 0 }]] } },
  };
}

/** Switches the workflow as the editor does, which saves a version of it first. */
async function setActive(active) {
  const { versionId } = await n8n.call("GET", `workflows/${FLOW}`);
  await n8n.call("PATCH", `workflows/${FLOW}`, { ...flow(), active, versionId });
}

before(async () => {
  n8n = await N8n.make();
  process.env.WAGATE_ENGINE = "simulated";
  // As in docs/examples/compose/n8n.yml: n8n is the one target that is not public and allowed.
  process.env.WAGATE_WEBHOOKS__ALLOW_PRIVATE_TARGETS = "no";
  process.env.WAGATE_WEBHOOKS__ALLOWED_TARGETS = new URL(n8n.address).host;
  gateway = await Gateway.start();
  key = readFileSync(`${gateway.folder}/data/bootstrap.key`, "utf8").trim();
  await api("POST", "/api/v1/sessions", { sessionId: "shop" });
  const { qrText } = await api("GET", "/api/v1/sessions/shop/qr?format=text");
  await gateway.call("POST", `accounts/${PHONE}/scan`, { code: qrText });
  const status = async () => (await api("GET", "/api/v1/sessions/shop/status")).status;
  await until(async () => (await status()) === "ready", "a ready session");
  const data = { url: gateway.address, key };
  await n8n.import("credentials", [{ ...CREDENTIAL, type: "wagateApi", data }]);
  await n8n.import("workflow", [flow()]);
  await n8n.start();
  await n8n.signIn();
});

after(async () => {
  await n8n?.remove();
  await gateway?.stop();
});

test("n8n accepts the credential, and refuses a wrong key", async () => {
  const type = "wagateApi";
  const tried = (data) =>
    n8n.call("POST", "credentials/test", { credentials: { ...CREDENTIAL, type, data } });
  const { status, message } = await tried({ url: gateway.address, key });
  assert.equal(status, "OK", message);
  const wrong = await tried({ url: gateway.address, key: "wag_wrong" });
  assert.equal(wrong.status, "Error", wrong.message);
});

test("an activated workflow registers its webhook, and answers who writes", async () => {
  await setActive(true);
  const [hook, ...others] = await webhooks();
  assert.deepEqual(others, []);
  assert.ok(hook.url.startsWith(`${n8n.address}/webhook/${FLOW_PATH}`), hook.url);
  assert.deepEqual(hook.events, ["message"]);
  await adaWrites("Is anybody there?");
  await answers("n8n read: Is anybody there?");
});

test("a delivery that the gateway did not sign starts nothing", async () => {
  const [{ url }] = await webhooks();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ id: "forged", data: { from: `${ADA}@c.us`, body: "forged" } });
  const refused = await fetch(url, { method: "POST", headers, body });
  assert.equal(refused.status, 401);
  await adaWrites("And now?");
  await answers("n8n read: And now?");
  assert.ok(!(await onAdasPhone()).includes("n8n read: forged"));
});

test("an active workflow goes on after n8n was restarted, with what was written meanwhile", async () => {
  await n8n.stop();
  await adaWrites("Still there?");
  await n8n.start();
  await answers("n8n read: Still there?");
  assert.equal((await webhooks()).length, 1);
});

test("deactivation removes the webhook, and activation registers it again", async () => {
  await setActive(false);
  assert.deepEqual(await webhooks(), []);
  await setActive(true);
  assert.equal((await webhooks()).length, 1);
  await adaWrites("Back?");
  await answers("n8n read: Back?");
});

test("n8n asked no other host meanwhile", () => {
  assert.deepEqual(n8n.outward, []);
});
