// Each language in a browser that prefers it: no English word is left, nothing runs over its edge,
// Arabic is mirrored, and a person can choose another one.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, launch, open } from "./support/browser.mjs";
import { ADA, openAccount, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { makePerson, OWNER } from "./support/people.mjs";
import { allRoutes } from "./support/routes.mjs";
import { signedIn } from "./support/signed-in.mjs";
import { foreignTo, languages, pattern, textOf } from "./support/words.mjs";

const TAGS = { de: "de-DE", es: "es-MX", pt: "pt-BR", ar: "ar-EG", hi: "hi-IN" };
const OTHERS = languages.filter((language) => language !== "en");
const SIZES = [{ width: 390, height: 844 }, { width: 1440, height: 900 }];

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
  await openAccount(gateway, ADA, "Ada");
  await writeFrom(gateway, ADA, "12:30?");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** Keeps every text that is ever drawn, also one that is replaced at once. */
function keepTexts() {
  window.drawn = new Set();
  const keep = (node) => {
    // The choices of a filter by codes are these codes.
    const { parentElement: around } = node;
    const isCode = around?.nodeName === "OPTION" && around.value === node.data;
    if (node.nodeType === Node.TEXT_NODE && !isCode) window.drawn.add(node.data);
    for (const name of ["aria-label", "placeholder", "title", "alt"]) {
      const text = node.getAttribute?.(name);
      if (text) window.drawn.add(text);
    }
    for (const child of node.childNodes) keep(child);
  };
  new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
    if (target.nodeType === Node.TEXT_NODE) keep(target);
    addedNodes.forEach((node) => node.nodeName !== "NOSCRIPT" && keep(node));
  })).observe(document, { subtree: true, childList: true, characterData: true });
}

const visit = async (language, hash, options = {}) => {
  const { page, close, context } = await open(browser, gateway, {
    hash: "nothing.js", locale: TAGS[language], ...options,
  });
  await context.addInitScript(keepTexts);
  await page.goto(`${gateway.address}/${hash}`);
  await page.locator("main").first().waitFor();
  return { page, close };
};

/** Goes to an address of the page that is open, and waits until nothing is loading there. */
async function goTo(page, hash) {
  await page.evaluate((address) => (location.hash = address), hash);
  await page.locator("main h1, main h2, main [role=search], main input").first().waitFor();
  await until(`${hash} is quiet`, () => page.evaluate(() =>
    !document.querySelector("[aria-busy=true]") && !document.querySelector("main .skeleton")));
}

/** What does not find room: the page is scrolled to the side, or a word runs out of its button. */
const overflows = (page) => page.evaluate(() => {
  const root = document.documentElement;
  const found = root.clientWidth < root.scrollWidth ? [`the page: ${root.scrollWidth}`] : [];
  for (const element of document.querySelectorAll("button, h1, h2, nav a, label, [role=tab]")) {
    const { width } = element.getBoundingClientRect();
    const { overflowX } = getComputedStyle(element);
    const isShown = 1 < width && overflowX === "visible";
    if (isShown && element.clientWidth && element.clientWidth + 1 < element.scrollWidth) {
      found.push(`${element.nodeName}: ${element.textContent.trim()}`);
    }
  }
  return found;
});

async function addresses() {
  const patterns = (await allRoutes()).map(({ pattern: address }) => address);
  return patterns.filter((address) => !address.includes(":")).map((address) => `#/${address}`);
}

describe("every language", { concurrency: 2 }, () => {
  for (const language of OTHERS) {
    test(`${language}: no page has an English word, or too little room`, async () => {
      const foreign = await foreignTo(language);
      const wide = [];
      const { page, close } = await visit(language, "#/", signedIn(gateway));
      const direction = language === "ar" ? "rtl" : "ltr";
      assert.equal(await page.evaluate(() => document.documentElement.dir), direction);
      for (const viewport of SIZES) {
        await page.setViewportSize(viewport);
        for (const hash of await addresses()) {
          await goTo(page, hash);
          const found = await overflows(page);
          wide.push(...found.map((what) => `${hash} at ${viewport.width}: ${what}`));
        }
      }
      const drawn = await page.evaluate(() => [...window.drawn]);
      const left = drawn.filter((text) => foreign.has(pattern(text)));
      await close();
      assert.ok(100 < drawn.length, "the pages are drawn");
      assert.deepEqual({ left, wide }, { left: [], wide: [] });
    });

    test(`${language}: the ways in`, async () => {
      const foreign = await foreignTo(language);
      const { page, close } = await visit(language, "", { viewport: SIZES[0] });
      const left = [];
      for (const hash of ["#/sign-in", "#/forgot-password", "#/reset-password", "#/welcome"]) {
        await page.evaluate((address) => (location.hash = address), hash);
        await page.locator("main input").first().waitFor();
        assert.deepEqual(await overflows(page), [], hash);
      }
      const drawn = await page.evaluate(() => [...window.drawn]);
      left.push(...drawn.filter((text) => foreign.has(pattern(text))));
      const title = await textOf(language, "signIn", "welcome.title");
      assert.ok(drawn.some((text) => text.includes(title)), `${language} is drawn`);
      await close();
      assert.deepEqual(left, []);
    });
  }
});

