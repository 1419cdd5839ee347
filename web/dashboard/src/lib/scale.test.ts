import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf, daysBefore, endOfAxis } from "./scale";

test("an axis ends at a round number that holds every value", () => {
  const ends = [[], [0], [1], [3], [10], [11], [51], [999], [2_000]].map(endOfAxis);
  assert.deepEqual(ends, [1, 1, 1, 5, 10, 20, 100, 1_000, 2_000]);
});

test("days go over the ends of months and years", () => {
  assert.equal(daysBefore("2026-03-01", 1), "2026-02-28");
  assert.equal(daysBefore("2026-01-03", 6), "2025-12-28");
  assert.equal(daysBefore("2026-03-30", 0), "2026-03-30");
  assert.match(dayOf(Date.now()), /^\d{4}-\d{2}-\d{2}$/);
});
