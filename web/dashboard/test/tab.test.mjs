// Every page by Tab alone: each control is reached once, in the order of reading, and is seen to
// have the focus.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { fillEveryPage } from "./support/every-page.mjs";
import { startGateway } from "./support/gateway.mjs";
import { makePerson, OWNER } from "./support/people.mjs";
import { sideBySide } from "./support/side-by-side.mjs";
import { signedIn } from "./support/signed-in.mjs";
import { walk } from "./support/tab-walk.mjs";

/** Ways in, which one sees without a credential. */
const DOORS = ["#/sign-in", "#/join?code=x", "#/forgot-password", "#/reset-password"];

let browser, gateway, owner, pages;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  pages = await fillEveryPage(gateway);
  owner = await makePerson(gateway, OWNER);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** The faults of a page, and where it is wanted of each of its tabs. */
async function faultsOf(hash, { withTabs, ...options }) {
  const { page, close } = await open(browser, gateway, { hash, ...options });
  await page.locator("main").waitFor();
  const tabs = page.getByRole("tab", { selected: false });
  const faults = [];
  const look = async (name) => {
    await page.waitForFunction(isAtRest);
    faults.push(...(await walk(page, "main")).map((fault) => `${name}: ${fault}`));
  };
  await look(hash);
  for (const tab of withTabs ? await tabs.allInnerTexts() : []) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await look(`${hash}, ${tab}`);
  }
  await close();
  return faults;
}

/** In the page: whether all that is loaded is there, and no more has come for a moment. */
function isAtRest() {
  const count = document.querySelectorAll("*").length;
  const now = performance.now();
  if (document.querySelector(".skeleton") || globalThis.rest_?.count !== count) {
    globalThis.rest_ = { count, since: now };
  }
  return now - globalThis.rest_.since > 500;
}

test("the navigation is a part of every page that Tab goes through", async () => {
  const { page, close } = await open(browser, gateway, {
    hash: "#/settings", ...signedIn(gateway, owner),
  });
  await page.waitForFunction(isAtRest);
  assert.deepEqual(await walk(page, ".shell"), []);
  await close();
});

test("the walk finds what is wrong", async () => {
  const page = await browser.newPage();
  await page.setContent(`
    <style>.bare:focus { outline: none }
      .over { position: fixed; inset: auto 0 0; height: 3rem; margin: 0 }
      .right { float: right } body { margin: 0 }</style>
    <main tabindex="-1"><button>Good</button><button class="bare">Bare</button>
    <button class="right">Right</button>
    <button>Left</button><button tabindex="1">Early</button>
    <p><button style="position: fixed; bottom: 0">Covered</button></p><p class="over"> </p>
    <label><input type="radio" name="one" checked> One</label>
    <label><input type="radio" name="one"> Two</label>
    <button id="shy" onfocus="this.blur()">Shy</button>
    </main>`);
  const faults = await walk(page, "main");
  for (const fault of [/not seen: button "Bare"/, /"Left" stands before button "Right"/,
    /hidden while it has the focus: button "Covered"/, /not reached: button "Shy"/]) {
    assert.ok(faults.some((each) => fault.test(each)), `${fault} in ${faults.join("\n")}`);
  }
  assert.ok(!faults.some((each) => /"Good"|One|Two/.test(each)), faults.join("\n"));
  await page.close();
});

for (const [name, options] of [
  ["on a wide screen", { viewport: { width: 1440, height: 900 }, withTabs: true }],
  ["on a phone with a keyboard", { viewport: { width: 390, height: 700 } }],
  ["from right to left", { viewport: { width: 1440, height: 900 }, locale: "ar" }],
]) {
  test(`Tab reaches every control once, in order and in sight, ${name}`, async () => {
    const faults = await sideBySide(pages, (hash) =>
      faultsOf(hash, { ...options, ...signedIn(gateway, owner) }), 2);
    const atDoors = await sideBySide(DOORS, (hash) => faultsOf(hash, options), 2);
    assert.deepEqual([...faults, ...atDoors].flat(), []);
  });
}
