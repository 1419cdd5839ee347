import assert from "node:assert/strict";
import { test } from "node:test";
import { hoursOf, nextPart, weekOf } from "./hours";

test("the end of a day is midnight in a field, and 24:00 in the settings", () => {
  const week = weekOf({ mon: [["09:00", "12:00"], ["18:00", "24:00"]] });
  assert.deepEqual(week.mon[1], { from: "18:00", to: "00:00" });
  assert.deepEqual(week.sun, []);
  assert.deepEqual(hoursOf(week).mon, [["09:00", "12:00"], ["18:00", "24:00"]]);
  assert.deepEqual(hoursOf(weekOf(null)).fri, []);
});

test("a day begins with usual hours, and goes on where it stopped", () => {
  assert.deepEqual(nextPart([]), { from: "09:00", to: "18:00" });
  assert.deepEqual(nextPart([{ from: "09:00", to: "12:00" }]), { from: "12:00", to: "" });
});
