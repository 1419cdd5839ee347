// Two first journeys of people, with their clicks counted: an agent from the invitation to the
// first answer, and an owner from the first page to a bot that answers on a website and WhatsApp.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { ADA, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { askAs, makePerson, OWNER } from "./support/people.mjs";

const AGENT = { email: "grace@example.com", name: "Grace Hopper" };
const QUESTION = "Are returns free?";
const ANSWER = "Returns are free for 30 days.";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const field = (page, name) => page.getByLabel(name, { exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Counts what somebody presses with a pointer, across pages. */
async function counted(page) {
  const presses = [];
  await page.exposeFunction("pressed", (name) => presses.push(name));
  const watch = () => addEventListener("click", ({ detail, target }) => {
    // The browser's own click, such as that of a form by Enter or of a label, has no press.
    const pressed = target.closest("a, button, label") ?? target;
    const name = pressed.getAttribute("aria-label") ?? pressed.textContent;
    if (0 < detail) void window.pressed(name.trim().slice(0, 30) || pressed.tagName);
  }, true);
  await page.addInitScript(watch);
  await page.evaluate(watch);
  return presses;
}

/** The messages of a person's own phone in the chat with the gateway's number. */
async function onPhone(gateway, text) {
  const path = `/_simulator/v1/accounts/${ADA}/chats/15551234567@c.us/messages`;
  const { data } = await gateway.ask("GET", path);
  return JSON.stringify(data ?? "").includes(text);
}

test("a new agent answers with at most 8 clicks from the invitation", async (context) => {
  const gateway = await startGateway({ withKey: true });
  context.after(() => gateway.stop());
  await link(gateway, "shop", "15551234567");
  const owner = await makePerson(gateway, OWNER);
  await writeFrom(gateway, ADA, "Where is my order?");
  const draft = { email: AGENT.email, role: "AGENT" };
  const { invite } = await askAs(gateway, owner, "POST", "/api/v1/users/invitations", draft);
  const { page, close } = await open(browser, gateway, { hash: new URL(invite.url).hash });
  const presses = await counted(page);
  await field(page, "Your name").click();
  await page.keyboard.type(AGENT.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(AGENT.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(OWNER.password);
  await button(page, "Create account").click();
  await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
  await page.getByRole("link", { name: /Where is my order/ }).click();
  await field(page, "Write a message").click();
  await page.keyboard.type("It is on its way.");
  await button(page, "Send").click();
  await until("the answer", () => onPhone(gateway, "It is on its way."));
  console.log(`an agent's first answer: ${presses.length} clicks (${presses.join(", ")})`);
  assert.ok(3 <= presses.length && presses.length <= 8, presses.join(", "));
  await close();
});

/** A website with the line that the dashboard shows. */
async function startSite(line) {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><html lang="en"><title>Shop</title><body>${line}</body></html>`);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { address: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

test("an owner has a bot on a website and on WhatsApp in 3 minutes", async (context) => {
  const gateway = await startGateway();
  context.after(() => gateway.stop());
  const began = Date.now();
  const { page, close } = await open(browser, gateway);
  const presses = await counted(page);
  // The account.
  await page.getByRole("link", { name: "Inbox" }).click();
  await page.getByRole("link", { name: "Create the first account" }).click();
  await field(page, "Your name").fill(OWNER.name);
  await field(page, "E-mail address").fill(OWNER.email);
  await field(page, "Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Main" }).getByText(OWNER.name).waitFor();
  // The phone.
  await page.getByRole("link", { name: "Sessions" }).click();
  await button(page, "New session").click();
  await page.keyboard.press("Enter");
  await button(page, "Scan with a simulated phone").click();
  await page.getByText("Ready", { exact: true }).waitFor();
  const phone = (await page.locator("bdi", { hasText: /^\+\d+$/ }).first().innerText()).slice(1);
  // The bot.
  await page.getByRole("link", { name: "Bots" }).click();
  await button(page, "New bot").click();
  await page.keyboard.type("Shop assistant");
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "Knowledge" }).click();
  await button(page, "Add a text").click();
  await page.keyboard.type("Returns");
  await page.keyboard.press("Tab");
  await page.keyboard.type(ANSWER);
  await page.keyboard.press("Control+Enter");
  await page.getByRole("row", { name: /Returns/ }).getByText("Ready").waitFor();
  await page.getByRole("tab", { name: "Channels" }).click();
  await page.getByLabel("The chat on your website").check();
  await page.getByLabel(/^WhatsApp, session/).check();
  await button(page, "Save").click();
  await page.getByText("Website, ").waitFor();
  await button(page, "Activate").click();
  await page.getByText("Active", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Website" }).click();
  const line = await page.locator("pre", { hasText: "widget.js" }).innerText();
  const seconds = () => (Date.now() - began) / 1_000;
  const made = seconds();
  // A visitor of the website.
  const site = await startSite(line);
  context.after(() => site.stop());
  const visitor = await browser.newPage();
  await visitor.goto(site.address);
  await visitor.locator("wagate-widget button").click();
  const chat = visitor.frameLocator("wagate-widget iframe");
  await chat.getByRole("textbox").fill(QUESTION);
  await chat.getByRole("textbox").press("Enter");
  await chat.locator("li .words", { hasText: ANSWER }).waitFor();
  await visitor.close();
  // Somebody on WhatsApp.
  const path = `/_simulator/v1/accounts/${ADA}/messages`;
  await gateway.ask("POST", path, { chat: `${phone}@c.us`, text: QUESTION });
  await until("the bot's answer on the phone", async () => {
    const chats = `/_simulator/v1/accounts/${ADA}/chats/${phone}@c.us/messages`;
    return JSON.stringify(await gateway.ask("GET", chats)).includes(ANSWER);
  });
  console.log(`a bot on a website and on WhatsApp: ${presses.length} clicks, set up after `
    + `${made.toFixed(1)} s, both answered after ${seconds().toFixed(1)} s`);
  assert.ok(seconds() < 180, `${seconds()} s`);
  assert.ok(10 <= presses.length && presses.length <= 25, presses.join(", "));
  await close();
});
