import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { operations } from "../../strings/operations";
import { nameOfOperation, operationsByName } from "./operations";

interface Operation { operationId: string; description?: string }

/** What people change of their own sign-in is recorded without the scope `admin`. */
const OWN = ["changePassword", "disableTotp", "removeLogin", "setUpTotp", "verifyTotp"];

/** The operations of the OpenAPI document that change something, as administrators may. */
function administration(): string[] {
  const text = readFileSync("../../docs/openapi.json", "utf8");
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
  return Object.values(paths).flatMap((path) =>
    ["post", "put", "patch", "delete"].flatMap((method) => path[method] ?? []))
    .filter(({ description }) => description?.includes("Needs the scope `admin`"))
    .map(({ operationId }) => operationId);
}

test("every operation of the audit log has a name, and no other", () => {
  assert.deepEqual(Object.keys(operations).sort(), [...administration(), ...OWN].sort());
});

test("no two operations have the same name", () => {
  const names = Object.values(operations);
  assert.equal(new Set(names).size, names.length);
});

test("an operation that is not known keeps its technical name, and can be chosen", () => {
  assert.equal(nameOfOperation("createApiKey"), "Create API key");
  assert.equal(nameOfOperation("constructor"), "constructor");
  assert.ok(!operationsByName("").includes("bendSpoon"));
  const names = operationsByName("bendSpoon").map(nameOfOperation);
  assert.ok(names.indexOf("bendSpoon") < names.indexOf("Change account"));
});
