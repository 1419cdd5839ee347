// Lists of 100,000 conversations and messages scroll smoothly: a frame draws the rows that come in
// sight, and no others. What it costs is a measurement (`npm run frames`), and none of a test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "../scripts/frames.mjs";

const FRAMES = 120;
const MOST_ROWS = 60;
/** Pixels: no row is so low. One that comes in sight is drawn once, or twice with a new page. */
const LOWEST_ROW = 20;
/** Rows are laid out when they come, and once more when their place is known. */
const MOST_LAYOUTS = 4;

test("100,000 conversations and messages scroll smoothly", async () => {
  const measured = await measure(FRAMES);
  assert.equal(measured.length, 5);
  for (const { name, rows, way, drawn, layouts } of measured) {
    assert.ok(0 < way && 0 < drawn, `${name}: it does not scroll`);
    assert.ok(0 < rows && rows <= MOST_ROWS, `${name}: ${rows} rows in the page`);
    assert.ok(drawn <= MOST_ROWS + way / LOWEST_ROW, `${name}: ${drawn} rows for ${way} px`);
    assert.ok(layouts <= MOST_LAYOUTS, `${name}: laid out ${layouts.toFixed(1)} times for a frame`);
  }
});
