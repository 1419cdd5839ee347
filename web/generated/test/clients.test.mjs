// Clients that generators make from the OpenAPI document, against a real gateway on the simulated
// network: their types are checked against the journeys in `src`, and the journeys are made.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { build } from "esbuild";

import { Gateway } from "../../peers/gateway.mjs";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
const TOOLS = resolve("../node_modules/.bin");
const MADE = resolve("dist");

let gateway;

const run = (tool, ...more) => {
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
  try {
    execFileSync(`${TOOLS}/${tool}`, more, options);
  } catch (error) {
    assert.fail(`${tool}: ${error.stdout}${error.stderr}`);
  }
};

/** Makes a journey, from its source. */
async function journey(name) {
  const outfile = `${MADE}/${name}.mjs`;
  const entryPoints = [`src/${name}.ts`];
  await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node" });
  const { journey: go } = await import(pathToFileURL(outfile).href);
  return go(gateway.address, (code) => gateway.scan(code));
}

before(async () => {
  rmSync(MADE, { recursive: true, force: true });
  mkdirSync(MADE);
  const document = `${MADE}/openapi.json`;
  writeFileSync(document, execFileSync(PROGRAM, ["openapi"], { maxBuffer: 1 << 26 }));
  run("openapi-typescript", document, "--output", `${MADE}/schema.d.ts`);
  run("openapi-ts", "--input", document, "--output", `${MADE}/hey`, "--silent");
  Object.assign(process.env, { WAGATE_ENGINE: "simulated" });
  gateway = await Gateway.start();
});

after(() => gateway?.stop());

test("the journeys fit the generated types", () => {
  run("tsc", "--project", "tsconfig.json");
});

for (const name of ["openapi-fetch", "hey-api"]) {
  test(`a client of ${name} makes a session, sends, lists and reads events`, async () => {
    const { ack, names, fault, events } = await journey(name);
    assert.ok(ack >= 1, `ack ${ack}`);
    assert.ok(names.includes("15550000001@c.us"), names.join());
    assert.equal(fault, "INVALID_CHAT_ID");
    assert.ok(events.includes("ready"), events.join());
  });
}
