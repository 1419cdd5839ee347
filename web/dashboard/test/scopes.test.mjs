// Keys that may do less than everything: the dashboard shows what they open, says what they lack
// and what to ask for, and takes a refusal for no fault.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertCount, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { askAs, comeIn, makePerson, OWNER } from "./support/people.mjs";

let browser, gateway, chat;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
  await writeFrom(gateway, ADA, "Good morning");
  chat = `#/chat?with=${(await conversationWith(gateway, ADA)).id}`;
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** Signs in with a new key, and gives the page with the names of the navigation. */
async function signIn(scopes, { hash = "", sessionId, ...options } = {}) {
  const draft = { name: scopes.join(" "), scopes, sessionId };
  const { data } = await gateway.ask("POST", "/api/v1/api-keys", draft);
  const { page, close } = await open(browser, gateway, { hash, ...options });
  await page.getByLabel("API key").fill(data.key);
  await page.keyboard.press("Enter");
  const navigation = page.getByRole("navigation", { name: "Main" });
  await navigation.waitFor();
  // Without the number of what waits there.
  const entries = await navigation.locator("a > span:nth-of-type(1)").allInnerTexts();
  return { page, close, entries };
}

const faults = (page) => page.locator(".note:not(.denied)").count();

describe("a key for an agent without the scope read", () => {
  const AGENT = ["send", "conversations"];

  test("opens inbox and chat, and nothing that it cannot show", async () => {
    const { page, close, entries } = await signIn(AGENT);
    assert.deepEqual(entries, ["Inbox", "Chat", "Tickets", "Team", "Settings"]);
    await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
    await page.getByRole("link", { name: /Ada/ }).waitFor();
    assert.equal(await faults(page), 0);
    await close();
  });

  test("shows no lost connection, and what comes all the same", async () => {
    const { page, close } = await signIn(AGENT, { hash: chat });
    await page.locator(".bubble", { hasText: "Good morning" }).waitFor();
    await page.getByText("No live updates").waitFor();
    await page.getByText("Your key lacks the scope read").waitFor();
    let asked = 0;
    page.on("request", () => (asked += 1));
    const start = Date.now();
    await writeFrom(gateway, ADA, "Is anybody there?");
    await page.locator(".bubble", { hasText: "Is anybody there?" }).waitFor();
    await page.locator(".row", { hasText: "Is anybody there?" }).waitFor();
    const seconds = (Date.now() - start) / 1000;
    assert.ok(asked < 10 + seconds, `${asked} requests in ${seconds} s`);
    await assertCount(page.getByText("Connection lost"), 0);
    const field = page.getByRole("textbox", { name: "Write a message" });
    await field.fill("Yes");
    await field.press("Enter");
    await page.locator(".own[data-state=there]", { hasText: "Yes" }).waitFor();
    await close();
  });

  test("sees on each page which scope it lacks", async () => {
    for (const hash of ["#/sessions", "#/sessions/shop", "#/events", "#/webhooks"]) {
      const { page, close } = await signIn(AGENT, { hash });
      await page.getByText("Your key lacks the scope read").waitFor();
      await page.getByText("Sign in with a key that has it.").waitFor();
      assert.equal(await faults(page), 0, hash);
      await close();
    }
    const { page, close } = await signIn(AGENT, { hash: "#/settings" });
    await page.getByText("Your key lacks the scope admin").first().waitFor();
    assert.equal(await faults(page), 0);
    await close();
  });

  test("begins a conversation with the sessions of those that it sees", async () => {
    const { page, close } = await signIn(AGENT, { hash: "#/chat" });
    await page.getByRole("link", { name: /Ada/ }).waitFor();
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.keyboard.type("+1 555 000 0001");
    await page.getByLabel("Message", { exact: true }).fill("Hello there");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("heading", { level: 2, name: "Echo" }).waitFor();
    await close();
  });
});

test("a key that may only read opens all but the overview", async () => {
  const { page, close, entries } = await signIn(["read"]);
  assert.deepEqual(entries, [
    "Templates", "Bots", "Automations", "Analytics", "Business", "Sessions", "Events", "Webhooks",
    "Settings",
  ]);
  await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  assert.equal(await faults(page), 0);
  await close();
});

