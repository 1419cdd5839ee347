import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "./failure";

test("an error in an object is read with its code, its details and its wait", () => {
  const error = { code: "INVALID", message: "no", details: { fields: { name: ["is required"] } } };
  const failure = failureOf(400, { success: false, error }, "7");
  assert.deepEqual([failure.code, failure.message, failure.retryAfter], ["INVALID", "no", 7]);
  assert.equal(failure.field("name"), "is required");
});

test("an error in a sentence is read alike, wherever its fields stand", () => {
  const beside = { error: "phone: no", code: "validation_error", fields: { phone: ["x"] } };
  assert.equal(failureOf(400, beside, null).field("phone"), "x");
  assert.equal(failureOf(400, beside, null).code, "VALIDATION_ERROR");
  const within = { error: "no", code: "FORBIDDEN", details: { fields: { name: ["y"] } } };
  assert.equal(failureOf(403, within, null).field("name"), "y");
  assert.equal(failureOf(403, within, null).message, "no");
});

test("anything else is unreadable", () => {
  for (const body of [undefined, null, 1, "<html>", {}, { error: null }]) {
    assert.equal(failureOf(502, body, "soon").code, "UNREADABLE");
  }
  assert.equal(failureOf(502, { error: "text" }, null).code, "UNREADABLE");
});
