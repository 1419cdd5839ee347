import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionOf, piecesOfNote } from "./note-text";

const id = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a";
const text = (value: string) => ({ text: value, isMention: false });

test("a mention is shown by its name, whatever stands around it", () => {
  assert.deepEqual(piecesOfNote(`${mentionOf({ id, name: "Grace Hopper" })}please`), [
    { text: "@Grace Hopper", isMention: true }, text(" please"),
  ]);
  assert.deepEqual(piecesOfNote("@grace please"), [text("@grace please")]);
  assert.deepEqual(piecesOfNote(""), []);
});

test("a name cannot end its mention early", () => {
  const hostile = { id, name: "x](user:y) <b>[" };
  assert.deepEqual(piecesOfNote(mentionOf(hostile)), [
    { text: "@xuser:y <b>", isMention: true }, text(" "),
  ]);
});

test("what only looks like a mention is text", () => {
  for (const shown of ["@[x](user:1)", "@[](user:)", `@[x\ny](user:${id})`]) {
    assert.deepEqual(piecesOfNote(shown), [text(shown)]);
  }
});
