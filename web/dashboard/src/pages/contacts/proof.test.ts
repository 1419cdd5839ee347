import assert from "node:assert/strict";
import { test } from "node:test";
import { proofOf } from "./proof";

test("a proof has its time apart from its words", () => {
  const at = Date.parse("2026-05-01T08:00:00Z");
  assert.deepEqual(proofOf("2026-05-01T08:00:00Z"), { at, words: "" });
  assert.deepEqual(proofOf("2026-05-01T10:00:00+02:00 a form"), { at, words: "a form" });
  for (const words of [
    "message:false_1@c.us_A", "2026-05-01 a form", "by telephone", "2026-99-99T1 x",
  ]) {
    assert.deepEqual(proofOf(words), { at: null, words });
  }
});
