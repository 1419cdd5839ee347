// Bots through the page: made from a preset, taught, tried, set up, activated and deleted, without
// a mouse; and what strangers wrote in every field.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const environment = { WAGATE_MEDIA__ALLOW_PRIVATE_SOURCES: "true" };
let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true, environment })]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const visit = (hash, options = {}) =>
  open(browser, gateway, { hash, ...signedIn(gateway), ...options });
const api = (method, path, body) => askAs(gateway, gateway.key, method, path, body);
const createBot = (draft) => api("POST", "/api/v1/bots", draft);

/** Says something in the chat beside the bot, and waits for the end of the answer. */
async function say(page, text) {
  const input = field(page, "Say something to the bot");
  await input.fill(text);
  await input.press("Enter");
  await page.getByText("The bot is writing").waitFor({ state: "detached" });
  return page.getByRole("log", { name: "Chat with the bot" });
}

test("a bot is made from a preset, taught and tried by the keyboard alone", async () => {
  const { page, close } = await visit("#/bots");
  await page.getByText("No bots yet").waitFor();
  await assertAccessible(page, "no bots");
  await press(page, button(page, "New bot"));
  await page.keyboard.type("Desk");
  await assertAccessible(page, "a new bot");
  await field(page, "Start from").selectOption("booking");
  await field(page, "Name").press("Enter");
  await heading(page, "Desk").waitFor();
  await page.getByText("Draft", { exact: true }).waitFor();
  const [bot] = (await api("GET", "/api/v1/bots")).bots;
  assert.equal(bot.domain, "booking");

  await page.getByRole("tab", { name: "Behaviour" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByText("Nothing yet").waitFor();
  await press(page, button(page, "Add a text"));
  await page.keyboard.type("Returns");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Returns are free for 30 days. A refund takes five days.");
  await assertAccessible(page, "a text");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Ready", { exact: true }).waitFor();

  await press(page, button(page, "Add a question"));
  await page.keyboard.type("When do you open?");
  await page.keyboard.press("Tab");
  await page.keyboard.type("From nine to five.");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("row", { name: /When do you open/ }).waitFor();

  const log = await say(page, "When do you open?");
  await log.getByText("From nine to five.").waitFor();
  await say(page, "Are returns free?");
  await log.getByText("Returns are free for 30 days.").waitFor();
  await log.getByText("From Returns").waitFor();
  await assertAccessible(page, "knowledge and chat");

  await field(page, "Try a search").first().fill("refund days");
  await page.keyboard.press("Enter");
  await page.getByText(/% match/).first().waitFor();
  await close();
});

test("a bot that hands over is silent until one starts over", async () => {
  const bot = await createBot({ name: "Helper" });
  const { page, close } = await visit(`#/bots/${bot.id}`);
  const log = await say(page, "I want to talk to a human");
  await log.getByText("Here a person takes over").waitFor();
  await say(page, "Hello?");
  await log.getByText("the bot is silent").waitFor();
  await press(page, button(page, "Start over"));
  await page.getByText("Ask what a customer would ask.").waitFor();
  await say(page, "Hello");
  await assertCount(log.getByText("the bot is silent"), 0);
  await close();
});

test("a web page and a file are read, and a fault says why", async (context) => {
  const bot = await createBot({ name: "Reader" });
  let isUp = true;
  const site = createServer((request, response) => {
    response.writeHead(isUp ? 200 : 500, { "content-type": "text/html" });
    response.end("<title>Hours</title><p>We open at seven on Sundays.</p>");
  });
  await new Promise((ready) => site.listen(0, "127.0.0.1", ready));
  context.after(() => site.close());
  const { page, close } = await visit(`#/bots/${bot.id}?tab=knowledge`);
  await press(page, button(page, "Add a web page"));
  await page.keyboard.type(`http://127.0.0.1:${site.address().port}/hours`);
  await page.keyboard.press("Enter");
  const row = page.getByRole("row", { name: /hours/i });
  await row.getByText("Ready").waitFor();
  isUp = false;
  await choose(page, row.getByRole("button"), "Fetch again");
  await row.getByText("Failed").waitFor();

  await press(page, button(page, "Add a file"));
  await button(page, "Add").click();
  await page.getByText("Choose a file.").waitFor();
  await field(page, "File").setInputFiles({
    name: "prices.csv", mimeType: "text/csv",
    buffer: Buffer.from("product,price\nGreen tea,3.50\n"),
  });
  await button(page, "Add").click();
  await page.getByRole("row", { name: /prices/ }).getByText("Ready").waitFor();
  await press(page, button(page, "Add a file"));
  await field(page, "File").setInputFiles({
    name: "tune.mp3", mimeType: "audio/mpeg", buffer: Buffer.from([0, 1, 2]),
  });
  await button(page, "Add").click();
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await page.keyboard.press("Escape");
  await choose(page, page.getByRole("row", { name: /prices/ }).getByRole("button"), "Delete");
  await button(page.getByRole("dialog"), "Delete").click();
  await page.getByRole("row", { name: /prices/ }).waitFor({ state: "detached" });
  await close();
});

describe("what is set up", () => {
  test("is saved, part by part, and faults stand at their fields", async () => {
    const bot = await createBot({ name: "Settled" });
    const read = () => api("GET", `/api/v1/bots/${bot.id}`);
    const { page, close } = await visit(`#/bots/${bot.id}`);
    const save = async (part) => {
      await button(page.getByRole("form", { name: part }), "Save").click();
      await page.getByText("Saved", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "Dismiss" }).first().click();
    };
    await field(page, "Greeting optional").fill("Welcome!");
    await field(page, "Trigger words optional").fill("order, status");
    await save("Behaviour");
    assert.deepEqual((await read()).trigger_keywords, ["order", "status"]);
    await field(page, "Answers by").selectOption("openai");
    await field(page, "Temperature").fill("7");
    await button(page.getByRole("form", { name: "Who words the answers" }), "Save").click();
    await page.getByRole("alert").waitFor();
    await field(page, "Temperature").fill("0.5");
    await save("Who words the answers");
    assert.equal((await read()).model.temperature, 0.5);

    await page.getByRole("tab", { name: "Hand-off" }).click();
    await field(page, "Words that ask for a person optional").fill("manager");
    await field(page, "Replies before a person takes over").fill("4");
    await save("Hand-off to a person");
    const { handoff } = await read();
    assert.deepEqual([handoff.keywords, handoff.max_turns], [["manager"], 4]);

    await page.getByRole("tab", { name: "Channels" }).click();
    await page.getByLabel("WhatsApp, session shop").check();
    await save("Where it answers");
    const types = (await read()).channels.map(({ type }) => type);
    assert.deepEqual(types.sort(), ["web", "whatsapp"]);

    await page.getByRole("tab", { name: "Website" }).click();
    await field(page, "Title optional").fill("Ask us");
    await field(page, "Corner").selectOption("bottom-left");
    await field(page, "Allowed websites optional").fill("https://example.org");
    await save("Chat on your website");
    const now = await read();
    assert.deepEqual(now.allowed_origins, ["https://example.org"]);
    assert.equal(now.widget.position, "bottom-left");
    const line = await page.locator("pre").innerText();
    const address = `${gateway.address}/widget.js`;
    assert.equal(line, `<script src="${address}" data-bot="${now.public_token}" async></script>`);
    await button(page, "New public token").click();
    await button(page.getByRole("dialog"), "New public token").click();
    await assertText(page.locator("pre"), new RegExp(`^(?!.*${now.public_token})`));
    assert.notEqual((await read()).public_token, now.public_token);

    await press(page, button(page, "Activate"));
    await page.getByText("Active", { exact: true }).waitFor();
    assert.equal((await read()).status, "active");
    await choose(page, button(page, "Actions"), "Duplicate");
    await heading(page, "Settled (copy)").waitFor();
    await choose(page, button(page, "Actions"), "Delete bot");
    await button(page.getByRole("dialog"), "Delete bot").click();
    await heading(page, "Bots").waitFor();
    const names = (await api("GET", "/api/v1/bots")).bots.map(({ name }) => name);
    assert.ok(names.includes("Settled") && !names.includes("Settled (copy)"));
    await close();
  });

  test("may hold what strangers wrote: all of it stays text", async () => {
    const bot = await createBot({
      name: HOSTILE.slice(0, 100), description: HOSTILE, welcome_message: HOSTILE,
      fallback_message: HOSTILE, trigger_keywords: ["x<b>"], widget: { title: HOSTILE },
    });
    for (const draft of [
      { title: HOSTILE, content: HOSTILE }, { question: HOSTILE, answer: `Yes ${HOSTILE}` },
    ]) {
      await api("POST", `/api/v1/kb/${bot.id}`, draft);
    }
    const { page, close } = await visit("#/bots");
    await page.getByText(HOSTILE).first().waitFor();
    await assertNoMarkup(page, "the list");
    for (const tab of ["behaviour", "knowledge", "handoff", "channels", "website"]) {
      await page.goto(`${gateway.address}/#/bots/${bot.id}?tab=${tab}`);
      await page.getByRole("tab", { selected: true }).waitFor();
      const log = await say(page, HOSTILE);
      await log.getByText(HOSTILE, { exact: true }).first().waitFor();
      await assertNoMarkup(page, tab);
      await assertAccessible(page, tab);
    }
    await close();
  });

  test("a bot that is not there, and a gateway that goes away while it answers", async () => {
    const { page, close } = await visit("#/bots/01980a3e-7c1e-7f6a-b3d8-5e901c47aa12");
    await page.getByText("Bot not found").waitFor();
    const bot = await createBot({ name: "Cut off" });
    await page.goto(`${gateway.address}/#/bots/${bot.id}`);
    await heading(page, "Cut off").waitFor();
    await page.route("**/chat/stream", (route) => route.abort());
    await field(page, "Say something to the bot").fill("Still there?");
    await page.keyboard.press("Enter");
    await page.getByText("The gateway does not answer").waitFor();
    await until("the words are there again", async () =>
      await field(page, "Say something to the bot").inputValue() === "Still there?");
    await close();
  });
});
