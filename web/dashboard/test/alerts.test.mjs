// What tells somebody of a new message while they look elsewhere: the title, the icon, the number
// in the navigation, a sound, a notification of the desktop; and what keeps it silent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, PHONE, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { askAs, HOSTILE_NAME, makePerson, OWNER, signInAs } from "./support/people.mjs";

const BEN = "15550000012";

let browser, gateway, token;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  token = await makePerson(gateway, OWNER);
  await link(gateway, "shop", PHONE);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const conversationOf = (phone) => conversationWith(gateway, phone);

/** In the page: what would be seen and heard on a desktop is listed instead. */
function listen() {
  window.notifications_ = [];
  window.tones_ = 0;
  window.isHidden_ = false;
  Object.defineProperty(document, "visibilityState", {
    get: () => (window.isHidden_ ? "hidden" : "visible"),
  });
  window.Notification = class {
    static permission = "granted";
    static requestPermission = () => Promise.resolve("granted");
    constructor(title, { body }) {
      window.notifications_.push({ title, body });
    }
    close() {}
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...given) {
    window.tones_ += 1;
    return start.apply(this, given);
  };
}

const notified = (page) => page.evaluate(() => window.notifications_);
const tones = (page) => page.evaluate(() => window.tones_);
const hide = (page, isHidden) => page.evaluate((hidden) => {
  window.isHidden_ = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}, isHidden);

test("the title, the icon and the navigation count what is unread", async () => {
  const { page, close } = await signInAs(browser, gateway, OWNER.email, { hash: "#/settings" });
  await page.getByText("Live", { exact: true }).waitFor();
  assert.doesNotMatch(await page.title(), /^\(/);
  await writeFrom(gateway, ADA, "Good morning");
  await until("the title", async () => /^\(1\) Settings/.test(await page.title()));
  const entry = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Chat/ });
  await until("the number", async () => /1 waiting/.test(await entry.textContent()));
  const icon = () => page.locator("link[rel=icon]").getAttribute("href");
  assert.match(await icon(), /mark-dot/);
  await assertAccessible(page, "numbers in the navigation");
  await press(page, entry);
  await until("the title of the page", async () => /^\(1\) Chat/.test(await page.title()));
  await page.getByRole("link", { name: /Ada/ }).click();
  await page.locator(".bubble", { hasText: "Good morning" }).waitFor();
  await until("nothing unread", async () => /^Chat/.test(await page.title()));
  assert.doesNotMatch(await icon(), /mark-dot/);
  await close();
});

test("a sound and the desktop tell of a message, once they were chosen", async () => {
  const { page, close } = await signInAs(browser, gateway, OWNER.email, { hash: "#/settings" });
  await page.addInitScript(listen);
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  await hide(page, true);
  await writeFrom(gateway, BEN, "Nobody chose anything");
  await until("the title", async () => /^\(1\)/.test(await page.title()));
  assert.deepEqual([await notified(page), await tones(page)], [[], 0]);
  await hide(page, false);
  await press(page, page.getByRole("button", { name: /^Notifications/ }));
  await page.getByRole("dialog").waitFor();
  await page.getByLabel("A sound for each new message").check();
  await page.getByLabel("Desktop notifications while this page is not in sight").check();
  await assertAccessible(page, "the alerts");
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  await hide(page, true);
  await writeFrom(gateway, BEN, HOSTILE_NAME);
  await until("a notification", async () => (await notified(page)).length === 1);
  assert.equal((await notified(page))[0].body, HOSTILE_NAME);
  assert.equal(await tones(page), 2);
  await writeFrom(gateway, BEN, "It comes on *Friday*, _not_ before");
  await until("another", async () => (await notified(page)).length === 2);
  assert.equal((await notified(page))[1].body, "It comes on Friday, not before");
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await close();
});

test("a muted conversation is counted, and silent; so is the one that is looked at", async () => {
  await writeFrom(gateway, ADA, "Before");
  const { id } = await conversationOf(ADA);
  const hash = `#/chat?with=${id}`;
  const { page, close } = await signInAs(browser, gateway, OWNER.email, { hash });
  await page.addInitScript(listen);
  await page.evaluate(() =>
    localStorage.setItem("wagate.alerts", '{"sound":true,"desktop":true,"muted":[]}'));
  await page.reload();
  await page.locator(".bubble", { hasText: "Before" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await writeFrom(gateway, ADA, "Looked at");
  await page.locator(".bubble", { hasText: "Looked at" }).waitFor();
  assert.equal(await tones(page), 0);
  await choose(page, button(page, "Conversation actions"), "Mute notifications");
  await page.getByText("Muted", { exact: false }).first().waitFor();
  await hide(page, true);
  await writeFrom(gateway, ADA, "Muted now");
  await page.locator(".bubble", { hasText: "Muted now" }).waitFor();
  assert.deepEqual([await notified(page), await tones(page)], [[], 0]);
  await writeFrom(gateway, BEN, "Not muted");
  await until("a notification", async () => (await notified(page)).length === 1);
  await close();
});

test("what the gateway notifies somebody of is listed, and read", async () => {
  const team = await askAs(gateway, token, "POST", "/api/v1/teams", { name: HOSTILE_NAME });
  const grace = { email: "grace@example.com", name: "Grace", role: "AGENT" };
  await makePerson(gateway, grace, token);
  const invite = { email: grace.email, role: "agent" };
  await askAs(gateway, token, "POST", `/api/v1/teams/${team.id}/invite`, invite);
  const { page, close } = await signInAs(browser, gateway, grace.email, { hash: "#/settings" });
  await press(page, page.getByRole("button", { name: /^Notifications, 1 unread/ }));
  await page.getByRole("dialog").getByRole("listitem").filter({ hasText: "Mallory" }).waitFor();
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await assertAccessible(page, "a notification");
  await press(page, button(page, "Mark all as read"));
  await page.locator("dialog li.unread").waitFor({ state: "detached" });
  await close();
});

test("texts show their formatting, and their links lead away", async () => {
  await writeFrom(gateway, BEN, "*Bold* _it_ ~no~ `x` https://shop.example/a?b=1.");
  const { id } = await conversationOf(BEN);
  const { page, close } = await open(browser, gateway);
  await page.evaluate((key) => sessionStorage.setItem("wagate.key", key), token);
  await page.goto(`${gateway.address}/#/chat?with=${id}`);
  await page.reload();
  const text = page.locator(".bubble .text", { hasText: "Bold it no x" });
  await text.waitFor();
  const tags = await text.evaluate((it) => [...it.children].map(({ localName }) => localName));
  assert.deepEqual(tags, ["strong", "em", "s", "code", "a"]);
  const away = text.getByRole("link");
  assert.equal(await away.getAttribute("href"), "https://shop.example/a?b=1");
  assert.equal(await away.getAttribute("rel"), "noopener noreferrer nofollow");
  await assertAccessible(page, "formatting");
  await text.hover();
  await page.getByRole("button", { name: /^Actions for the message by/ }).last().click();
  await page.getByRole("menuitem", { name: "Reply" }).click();
  const about = page.locator("form.composer .about");
  await about.getByText("Bold it no x", { exact: false }).waitFor();
  assert.doesNotMatch(await about.innerText(), /[*_~`]/);
  const search = page.getByRole("searchbox", { name: "Search" }).first();
  await search.fill("shop.example");
  const found = page.getByRole("button", { name: /Bold it no x/ });
  await found.waitFor();
  assert.doesNotMatch(await found.innerText(), /[*_~`]/);
  await close();
});
