// The official client for Python, where MCP_PYTHON names a Python that has it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { Gateway } from "../../peers/gateway.mjs";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
const python = process.env.MCP_PYTHON;
const skip = !python && "MCP_PYTHON is not set";

test("PyPI's mcp over every transport", { skip }, async (run) => {
  Object.assign(process.env, { WAGATE_ENGINE: "simulated", WAGATE_LIMITS__BUSINESS: "0" });
  const gateway = await Gateway.start();
  const key = readFileSync(join(gateway.folder, "data/bootstrap.key"), "utf8").trim();
  try {
    for (const kind of ["http", "sse", "stdio"]) {
      await run.test(kind, () => {
        const given = ["pypi.py", kind, gateway.address, key, PROGRAM];
        const said = JSON.parse(execFileSync(python, given, { encoding: "utf8" }));
        assert.equal(said.tools[0], "list_contacts");
        assert.ok(Array.isArray(said.listed.contacts));
        assert.equal(said.refused, "validation_error");
        assert.ok(said.unknown);
      });
    }
  } finally {
    await gateway.stop();
  }
});
