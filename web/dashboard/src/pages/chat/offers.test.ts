import assert from "node:assert/strict";
import { test } from "node:test";
import { askedBy } from "./offers";

test("a slash asks at the beginning alone", () => {
  assert.deepEqual(askedBy("/gre"), { sign: "/", words: "gre", from: 0 });
  assert.deepEqual(askedBy("/"), { sign: "/", words: "", from: 0 });
  for (const text of ["and/or", "1 /2", "/greeting now", "", "text"]) {
    assert.equal(askedBy(text), null);
  }
});

test("an at sign asks where a word begins", () => {
  assert.deepEqual(askedBy("Hello @gr"), { sign: "@", words: "gr", from: 6 });
  assert.deepEqual(askedBy("@"), { sign: "@", words: "", from: 0 });
  for (const text of ["a@b", "@grace is", "mail@"]) assert.equal(askedBy(text), null);
});
