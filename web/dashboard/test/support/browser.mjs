// Chromium, and pages in it that may do nothing wrong unnoticed.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { PATIENCE } from "./gateway.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDE = { width: 1440, height: 900 };
const TOOLS = fileURLToPath(new URL("../../../../.tools/", import.meta.url));
/** The engine of Chromium without a window around each page, where `make test` unpacked it. */
const SHELL = `${TOOLS}headless-shell/chromium-headless-shell`;

/** Starts the browser, with more arguments and more of its environment if they are given. */
export function launch(args = [], environment = {}) {
  const executablePath = process.env.CHROMIUM ?? (existsSync(SHELL) ? SHELL : "/usr/bin/chromium");
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", ...args],
    env: { ...process.env, ...environment },
  });
}

/**
 * Opens the dashboard in a context of its own. `close` fails if anything was wrong meanwhile: an
 * error of a script, a dialog that only markup of a stranger opens, a breach of the policy, a
 * request to another host.
 */
export async function open(browser, gateway, { hash = "", ...options } = {}) {
  // The language of the machine may be none of a person, such as C.
  const usual = { viewport: WIDE, reducedMotion: "reduce", locale: "en-US" };
  const context = await browser.newContext({ ...usual, ...options });
  const page = await context.newPage();
  const faults = [];
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => faults.push(String(error.stack ?? error)));
  page.on("dialog", (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) faults.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    const isOurs = ["blob:", "data:"].includes(url.protocol) || url.origin === gateway.address;
    if (!isOurs) faults.push(`a request to ${url.href}`);
  });
  await page.goto(`${gateway.address}/${hash}`);
  const close = async () => {
    // What a test intercepts may still be under way; that it is cut off now is no fault.
    if (!page.isClosed()) await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, context, close };
}

/**
 * How much of the page jumped while it was built, as browsers reckon it (cumulative layout shift:
 * good up to 0.1), without what follows upon a click. With what jumped.
 */
export function jumps(page) {
  return page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      observer.disconnect();
      // Only a click opens a dialog, but on a busy machine later than the browser remembers clicks.
      const isInDialog = ({ node }) =>
        Boolean((node instanceof Element ? node : node?.parentElement)?.closest("dialog"));
      const own = list.getEntries()
        .filter(({ hadRecentInput, sources }) =>
          !hadRecentInput && !(sources.length && sources.every(isInDialog)));
      const words = ({ node }) => `${node?.nodeName}: ${node?.textContent.trim().slice(0, 60)}`;
      const nodes = own.flatMap(({ sources }) => sources.map(words));
      resolve({ value: own.reduce((sum, each) => sum + each.value, 0), nodes });
    }).observe({ type: "layout-shift", buffered: true });
    // The observer says nothing where nothing jumped.
    setTimeout(() => resolve({ value: 0, nodes: [] }), 100);
  }));
}

/** Shows the page in another colour scheme, and waits until all has its colours. */
export async function inScheme(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const passing = () => document.getAnimations()
      .filter((each) => each.effect.getComputedTiming().endTime !== Infinity);
    await frame();
    await frame();
    // One that is taken back is never finished; what replaces it is waited for.
    while (passing().length) {
      await Promise.race([frame(), Promise.allSettled(passing().map((each) => each.finished))]);
    }
  });
}

/** The rules of axe-core that look at colours: for a page that was tried in another scheme. */
export const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** Fails where axe-core finds a serious or critical fault, and says where; by all rules or some. */
export async function assertAccessible(page, what, rules) {
  // The library is large: it is sent once to each page.
  if (!await page.evaluate("typeof axe === 'object'")) await page.evaluate(AXE);
  const faults = await page.evaluate(async (only) => {
    const options = { resultTypes: ["violations"], ...(only && { runOnly: only }) };
    const { violations } = await globalThis.axe.run(document, options);
    return violations
      .filter((each) => ["serious", "critical"].includes(each.impact))
      .flatMap((each) => each.nodes.map((node) =>
        [each.id, node.target.join(" "), node.failureSummary].join(": ")));
  }, rules);
  assert.deepEqual(faults, [], what);
}

/** Waits until an element's text matches: an element is there before its content is drawn. */
export const assertText = (locator, pattern, what) =>
  settles(() => locator.innerText(), (text) => pattern.test(text), what ?? String(pattern));

/** Waits until so many elements are there. */
export const assertCount = (locator, count, what) =>
  settles(() => locator.count(), (found) => found === count, what ?? `${count} of ${locator}`);

async function settles(read, holds, what) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await read();
    if (holds(found)) return;
    if (Date.now() > end) assert.fail(`${what}: ${JSON.stringify(found)}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Waits until a list stays at its end: rows move it until they are measured. */
export const atItsEnd = (list) => list.evaluate(async (element) => {
  let quiet = 0;
  for (let left = 600; quiet < 12 && left > 0; left -= 1) {
    await new Promise(requestAnimationFrame);
    const below = element.scrollHeight - element.clientHeight - element.scrollTop;
    quiet = below < 2 ? quiet + 1 : 0;
  }
  if (quiet < 12) throw new Error("the list does not come to its end");
});
