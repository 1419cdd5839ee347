// Draws the pages for the documentation, into docs/screenshots; or all of them to be looked at.
//
// `npm run screenshots` draws each picture that README.md or a page in docs names, and removes the
// others: NAME-SCHEME-WIDTH.jpg, where NAME is a view of scripts/shots.
// `npm run screenshots -- sessions FOLDER` draws every view whose name begins so into a folder, as
// PNG: light and dark, narrow and wide.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open } from "../test/support/browser.mjs";
import { setScenery, shots } from "../test/support/scenery.mjs";
import { sideBySide } from "../test/support/side-by-side.mjs";

const [, , prefix = "", folder] = process.argv;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = folder ?? join(ROOT, "docs/screenshots");
const HEIGHTS = { 390: 844, 1440: 900 };
const LARGEST = folder ? Infinity : 96 * 1024;
/** The best that is not too large. */
const QUALITIES = [85, 75, 65, 50, 35];
/** Fonts with emoji and every script, where `make screenshots` unpacked them. */
const FONTS = join(ROOT, ".tools/fonts/fonts.conf");

const wanted = folder ? everyView() : shownInDocs();
const drawn = wanted.filter(({ name }) => name.startsWith(prefix));
if (!folder) removeOthers(wanted);
mkdirSync(FOLDER, { recursive: true });
const fonts = existsSync(FONTS) ? { FONTCONFIG_FILE: FONTS } : {};
const [browser, scenery] = await Promise.all([launch([], fonts), setScenery()]);
await sideBySide(drawn, drawOne, 2);
await Promise.all([browser.close(), scenery.stop()]);

function everyView() {
  return shots.flatMap(({ name }) => ["light", "dark"].flatMap((scheme) =>
    Object.keys(HEIGHTS).map((width) => ({ name, scheme, width }))));
}

/** The pictures that pages of the documentation name. */
function shownInDocs() {
  const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  const texts = ["README.md", ...pages.map((name) => `docs/${name}`)]
    .map((name) => readFileSync(join(ROOT, name), "utf8"));
  const names = new Set(texts.flatMap((text) => text.match(/screenshots\/[\w-]+\.jpg/g) ?? []));
  return [...names].map((path) => {
    const [, name, scheme, width] = /\/([\w-]+)-(light|dark)-(\d+)\.jpg$/.exec(path) ?? [];
    const isView = shots.some((shot) => shot.name === name) && HEIGHTS[width];
    if (!isView) throw new Error(`${path} is no view of scripts/shots`);
    return { name, scheme, width };
  });
}

function removeOthers(kept) {
  const names = kept.map(({ name, scheme, width }) => `${name}-${scheme}-${width}.jpg`);
  const others = readdirSync(FOLDER).filter((file) => !names.includes(file));
  for (const file of others) rmSync(join(FOLDER, file));
}

async function drawOne({ name, scheme, width }) {
  const shot = shots.find((each) => each.name === name);
  const gateway = scenery.of(shot);
  const { page, close } = await open(browser, gateway, {
    hash: shot.hash, colorScheme: scheme,
    viewport: { width: Number(width), height: HEIGHTS[width] },
    isMobile: width < 500, locale: "en-GB", timezoneId: "UTC",
    ...scenery.optionsOf(shot),
  });
  await shot.ready(page, gateway);
  await page.evaluate(painted);
  await draw(page, join(FOLDER, `${name}-${scheme}-${width}`));
  await close();
}

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
