// Figures: honest charts that can be read as tables, periods, files to download, empty states.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { ADA, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs, makePerson, OWNER } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const BUSINESS = "/api/whatsapp-api";
let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const visit = (hash, options = {}) =>
  open(browser, gateway, { hash, ...signedIn(gateway), ...options });
const api = (method, path, body) => askAs(gateway, gateway.key, method, path, body);

/** What the page gives to be saved when this button is pressed. */
async function saved(page, name) {
  const [file] = await Promise.all([
    page.waitForEvent("download"), press(page, button(page, name)),
  ]);
  return readFileSync(await file.path(), "utf8");
}

describe("figures", () => {
  test("say that there is nothing yet", async () => {
    const { page, close } = await visit("#/analytics");
    await assertCount(page.getByText("Nothing in this period."), 2);
    await tab(page, "Overview").focus();
    const empty = {
      Satisfaction: "No comments in this period.",
      Agents: "Nobody was assigned a conversation in this period.",
      Advertisements: "No advertisement led anybody here in this period.",
      Bots: "There is no bot yet.",
    };
    for (const [name, text] of Object.entries(empty)) {
      await page.keyboard.press("ArrowRight");
      await page.getByText(text).waitFor();
      await assertAccessible(page, name);
    }
    await close();
  });

  test("count messages, in a chart, a table and a file", async () => {
    for (const text of ["One", "Two", HOSTILE]) await writeFrom(gateway, ADA, text);
    const figures = async () => (await api("GET", `${BUSINESS}/analytics`)).messages.received;
    await until("three messages", async () => await figures() === 3);
    const { chats: [chat] } = await api("GET", `${BUSINESS}/chats`);
    await api("POST", `${BUSINESS}/chats/${chat.id}/messages`, { type: "text", text: "Yes" });
    await until("the answer", async () =>
      (await api("GET", `${BUSINESS}/analytics`)).messages.sent === 1);
    const { page, close } = await visit("#/analytics");
    const received = page.locator("dl > div").filter({ hasText: "Received" });
    await received.getByText("3", { exact: true }).waitFor();
    const days = page.getByRole("figure", { name: "Messages by day" });
    // Bars begin at nought and end at a round number: three of five.
    const heights = await days.locator(".bar").evaluateAll((bars) =>
      bars.map((bar) => bar.style.height).filter((height) => height !== "0%"));
    assert.deepEqual(heights, ["60%", "20%"]);
    const marks = await days.locator(".scale span").allInnerTexts();
    assert.deepEqual([marks[0], marks.at(-1)], ["5", "0"]);
    await press(page, days.getByRole("button", { name: "Show as table" }));
    await days.getByRole("table").waitFor();
    await assertCount(days.getByRole("row"), 31);
    await assertAccessible(page, "the overview");
    await field(page, "Period").selectOption("Last 7 days");
    await assertCount(days.getByRole("row"), 8);
    const file = await saved(page, "Download Messages by day as CSV");
    assert.match(file, /^\uFEFFDay,Received,Sent\r\n(.*,0,0\r\n){6}\d{4}-\d\d-\d\d,3,1\r\n$/);
    await field(page, "Period").selectOption("Other days");
    await field(page, "From").fill("2020-01-01");
    await field(page, "To").fill("2024-01-01");
    await page.getByRole("alert").waitFor();
    await field(page, "To").fill("2020-01-03");
    await assertCount(page.getByText("Nothing in this period."), 2);
    await close();
  });

  test("of agents and bots are tables that can be downloaded", async () => {
    const token = await makePerson(gateway, OWNER);
    const { chats: [chat] } = await api("GET", `${BUSINESS}/chats`);
    await askAs(gateway, token, "POST", `${BUSINESS}/chats/${chat.id}/assign`, { userId: "me" });
    await askAs(gateway, token, "POST", `${BUSINESS}/chats/${chat.id}/resolve`, {});
    const resolver = () => api("GET", `${BUSINESS}/analytics/agents`)
      .then(({ agents }) => agents.find(({ resolved }) => resolved === 1));
    const { name } = await until("who resolved it", resolver);
    const { page, close } = await visit("#/analytics?tab=agents");
    await page.getByRole("row", { name: name ?? "No name" }).waitFor();
    assert.match(await saved(page, "Download Agents as CSV"), new RegExp(`\n${name ?? ""},1,1,`));
    const bot = await api("POST", "/api/v1/bots", { name: "Counted" });
    const body = { bot_id: bot.id, message: `delivery delivery ${HOSTILE}` };
    await api("POST", "/api/v1/chat", body);
    await until("topics", async () =>
      (await api("GET", `/api/v1/analytics/${bot.id}/topics`)).topics.length);
    await tab(page, "Bots").click();
    await page.getByRole("cell", { name: "delivery", exact: true }).waitFor();
    await assertNoMarkup(page, "topics");
    await assertAccessible(page, "a bot");
    await saved(page, "Download What visitors write about as CSV");
    await close();
  });
});
