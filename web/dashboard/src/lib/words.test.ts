import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneField, orNull, wordsOf } from "./words";

test("words are read between commas and line breaks, each once", () => {
  assert.deepEqual(wordsOf(" vip, retail\n new ,,vip,"), ["vip", "retail", "new"]);
  assert.deepEqual(wordsOf(" \n, "), []);
});

test("what is written is read again", () => {
  const words = ["order status", "refund"];
  assert.deepEqual(wordsOf(inOneField(words)), words);
});

test("a text of blanks is none", () => {
  assert.equal(orNull("  "), null);
  assert.equal(orNull(" a "), " a ");
});
