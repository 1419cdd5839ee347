// Every view, in both colour schemes and both widths, against axe-core; none may scroll sideways or
// jump while it is built.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, inScheme, jumps, launch, OF_COLOURS, open } from "./support/browser.mjs";
import { setScenery, shots } from "./support/scenery.mjs";

/** Cumulative layout shift: what counts as good. */
const MOST_JUMPS = 0.1;

let browser, scenery;
before(async () => {
  [browser, scenery] = await Promise.all([launch(), setScenery()]);
});
after(() => Promise.all([browser?.close(), scenery?.stop()]));

/** A scheme has colours alone (words.test.mjs), so a view is built once for both. */
describe("every view", { concurrency: 2 }, () => {
  for (const shot of shots) {
    for (const width of [360, 1440]) {
      test(`${shot.name}, ${width} px wide`, () => look(shot, width));
    }
  }
});

async function look(shot, width) {
  const gateway = scenery.of(shot);
  const viewport = { width, height: 800 };
  const { page, close } = await open(browser, gateway, {
    hash: shot.hash, colorScheme: "light", viewport, isMobile: width < 500,
    ...scenery.optionsOf(shot),
  });
  await shot.ready(page, gateway);
  const { value, nodes } = await jumps(page);
  assert.ok(value <= MOST_JUMPS, `${value.toFixed(3)} jumped: ${nodes.join("; ")}`);
  await inScheme(page, "light");
  await assertAccessible(page, `${shot.name}, light`);
  await inScheme(page, "dark");
  await assertAccessible(page, `${shot.name}, dark`, OF_COLOURS);
  const overhang = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overhang <= 0, `${overhang} px hang over`);
  await close();
}
