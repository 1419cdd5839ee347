import assert from "node:assert/strict";
import { test } from "node:test";
import { newest, peak, sum } from "./sums";

test("nothing sums up to nothing", () => {
  assert.deepEqual([sum([]), newest([]), peak(), peak([], [])], [0, 0, 0, 0]);
});

test("a peak is of what stood together, not of the peaks", () => {
  assert.equal(peak([5, 0, 1], [0, 4, 1]), 5);
  assert.equal(sum([1, 2, 3]), 6);
  assert.equal(newest([1, 2, 3]), 3);
});
