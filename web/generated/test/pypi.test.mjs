// A client that PyPI's generator makes from the OpenAPI document, where GENERATOR_PYTHON names a
// Python that has it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";

import { Gateway, PHONE } from "../../peers/gateway.mjs";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
const python = process.env.GENERATOR_PYTHON;
const document = "dist/openapi-for-python.json";
const text = { encoding: "utf8", maxBuffer: 1 << 26 };

const generate = () => {
  mkdirSync("dist", { recursive: true });
  rmSync("dist/python_client", { recursive: true, force: true });
  writeFileSync(document, execFileSync(PROGRAM, ["openapi"], text));
  const output = ["--output-path", "dist/python_client", "--meta", "none"];
  const generator = `${dirname(python)}/openapi-python-client`;
  execFileSync(generator, ["generate", "--path", document, ...output], text);
};

test("a client of openapi-python-client makes a session, sends, lists and reads events", {
  skip: !python && "GENERATOR_PYTHON is not set",
}, async () => {
  generate();
  Object.assign(process.env, { WAGATE_ENGINE: "simulated" });
  const gateway = await Gateway.start();
  try {
    const said = execFileSync(python, ["pypi.py", gateway.address, PHONE], text);
    const { ack, names, fault, events } = JSON.parse(said);
    assert.ok(ack >= 1, `ack ${ack}`);
    assert.ok(names.includes("15550000001@c.us"), names.join());
    assert.equal(fault, "INVALID_CHAT_ID");
    assert.equal(events.length, 1);
  } finally {
    await gateway.stop();
  }
});