test("the check finds an English page", async () => {
  const foreign = await foreignTo("de");
  const { page, close } = await open(browser, gateway, { locale: "en-GB" });
  await page.locator("main input").first().waitFor();
  const texts = await page.locator("button, label, h1, h2").allInnerTexts();
  await close();
  assert.ok(texts.some((text) => foreign.has(pattern(text))), JSON.stringify(texts));
});

test("a language is chosen, kept, and left to the browser again", async () => {
  const { page, close } = await open(browser, gateway, { locale: "fr-FR" });
  const tag = () => page.evaluate(() => document.documentElement.lang);
  const choose = async (code, wanted) => {
    await page.locator("main select").selectOption(code);
    await until(`the language ${wanted}`, async () => {
      await page.locator("main select").waitFor();
      return await tag() === wanted;
    });
  };
  await page.locator("main select").waitFor();
  assert.equal(await tag(), "en", "no language of the browser is there");
  await choose("pt", "pt-BR");
  await page.reload();
  await page.locator("main select").waitFor();
  assert.equal(await tag(), "pt-BR");
  await choose("", "en");
  await close();
});

/** The token of the owner, who is made by the first test of a person. */
let owner;

test("a person chooses a language in the menu beside the name, and stays signed in", async () => {
  owner = await makePerson(gateway, OWNER);
  const { page, close } = await open(browser, gateway, {
    locale: "de-DE", hash: "#/account", ...signedIn(gateway, owner),
  });
  const status = await textOf("de", "common", "presence.label");
  await page.getByRole("button", { name: status, exact: true }).click();
  const entry = await textOf("de", "common", "language.label");
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
  await page.getByRole("dialog").getByLabel(entry).selectOption("es");
  const title = await textOf("es", "account", "title");
  await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "es");
  await close();
});

test("a change of the language asks before it takes what was not saved", async () => {
  const { page, close } = await open(browser, gateway, {
    locale: "en-GB", hash: "#/business", ...signedIn(gateway, owner),
  });
  const name = page.getByLabel("Name", { exact: true }).first();
  await name.fill("Analytical Engines");
  const choose = async (code) => {
    await page.getByRole("button", { name: "Your status" }).click();
    await page.getByRole("menuitem", { name: "Language" }).click();
    await page.getByRole("dialog").getByLabel("Language").selectOption(code);
  };
  await choose("de");
  await page.getByRole("heading", { name: "Change the language?" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.keyboard.press("Escape");
  assert.equal(await name.inputValue(), "Analytical Engines");
  await page.locator("form", { has: name }).getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").first().waitFor();
  await choose("de");
  await page.locator("html[lang=de]").waitFor({ state: "attached" });
  await close();
});

test("Arabic is mirrored, and numbers of phones are not", async () => {
  const { page, close } = await open(browser, gateway, {
    locale: "ar-EG", hash: "#/sessions", ...signedIn(gateway),
  });
  const phone = page.locator("bdi", { hasText: "+15551234567" }).first();
  await phone.waitFor();
  assert.equal(await phone.evaluate((element) => getComputedStyle(element).direction), "ltr");
  const navigation = await page.locator("nav").first().boundingBox();
  const main = await page.locator("main").boundingBox();
  assert.ok(main.x < navigation.x, "the navigation stands to the right");
  await assertAccessible(page, "sessions in Arabic");
  await goTo(page, "#/chat");
  await page.getByText("Ada").first().click();
  const bubble = page.locator(".bubble").last();
  await bubble.waitFor();
  const { x, width } = await bubble.boundingBox();
  const list = await page.locator("main").boundingBox();
  assert.ok(list.x + list.width / 3 < x + width, "a message that came stands to the right");
  await assertAccessible(page, "a chat in Arabic");
  for (const hash of ["#/inbox", "#/contacts", "#/settings", "#/analytics"]) {
    await goTo(page, hash);
    await assertAccessible(page, `${hash} in Arabic`);
  }
  await close();
});
