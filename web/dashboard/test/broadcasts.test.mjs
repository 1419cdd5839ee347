// Broadcasts, templates and quick replies through the page: written, previewed, sent, scheduled and
// cancelled, without a mouse.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const BUSINESS = "/api/whatsapp-api";
let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
  const people = [["11", ["vip"], true], ["12", ["vip"], true], ["13", ["vip"], false]];
  for (const [digits, tags, optedIn] of people) {
    const draft = { phone: `+155500000${digits}`, name: `Person ${digits}`, tags };
    await api("POST", `${BUSINESS}/contacts`, { ...draft, ...(optedIn && { optedIn }) });
  }
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const visit = (hash) => open(browser, gateway, { hash, ...signedIn(gateway) });
const api = (method, path, body) => askAs(gateway, gateway.key, method, path, body);

test("a template is written, seen, changed and deleted by the keyboard alone", async () => {
  const { page, close } = await visit("#/templates");
  await page.getByText("No templates yet").waitFor();
  await assertAccessible(page, "no templates");
  await press(page, button(page, "New template"));
  await page.keyboard.type("Wrong Name");
  await field(page, "Text").fill("Dear {{1}}, the sale ends {{2}}.");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await field(page, "Name").fill("spring_sale");
  await field(page, "Category").selectOption("Marketing");
  await field(page, "Header optional").fill("Sale");
  await press(page, button(page, "Add a link"));
  await field(page, "Text of button 1").fill("See it");
  await field(page, "Address of button 1").fill("https://example.com/{{1}}");
  await press(page, button(page, "Add a quick reply"));
  await button(page, "Remove button 2").click();
  await assertAccessible(page, "a template");
  await field(page, "Name").press("Enter");
  await page.getByRole("row", { name: /spring_sale/ }).waitFor();
  const { templates: [made] } = await api("GET", `${BUSINESS}/templates`);
  assert.deepEqual(made.components.map(({ type }) => type), ["HEADER", "BODY", "BUTTONS"]);

  await choose(page, button(page, "Actions for spring_sale"), "Edit");
  await field(page, "Footer optional").fill("Reply STOP to end.");
  await field(page, "Footer optional").press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { templates: [changed] } = await api("GET", `${BUSINESS}/templates`);
  assert.equal(changed.components.length, 4);

  await press(page, button(page, "Import"));
  await page.keyboard.type("no JSON");
  await page.keyboard.press("Control+Enter");
  await page.getByText("This is no JSON.").waitFor();
  const found = (name, text) => ({
    name, language: "en", category: "UTILITY", status: "APPROVED",
    components: [{ type: "BODY", text }],
  });
  await field(page, "JSON").fill(JSON.stringify({ data: [found("a_b", "Hi"), found("c", "")] }));
  await page.keyboard.press("Control+Enter");
  await page.getByText("1 template created").waitFor();
  await page.getByText("Not taken").waitFor();
  await page.keyboard.press("Escape");
  await choose(page, button(page, "Actions for a_b"), "Delete");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /a_b/ }).waitFor({ state: "detached" });
  await close();
});

test("a quick reply is written, changed and deleted", async () => {
  const { page, close } = await visit("#/templates?tab=replies");
  await press(page, button(page, "New quick reply"));
  await page.keyboard.press("End");
  await page.keyboard.type("hours");
  await page.keyboard.press("Tab");
  await page.keyboard.type(HOSTILE);
  await page.keyboard.press("Control+Enter");
  await page.getByText(HOSTILE).waitFor();
  await assertNoMarkup(page, "quick replies");
  await assertAccessible(page, "quick replies");
  await choose(page, button(page, "Actions for /hours"), "Edit");
  await field(page, "Text").fill("Nine to five");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("cell", { name: "Nine to five" }).waitFor();
  await choose(page, button(page, "Actions for /hours"), "Delete");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("No quick replies yet").waitFor();
  await close();
});

