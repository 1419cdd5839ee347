// What travels for each page, compressed: the first load, and what a page adds to it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { startGateway, until } from "./support/gateway.mjs";
import { allRoutes } from "./support/routes.mjs";
import { sideBySide } from "./support/side-by-side.mjs";
import { signedIn } from "./support/signed-in.mjs";
import { languages } from "./support/words.mjs";

const MOST_AT_FIRST = 90 * 1024;
const MOST_MORE = 60 * 1024;
/** Milliseconds between two looks. */
const QUIET = 700;

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** The scripts and styles that an address loads in a language, with their bytes. */
async function loaded(hash, locale = "en-GB") {
  const { page, close } = await open(browser, gateway, { hash, locale, ...signedIn(gateway) });
  await page.locator("main").waitFor();
  const read = () => page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ name }) => /\.(js|css)$/.test(name))
    .map(({ name, encodedBodySize }) => [name, encodedBodySize]));
  let found = [];
  // Nothing more comes once two looks at what came agree.
  await until(`the files of ${hash}`, async () => {
    const before = found.length;
    await page.waitForTimeout(QUIET);
    found = await read();
    return 0 < before && before === found.length;
  });
  await close();
  return new Map(found);
}

const sum = (sizes) => [...sizes].reduce((all, [, size]) => all + size, 0);

test("no page is larger than a slow connection bears", async () => {
  // An address that leads nowhere loads what surrounds every page.
  const first = await loaded("#/nothing/is/here");
  console.log(`the first load: ${sum(first)} bytes`);
  assert.ok(0 < sum(first) && sum(first) <= MOST_AT_FIRST, `${sum(first)} bytes`);
  const large = [];
  const inLanguages = await sideBySide(languages, (language) =>
    loaded("#/nothing/is/here", language));
  for (const [at, language] of languages.entries()) {
    const all = sum(inLanguages[at]);
    console.log(`the first load in ${language}: ${all} bytes`);
    assert.ok(all <= MOST_AT_FIRST, `${language}: ${all} bytes`);
    assert.equal(sum(first) < all, language !== "en", `${language} loads its own words alone`);
  }
  const patterns = (await allRoutes()).map(({ pattern }) => pattern);
  const pages = await sideBySide(patterns, (pattern) =>
    loaded(`#/${pattern.replace(":id", "none")}`));
  for (const [at, pattern] of patterns.entries()) {
    const more = sum([...pages[at]].filter(([name]) => !first.has(name)));
    console.log(`${pattern || "overview"}: ${more} bytes more`);
    if (MOST_MORE < more) large.push(`${pattern}: ${more}`);
  }
  assert.deepEqual(large, []);
});
