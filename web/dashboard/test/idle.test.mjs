// A page that nobody touches asks little of the gateway: programs on the same machine share its
// limits of requests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { fillEveryPage } from "./support/every-page.mjs";
import { startGateway, until } from "./support/gateway.mjs";
import { sideBySide } from "./support/side-by-side.mjs";
import { signedIn } from "./support/signed-in.mjs";

const WINDOW = 10_000;
/** Requests of one page in that time. */
const TOO_MANY = 10;
/** What a page asks for when it opens ends with a pause; a page that never pauses is measured. */
const PAUSE = 500;
const OPENING = 3_000;

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** Opens a page, and a tab on it if one is named. Its requests are listed from then on. */
async function view(hash, tab) {
  const { page, close } = await open(browser, gateway, { hash, ...signedIn(gateway) });
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.locator("h1").first().waitFor();
  if (tab) await page.getByRole("tab", { name: tab, exact: true }).click();
  return { name: tab ? `${hash}, ${tab}` : hash, page, close, asked };
}

async function opened(asked) {
  const [end, state] = [Date.now() + OPENING, { count: -1, at: Date.now() }];
  await until("the end of the opening", () => {
    if (asked.length !== state.count) [state.count, state.at] = [asked.length, Date.now()];
    return end < Date.now() || state.at + PAUSE < Date.now();
  });
}

test("no page asks the gateway again and again while it is only looked at", async () => {
  const first = await sideBySide(await fillEveryPage(gateway), (hash) => view(hash));
  // Each further tab of a page is a view of its own.
  const tabs = await sideBySide(first, async ({ name, page }) =>
    (await page.getByRole("tab", { selected: false }).allInnerTexts()).map((tab) => [name, tab]));
  const views = [...first, ...await sideBySide(tabs.flat(), ([hash, tab]) => view(hash, tab))];
  await Promise.all(views.map(({ asked }) => opened(asked)));
  const before = views.map(({ asked }) => asked.length);
  await new Promise((over) => setTimeout(over, WINDOW));
  const counts = views.map(({ name, asked }, at) => [name, asked.length - before[at]]);
  for (const [name, count] of counts) console.log(`${name}: ${count} requests in 10 s`);
  assert.deepEqual(counts.filter(([, count]) => TOO_MANY <= count), []);
  assert.ok(8 < views.length);
  await Promise.all(views.map(({ close }) => close()));
});
