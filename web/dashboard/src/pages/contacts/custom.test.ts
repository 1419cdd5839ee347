import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, linesOf } from "./custom";

const FIELDS = { city: "Pune", age: 7, seen: { at: [1] } };

test("fields that are written and read again change nothing", () => {
  assert.equal(linesOf(FIELDS), 'city: Pune\nage: 7\nseen: {"at":[1]}');
  assert.deepEqual(changeOf(FIELDS, linesOf(FIELDS)), {});
});

test("a line that is new, other or gone is a change", () => {
  assert.deepEqual(changeOf(FIELDS, "city: Delhi: old\nage: 7\nnick:  Ada \n\n"), {
    seen: null, city: "Delhi: old", nick: "Ada",
  });
});

test("a line without a name cannot be read", () => {
  for (const line of ["Pune", ": Pune", "  : x"]) assert.equal(changeOf({}, line), null);
});
