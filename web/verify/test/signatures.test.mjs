// What the gateway signs, verified by the libraries that receivers use.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { Gateway, until } from "../../peers/gateway.mjs";
import { Verifiers } from "../verifiers.mjs";

const SILENT = "15550000003@c.us";
const ODD = "\u{202e}e\u{301} \u{1F469}\u{200d}\u{1F52C} \u{2028} \"\\ \u{feff} </script>";

let gateway;
let receiver;
let verifiers;
const got = [];
let answer = () => 200;

before(async () => {
  Object.assign(process.env, {
    WAGATE_ENGINE: "simulated",
    WAGATE_WEBHOOKS__RETRY_SCHEDULE: "10ms,10ms,10ms",
  });
  gateway = await Gateway.start();
  verifiers = new Verifiers();
  receiver = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      got.push({ body, headers: request.headers });
      response.writeHead(answer(got.length)).end();
    });
  });
  await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));
  await call("POST", "sessions", { sessionId: "s" });
  const { qrText } = await call("GET", "sessions/s/qr?format=text");
  await gateway.scan(qrText);
  await until(
    async () => (await call("GET", "sessions/s/status")).status === "ready",
    "the session to be ready",
  );
});

after(async () => {
  verifiers?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
  await gateway?.stop();
});

async function call(method, path, body) {
  const response = await fetch(`${gateway.address}/api/v1/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await response.json();
  assert.ok(response.ok && text.success, `${method} ${path}: ${JSON.stringify(text)}`);
  return text.data;
}

async function register(path, more = {}) {
  got.length = 0;
  const url = `http://127.0.0.1:${receiver.address().port}${path}`;
  const hook = await call("POST", "sessions/s/webhooks", {
    url,
    events: ["message_sent"],
    ...more,
  });
  return { ...hook, path: `sessions/s/webhooks/${hook.id}` };
}

async function remove(hook) {
  await fetch(`${gateway.address}/api/v1/${hook.path}`, { method: "DELETE" });
}

function verifies(secret, request) {
  return verifiers.verify(secret, request);
}

test("every attempt at an odd event verifies, and nothing that was changed does", async (run) => {
  run.diagnostic(`verified by ${verifiers.names.join(" and ")}`);
  const hook = await register("/odd");
  answer = (count) => (count < 3 ? 500 : 200);
  await call("POST", "sessions/s/send-text", { chatId: SILENT, content: ODD });
  await until(() => got.length === 3, "three attempts");
  for (const request of got) {
    const event = new Webhook(hook.secret).verify(request.body, request.headers);
    assert.equal(event.data.body, ODD);
    assert.equal(event.id, request.headers["webhook-id"]);
    assert.ok(await verifies(hook.secret, request));
  }
  assert.equal(new Set(got.map(({ headers }) => headers["webhook-id"])).size, 1);
  const [{ body, headers }] = got;
  const another = { ...headers, "webhook-id": "another" };
  const late = { ...headers, "webhook-timestamp": `${Number(headers["webhook-timestamp"]) + 1}` };
  const longer = { body: `${body} `, headers };
  const changed = [longer, { body, headers: another }, { body, headers: late }];
  for (const request of changed) assert.ok(!(await verifies(hook.secret, request)));
  assert.ok(!(await verifies(`whsec_${Buffer.from("another secret").toString("base64")}`, got[0])));
  answer = () => 200;
  await remove(hook);
});

test("a caller's own secret signs", async () => {
  const secret = `whsec_${Buffer.from("a secret that the caller chose").toString("base64")}`;
  const hook = await register("/own", { secret });
  await call("POST", `${hook.path}/test`);
  assert.ok(await verifies(secret, got[0]));
  await remove(hook);
});

test("while a secret rotates both sign, and then the new one alone", async () => {
  const hook = await register("/rotation");
  const ping = async () => {
    await call("POST", `${hook.path}/test`);
    return got.at(-1);
  };
  const second = (await call("POST", `${hook.path}/rotate-secret`, { overlapSeconds: 3 })).secret;
  const during = await ping();
  assert.ok((await verifies(hook.secret, during)) && (await verifies(second, during)));
  await until(
    async () => !(await verifies(hook.secret, await ping())),
    "the end of the old secret",
  );
  assert.ok(await verifies(second, await ping()));

  const third = (await call("POST", `${hook.path}/rotate-secret`)).secret;
  const both = await ping();
  assert.ok(await verifies(second, both));
  assert.ok(await verifies(third, both));
  assert.ok(!(await verifies(hook.secret, both)));

  const leaked = { overlapSeconds: 0 };
  const fourth = (await call("POST", `${hook.path}/rotate-secret`, leaked)).secret;
  const one = await ping();
  assert.ok(await verifies(fourth, one));
  assert.ok(!(await verifies(third, one)));
  assert.ok(!(await verifies(second, one)));
  await remove(hook);
});