test("a key that may only send has the settings, and a way out", async () => {
  const { page, close, entries } = await signIn(["send"]);
  assert.deepEqual(entries, ["Settings"]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  await close();
});

test("a key for one session sees what takes a key for all", async () => {
  const scopes = ["read", "send", "conversations"];
  const { page, close, entries } = await signIn(scopes, { sessionId: "shop", hash: chat });
  assert.deepEqual(entries, [
    "Inbox", "Chat", "Analytics", "Sessions", "Events", "Webhooks", "Settings",
  ]);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Conversation actions" }).click();
  await page.getByRole("menuitem", { name: "Edit tags" }).click();
  await page.getByLabel("New tag").fill("Poets");
  await page.keyboard.press("Enter");
  await page.getByText("Your key is for one session only").waitFor();
  assert.equal(await faults(page), 0);
  await close();
});

describe("bots are made", () => {
  for (const [scopes, count] of [[["read"], 0], [["read", "bots"], 1]]) {
    test(`by a key with ${scopes.join(" and ")}: ${count ? "yes" : "no"}`, async () => {
      const { page, close } = await signIn(scopes, { hash: "#/bots" });
      await page.getByText("No bots yet").waitFor();
      await assertCount(page.getByRole("button", { name: "New bot" }), count);
      assert.equal(await faults(page), 0);
      await close();
    });
  }
});

test("a viewer is offered nothing that changes contacts, bots or the gateway", async () => {
  const token = await makePerson(gateway, OWNER);
  const viewer = { email: "vera@example.com", name: "Vera Molnár", role: "VIEWER" };
  await makePerson(gateway, viewer, token);
  const draft = { email: viewer.email, password: OWNER.password };
  const signed = await askAs(gateway, "", "POST", "/api/v1/auth/login", draft);
  const { page, close } = await open(browser, gateway, { hash: "#/contacts" });
  await comeIn(page, signed.token);
  await page.getByRole("link", { name: "Ada Lovelace" }).click();
  await page.getByText("Conversation opened").waitFor();
  for (const name of ["Save", "Opt out", "Add", "Actions"]) {
    await assertCount(page.getByRole("button", { name, exact: true }), 0);
  }
  const visit = async (hash, name) => {
    await page.evaluate((wanted) => (location.hash = wanted), hash);
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  };
  await visit("#/contacts", "Contacts");
  await assertCount(page.getByRole("button", { name: "New contact" }), 0);
  await visit("#/contacts/import", "Import contacts");
  await page.getByText("Your role does not import contacts").waitFor();
  await visit("#/bots", "Bots");
  await page.getByText("No bots yet").waitFor();
  await assertCount(page.getByRole("button", { name: "New bot" }), 0);
  await visit("#/broadcasts", "Broadcasts");
  await page.getByText("Your role does not allow this").waitFor();
  await visit("#/settings", "Settings");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await assertCount(page.getByRole("heading", { name: "API keys" }), 0);
  await assertCount(page.getByRole("heading", { name: "Health" }), 0);
  assert.equal(await page.locator(".note").count(), 0);
  await close();
});

describe("the state of the connection stays in its place", () => {
  for (const width of [360, 960, 1440]) {
    test(`${width} px wide`, async () => {
      const { page, close } = await open(browser, gateway, {
        viewport: { width, height: 700 }, hash: "#/settings",
      });
      await page.route("**/api/v1/events*", (route) => route.abort());
      await page.getByLabel("API key").fill(gateway.key);
      await page.keyboard.press("Enter");
      const badge = page.getByText("Connection lost");
      await badge.waitFor();
      const [inner, outer] = await Promise.all([badge, page.locator(".shell > header")]
        .map((each) => each.boundingBox()));
      await until("the badge is within", () => inner.x + inner.width <= outer.x + outer.width);
      assert.ok(inner.y + inner.height <= outer.y + outer.height);
      await close();
    });
  }
});
