import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf, faultOf, mappingOf } from "./mapping";

test("what the gateway suggests is a choice for each column, and the way back", () => {
  const choices = choicesOf(["Mobile", "City", "Name"], { phone: "Mobile", name: "Name" });
  assert.deepEqual(choices, { Mobile: "phone", City: "", Name: "name" });
  assert.deepEqual(mappingOf(choices), { phone: "Mobile", name: "Name" });
});

test("a file needs a number, and a field has one column", () => {
  assert.equal(faultOf({ A: "name" }), "noPhone");
  assert.equal(faultOf({ A: "phone", B: "name", C: "name" }), "twice");
  assert.equal(faultOf({ A: "phone", B: "", C: "" }), null);
});
