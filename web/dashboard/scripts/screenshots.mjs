// Draws every page, light and dark, narrow and wide, into docs/screenshots.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, open } from "../test/support/browser.mjs";
import { setScenery, shots } from "../test/support/scenery.mjs";

// `npm run screenshots -- sessions` draws those whose names begin so; a folder after it gets them
// as PNG, to be looked at.
const [, , chosen = "", folder] = process.argv;
const FOLDER = folder ?? fileURLToPath(new URL("../../../docs/screenshots", import.meta.url));
const WIDTHS = { 390: 844, 1440: 900 };
const LARGEST = folder ? Infinity : 96 * 1024;
/** The best that is not too large. */
const QUALITIES = [85, 75, 65, 50, 35];

mkdirSync(FOLDER, { recursive: true });
const [browser, scenery] = await Promise.all([launch(), setScenery()]);
for (const shot of shots.filter((each) => each.name.startsWith(chosen))) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of Object.entries(WIDTHS)) {
      const viewport = { width: Number(width), height };
      const isMobile = width < 500;
      const gateway = scenery.of(shot);
      const { page, close } = await open(browser, gateway, {
        hash: shot.hash, colorScheme, viewport, isMobile, locale: "en-GB", timezoneId: "UTC",
        ...scenery.optionsOf(shot),
      });
      await shot.ready(page, gateway);
      await page.evaluate(painted);
      await draw(page, `${FOLDER}/${shot.name}-${colorScheme}-${width}`);
      await close();
    }
  }
}
await Promise.all([browser.close(), scenery.stop()]);

/** In the page: resolves when what it shows has been drawn, pictures too. */
async function painted() {
  await document.fonts.ready;
  const shown = [...document.images].filter((image) => image.checkVisibility());
  const pause = new Promise((over) => setTimeout(over, 2_000));
  // One that cannot be decoded is drawn as such; one that is far below is not loaded at all.
  await Promise.race([pause, Promise.allSettled(shown.map((image) => image.decode()))]);
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  await frame();
  await frame();
}

async function draw(page, path) {
  if (folder) {
    await page.screenshot({ path: `${path}.png` });
    return;
  }
  for (const quality of QUALITIES) {
    const picture = await page.screenshot({ type: "jpeg", quality });
    if (LARGEST < picture.length) continue;
    writeFileSync(`${path}.jpg`, picture);
    console.log(`${path}.jpg`, picture.length);
    return;
  }
  throw new Error(`${path} is too large in every quality`);
}
