import assert from "node:assert/strict";
import { test } from "node:test";
import { type Member, offerMembers } from "./members";

const member = (name: string, number: string): Member =>
  ({ id: `${number}@c.us`, name, number, isAdmin: false });

test("members are offered by parts of their names and numbers, and mentioned by the number", () => {
  const all = [member("Ada Lovelace", "15550000011"), member("Grace", "15550000012")];
  assert.deepEqual(offerMembers(all, "LOVE").map(({ take }) => take()), ["@15550000011 "]);
  assert.deepEqual(offerMembers(all, "0012").map(({ label }) => label), ["Grace"]);
  assert.equal(offerMembers(all, "").length, 2);
  assert.deepEqual(offerMembers(all, "nobody"), []);
});

test("a large group offers a few", () => {
  const all = Array.from({ length: 500 }, (_, at) => member(`Member ${at}`, String(at)));
  assert.equal(offerMembers(all, "member").length, 8);
});
