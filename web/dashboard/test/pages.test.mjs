// Every view, in both colour schemes and both widths, against axe-core; none may scroll sideways or
// jump while it is built.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, jumps, launch, open } from "./support/browser.mjs";
import { setScenery, shots } from "./support/scenery.mjs";

/** Cumulative layout shift: what counts as good. */
const MOST_JUMPS = 0.1;

let browser, scenery;
before(async () => {
  [browser, scenery] = await Promise.all([launch(), setScenery()]);
});
after(() => Promise.all([browser?.close(), scenery?.stop()]));

for (const shot of shots) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1440]) {
      test(`${shot.name}, ${colorScheme}, ${width} px wide`, async () => {
        const gateway = scenery.of(shot);
        const viewport = { width, height: 800 };
        const { page, close } = await open(browser, gateway, {
          hash: shot.hash, colorScheme, viewport, isMobile: width < 500,
          ...scenery.optionsOf(shot),
        });
        await shot.ready(page, gateway);
        const { value, nodes } = await jumps(page);
        assert.ok(value <= MOST_JUMPS, `${value.toFixed(3)} jumped: ${nodes.join("; ")}`);
        await assertAccessible(page, shot.name);
        const overhang = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(overhang <= 0, `${overhang} px hang over`);
        await close();
      });
    }
  }
}
