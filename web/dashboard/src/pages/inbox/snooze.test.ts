import assert from "node:assert/strict";
import { test } from "node:test";
import { timesFrom } from "./snooze";

/** By the clock of this machine, as the times are. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute);
const from = (now: Date) => timesFrom(now.getTime());

test("a conversation comes back later today, tomorrow morning or on Monday", () => {
  // A Tuesday.
  assert.deepEqual(from(at(24, 10, 31)), [
    ["today", at(24, 13, 31).toISOString()],
    ["tomorrow", at(25, 9).toISOString()],
    ["week", at(30, 9).toISOString()],
  ]);
});

test("late in the evening nothing is later today", () => {
  assert.deepEqual(from(at(24, 22)).map(([name]) => name), ["tomorrow", "week"]);
});

test("on a Monday the next week is another one, on a Sunday it begins tomorrow", () => {
  const week = (now: Date) => from(now).find(([name]) => name === "week")?.[1];
  assert.equal(week(at(23, 8)), at(30, 9).toISOString());
  assert.equal(week(at(29, 8)), at(30, 9).toISOString());
});