describe("a broadcast", () => {
  test("of a template is previewed, confirmed, sent and followed", async () => {
    const { page, close } = await visit("#/broadcasts");
    await page.getByText("No broadcasts yet").waitFor();
    await press(page, page.getByRole("link", { name: "New broadcast" }));
    await heading(page, "New broadcast").waitFor();
    await button(page, "Send").click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByText("Choose at least one tag").waitFor();
    await field(page, "Name").fill(HOSTILE);
    await field(page, "Template").selectOption({ label: "spring_sale (en_US)" });
    await page.getByText("Fill in this variable.").first().waitFor();
    await field(page, "Variable 1 of the text").fill("friend");
    await field(page, "Variable 2 of the text").fill("today");
    await field(page, "End of the address of button 1").fill("sale");
    await page.getByText("Dear friend, the sale ends today.").waitFor();
    await page.getByLabel("vip (3)").press("Space");
    await press(page, button(page, "Preview recipients"));
    await page.getByText("2 recipients").waitFor();
    await page.getByText("1 not opted in").waitFor();
    await assertAccessible(page, "a new broadcast");
    await press(page, button(page, "Send"));
    await page.getByRole("heading", { name: "Send to 2 recipients?" }).waitFor();
    await assertAccessible(page, "the question");
    await page.keyboard.press("Enter");
    await heading(page, HOSTILE).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Person 11" }).waitFor();
    await assertNoMarkup(page, "a broadcast");
    await assertAccessible(page, "a broadcast");
    await field(page, "Status").selectOption("Failed");
    await page.getByText("No recipient has this status.").waitFor();
    const { broadcasts: [sent] } = await api("GET", `${BUSINESS}/broadcasts`);
    assert.deepEqual([sent.stats.total, sent.stats.sent], [2, 2]);
    await page.getByRole("link", { name: "All broadcasts" }).click();
    await page.getByText("2 of 2").waitFor();
    await assertNoMarkup(page, "the list");
    await close();
  });

  test("of a text is scheduled for later, and cancelled", async () => {
    const { page, close } = await visit("#/broadcasts/new");
    await field(page, "Name").fill("Later");
    await field(page, "What is sent").selectOption("A text");
    await field(page, "Text").fill("See you tomorrow");
    await field(page, "All contacts").check();
    await field(page, "When").selectOption("Later");
    await button(page, "Schedule").click();
    await page.getByText("Choose a time in the future.").waitFor();
    const soon = new Date(Date.now() + 86_400_000);
    const local = new Date(soon - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    await field(page, "Time").fill(local);
    await press(page, button(page, "Schedule"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await heading(page, "Later").waitFor();
    await page.getByText("Scheduled", { exact: true }).waitFor();
    await press(page, button(page, "Cancel broadcast"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await assertCount(button(page, "Cancel broadcast"), 0);
    await close();
  });

  test("that waits is changed, and made a draft again", async () => {
    const text = (value) => ({ type: "text", text: value });
    const made = await api("POST", `${BUSINESS}/broadcasts`, {
      name: "Waiting", templateName: "spring_sale", language: "en_US",
      tags: ["vip", "nobody", "regular"],
      scheduledAt: new Date(Date.now() + 86_400_000).toISOString(),
      components: [
        { type: "body", parameters: [text("Ada"), text("today")] },
        { type: "button", sub_type: "url", index: 0, parameters: [text("sale")] },
      ],
    });
    const read = () => api("GET", `${BUSINESS}/broadcasts/${made.id}`);
    const { page, close } = await visit(`#/broadcasts/${made.id}`);
    await press(page, page.getByRole("link", { name: "Edit" }));
    await heading(page, "Change Waiting").waitFor();
    await page.getByText("Dear Ada, the sale ends today.").waitFor();
    assert.equal(await field(page, "End of the address of button 1").inputValue(), "sale");
    assert.ok(await page.getByLabel("nobody (0)").isChecked());
    await assertAccessible(page, "a broadcast that is changed");
    await page.getByLabel("nobody (0)").press("Space");
    await field(page, "Name").fill("Changed");
    await field(page, "Variable 2 of the text").fill("tomorrow");
    await field(page, "When").selectOption("By hand, as a draft");
    await press(page, button(page, "Save"));
    await heading(page, "Changed").waitFor();
    const changed = await read();
    assert.deepEqual(
      [changed.status, changed.scheduledAt, changed.tags.toSorted()],
      ["DRAFT", null, ["regular", "vip"]],
    );
    assert.deepEqual(changed.components[0].parameters[1], text("tomorrow"));
    assert.deepEqual(changed.components[1], made.components[1]);
    await press(page, button(page, "Cancel broadcast"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await assertCount(page.getByRole("link", { name: "Edit" }), 0);
    await page.evaluate((hash) => (location.hash = hash), `#/broadcasts/${made.id}/edit`);
    await page.getByText("This broadcast can no longer be changed").waitFor();
    await close();
  });

  test("that is a draft is sent later, by hand", async () => {
    const { page, close } = await visit("#/broadcasts/new");
    await field(page, "Name").fill("Draft of mine");
    await field(page, "What is sent").selectOption("A text");
    await field(page, "Text").fill("Hello again");
    await page.getByLabel("vip (3)").check();
    await button(page, "Save as draft").click();
    await heading(page, "Draft of mine").waitFor();
    await page.getByText("Recipients are noted when the broadcast starts.").waitFor();
    await press(page, button(page, "Send now"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Completed", { exact: true }).waitFor();
    // Marketing goes to nobody twice a day.
    await page.getByText("Skipped: 2").waitFor();
    await until("the reasons", async () =>
      await page.getByRole("cell", { name: /^Skipped/ }).count() === 2);
    await close();
  });
});
