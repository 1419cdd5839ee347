// The official clients, unmodified, over every transport and in both eras of the protocol.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import * as modern from "@modelcontextprotocol/client";
import * as modernStdio from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

import { Gateway, within } from "../../peers/gateway.mjs";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
const INVALID_PARAMS = -32602;
const PHONE = "+15550001111";
const CURRENT = "2026-07-28";

let gateway;
let key;

before(async () => {
  Object.assign(process.env, { WAGATE_ENGINE: "simulated", WAGATE_LIMITS__BUSINESS: "0" });
  gateway = await Gateway.start();
  key = readFileSync(join(gateway.folder, "data/bootstrap.key"), "utf8").trim();
  const client = await connected("v1", "http");
  await client.callTool({ name: "create_contact", arguments: { phone: PHONE, name: "Ada" } });
  await client.close();
});

after(() => gateway?.stop());

/** What a client goes by, of the one package or of the other. */
function transport(kind, { Http, Sse, Stdio }) {
  const url = `${gateway.address}/api/mcp`;
  const headers = { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
  switch (kind) {
    case "http":
      return new Http(new URL(url), headers);
    case "sse":
      return new Sse(new URL(`${url}/sse`), headers);
    default: {
      const args = ["mcp", "--url", gateway.address, "--key", key];
      return new Stdio({ command: PROGRAM, args });
    }
  }
}

async function connected(name, kind, mode) {
  const own = { name: "test", version: "1.0.0" };
  if (name === "v1") {
    const client = new LegacyClient(own);
    const kinds = {
      Http: StreamableHTTPClientTransport,
      Sse: SSEClientTransport,
      Stdio: StdioClientTransport,
    };
    await client.connect(transport(kind, kinds));
    return client;
  }
  const versionNegotiation = mode && { mode: mode === CURRENT ? { pin: mode } : mode };
  const client = new modern.Client(own, versionNegotiation ? { versionNegotiation } : {});
  const kinds = {
    Http: modern.StreamableHTTPClientTransport,
    Sse: modern.SSEClientTransport,
    Stdio: modernStdio.StdioClientTransport,
  };
  await client.connect(transport(kind, kinds));
  return client;
}

/** A list, a call that works, a refusal, a tool that there is none of. */
async function journey(client) {
  assert.equal(client.getServerVersion().name, "wagate");
  const { tools } = await client.listTools();
  assert.equal(tools[0].name, "list_contacts");
  const list = await client.callTool({ name: "list_contacts", arguments: { search: "ada" } });
  assert.equal(list.structuredContent.contacts[0].phone, PHONE);
  assert.deepEqual(JSON.parse(list.content[0].text), list.structuredContent);
  const again = { name: "create_contact", arguments: { phone: PHONE } };
  const refused = await client.callTool(again);
  assert.ok(refused.isError);
  assert.equal(refused.structuredContent.code, "duplicate");
  const unknown = client.callTool({ name: "nothing_such", arguments: {} });
  await assert.rejects(unknown, ({ code }) => code === INVALID_PARAMS);
  const { resources } = await client.listResources();
  const { contents } = await client.readResource({ uri: resources[0].uri });
  assert.match(contents[0].text, /^# /);
  const { prompts } = await client.listPrompts();
  assert.ok(prompts.some(({ name }) => name === "summarise_day"));
  const { messages } = await client.getPrompt({ name: "summarise_day", arguments: {} });
  assert.equal(messages.length, 1);
}

for (const kind of ["http", "sse", "stdio"]) {
  for (const [name, mode] of [["v1"], ["v2"], ["v2", "auto"], ["v2", CURRENT]]) {
    test(`${name} over ${kind}${mode ? `, ${mode}` : ""}`, async () => {
      const client = await within(connected(name, kind, mode), "the connection");
      try {
        await within(journey(client), "the journey");
      } finally {
        await client.close();
      }
    });
  }
}

test("every schema is valid JSON Schema 2020-12", async () => {
  const client = await connected("v1", "http");
  const { tools } = await client.listTools();
  await client.close();
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
  addFormats.default(ajv);
  for (const { name, inputSchema, outputSchema } of tools) {
    for (const schema of [inputSchema, outputSchema]) {
      assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
      assert.doesNotThrow(() => ajv.compile(schema), name);
    }
  }
});
