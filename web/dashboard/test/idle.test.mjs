// A page that nobody touches asks little of the gateway: programs on the same machine share its
// limits of requests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { askAs } from "./support/people.mjs";
import { allAddresses } from "./support/routes.mjs";
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

/** Something on every page: a session that is ready, a webhook with a delivery, a chat, a bot. */
async function fill() {
  const make = async (path, draft) => (await askAs(gateway, gateway.key, "POST", path, draft)).id;
  await link(gateway, "shop", "15551234567");
  const hook = { url: "http://127.0.0.1:9/nobody", events: ["*"] };
  const { data } = await gateway.ask("POST", "/api/v1/sessions/shop/webhooks", hook);
  await writeFrom(gateway, ADA, "Good morning");
  const { id } = await conversationWith(gateway, ADA);
  const bot = await make("/api/v1/bots", { name: "Desk" });
  const contact = await make("/api/whatsapp-api/contacts", { phone: "+15557000001" });
  await make("/api/whatsapp-api/templates", {
    name: "hello", language: "en", category: "UTILITY",
    components: [{ type: "BODY", text: "Hello" }],
  });
  const rule = await make("/api/v1/automations", {
    bot_id: bot, name: "Greet", trigger: { type: "session_created" },
    actions: [{ type: "add_tag", tag: "new" }],
  });
  const flow = await make("/api/whatsapp-api/flows", {
    name: "Hello", trigger: { type: "keyword", keywords: ["menu"] },
    steps: [{ id: "hello", type: "message", text: "Hello" }],
  });
  const broadcast = await make("/api/whatsapp-api/broadcasts", {
    name: "Hello", templateName: "hello", language: "en", tags: ["*"],
  });
  const pages = await allAddresses({
    "sessions/:id": "sessions/shop",
    "bots/:id": `bots/${bot}`,
    "contacts/:id": `contacts/${contact}`,
    "broadcasts/:id": `broadcasts/${broadcast}`,
    "broadcasts/:id/edit": `broadcasts/${broadcast}/edit`,
    "automations/:bot/new": `automations/${bot}/new`,
    "automations/:bot/:id": `automations/${bot}/${rule}`,
    "flows/:id": `flows/${flow}`,
    "webhooks/:id": `webhooks/${data.id}?session=shop`,
  });
  return [...pages, `#/chat?with=${id}`];
}

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
  const first = await sideBySide(await fill(), (hash) => view(hash));
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
