// Lists of 100,000 conversations and messages scroll smoothly: a frame needs little work, and few
// rows are in the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "../scripts/frames.mjs";

/** Seconds at each speed. */
const SECONDS = 2;
/** Milliseconds of the processor: what is left of a frame's 16.7 for the browser to draw it. */
const MOST_WORK = 12;
/** At five times the speed a frame may be left out: what it brings is new to the last pixel. */
const MOST_WORK_FAST = 25;
const MOST_ROWS = 60;

test("100,000 conversations and messages scroll smoothly", async () => {
  const measured = await measure(SECONDS);
  assert.equal(measured.length, 5);
  for (const { name, isFast, frames, rows, way, work } of measured) {
    assert.ok(0 < way && 10 < frames.length, `${name}: it does not scroll`);
    assert.ok(0 < rows && rows <= MOST_ROWS, `${name}: ${rows} rows in the page`);
    const most = isFast ? MOST_WORK_FAST : MOST_WORK;
    assert.ok(work <= most, `${name}: ${work.toFixed(1)} ms of work for a frame`);
  }
});
