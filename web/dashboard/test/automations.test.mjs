// Rules and flows through their pages, without a mouse: written, tried, followed, changed, deleted.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { ADA, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs, makePerson, OWNER } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const FLOWS = "/api/whatsapp-api/flows";
let browser, gateway, bot;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const group = (page, name) => page.getByRole("group", { name, exact: true });
const visit = (hash, credential) =>
  open(browser, gateway, { hash, ...signedIn(gateway, credential) });
const api = (method, path, body) => askAs(gateway, gateway.key, method, path, body);
const rules = async () => (await api("GET", `/api/v1/automations/${bot}`)).automations;
const flows = async () => (await api("GET", FLOWS)).flows;

describe("a rule", () => {
  test("belongs to a bot, and the page says so where there is none", async () => {
    const { page, close } = await visit("#/automations");
    await page.getByText("Rules belong to a bot").waitFor();
    await close();
    bot = (await api("POST", "/api/v1/bots", {
      name: "Desk", channels: [{ type: "whatsapp", session_id: "shop" }],
    })).id;
    await api("POST", `/api/v1/bots/${bot}/activate`, { active: true });
  });

  test("is written, with what is wrong at its fields", async () => {
    const { page, close } = await visit("#/automations");
    await page.getByText("No rules yet").waitFor();
    await assertAccessible(page, "no rules");
    await press(page, page.getByRole("link", { name: "New rule" }));
    await heading(page, "New rule").waitFor();
    await field(page, "Name").fill(HOSTILE.slice(0, 80));
    await press(page, button(page, "Add a condition"));
    const first = group(page, "condition 1");
    await press(page, button(page, "Save"));
    const action = group(page, "action 1");
    await action.locator("[aria-invalid=true]").waitFor();
    await field(action, "Do this").selectOption("Add a tag");
    await field(action, "Tag").fill("refund");
    await press(page, button(page, "Save"));
    await first.locator("[aria-invalid=true]").waitFor();
    await field(first, "Value").fill("refund");
    await press(page, button(page, "Add a condition"));
    const second = group(page, "condition 2");
    await field(second, "What").selectOption("Channel");
    await field(second, "Value").selectOption("WhatsApp");
    await field(page, "Conditions that must hold").selectOption("All of them");
    await press(page, button(page, "Add an action"));
    await field(group(page, "action 2"), "Do this").selectOption("Open a ticket");
    await field(group(page, "action 2"), "Subject").fill("A refund");
    await field(group(page, "action 2"), "Priority").selectOption("High");
    await press(page, button(page, "Move action 2 up"));
    await assertAccessible(page, "a new rule");
    await press(page, button(page, "Save"));
    await heading(page, HOSTILE.slice(0, 80)).waitFor();
    const [made] = await rules();
    assert.deepEqual(made.actions, [
      { type: "create_ticket", subject: "A refund", priority: "high" },
      { type: "add_tag", tag: "refund" },
    ]);
    assert.deepEqual(made.conditions, [
      { field: "message.text", op: "contains", value: "refund" },
      { field: "session.channel", op: "equals", value: "whatsapp" },
    ]);
    await assertNoMarkup(page, "a rule");
    await close();
  });

  test("is tried, and its runs are followed", async () => {
    const [{ id }] = await rules();
    const { page, close } = await visit(`#/automations/${bot}/${id}`);
    await page.getByText("It has not run yet.").waitFor();
    await field(page, "What a contact writes").fill("Where is my refund?");
    await press(page, button(page, "Try"));
    await page.getByText("It would start").waitFor();
    await page.getByText("Condition 2 holds").waitFor();
    await field(page, "Channel").selectOption("Website");
    await press(page, button(page, "Try"));
    await page.getByText("It would not start").waitFor();
    await page.getByText("Condition 2 does not hold").waitFor();
    await assertCount(page.getByText("It has not run yet."), 1);
    await writeFrom(gateway, ADA, "I want a refund");
    await until("a run", async () => (await rules())[0].run_count === 1);
    await press(page, button(page, "Refresh"));
    const runs = page.getByRole("region", { name: "Runs" });
    await runs.getByText("Open a ticket").waitFor();
    await assertText(runs, /Add a tag/);
    await assertAccessible(page, "a rule with a run");
    await runs.getByRole("link", { name: "Conversation" }).click();
    await page.getByText("I want a refund").first().waitFor();
    await close();
  });

  test("looks for a pattern, and calls a webhook of its bot", async () => {
    const [{ id }] = await rules();
    const hook = await api("POST", "/api/v1/webhooks", {
      bot_id: bot, url: "http://127.0.0.1:9/hook", events: ["new_message"], description: "CRM",
    });
    const { page, close } = await visit(`#/automations/${bot}/${id}`);
    const first = group(page, "condition 1");
    await field(first, "How").selectOption("matches a pattern");
    await field(first, "Value").fill("(order");
    await press(page, button(page, "Save"));
    await first.locator("[aria-invalid=true]").waitFor();
    await field(first, "Value").fill("order \\d+|refund");
    await press(page, button(page, "Add an action"));
    const third = group(page, "action 3");
    await field(third, "Do this").selectOption("Call a webhook");
    await field(third, "Webhook of the bot").selectOption("CRM");
    await assertAccessible(page, "a rule that calls a webhook");
    await press(page, button(page, "Save"));
    await until("the rule", async () => (await rules())[0].actions.length === 3);
    const [{ actions, conditions }] = await rules();
    assert.deepEqual(actions[2], { type: "call_webhook", webhook_id: hook.id });
    assert.deepEqual(conditions[0], {
      field: "message.text", op: "regex", value: "order \\d+|refund",
    });
    await close();
  });

  test("is changed, turned off and deleted", async () => {
    const [{ id }] = await rules();
    const { page, close } = await visit(`#/automations/${bot}/${id}`);
    await field(page, "When").selectOption("Nobody has written for a time");
    await field(page, "Minutes without a message").fill("0");
    await press(page, button(page, "Save"));
    await page.locator("[aria-invalid=true]").first().waitFor();
    await field(page, "Minutes without a message").fill("90");
    await press(page, button(page, "Remove condition 2"));
    await field(page, "Name").fill("Idle");
    await press(page, button(page, "Save"));
    await heading(page, "Idle").waitFor();
    const [{ trigger, conditions }] = await rules();
    assert.deepEqual([trigger, conditions.length], [{ type: "session_idle", minutes: 90 }, 1]);
    await page.getByRole("link", { name: "All rules" }).click();
    await page.getByRole("row", { name: /Idle/ }).waitFor();
    await assertAccessible(page, "the rules");
    await choose(page, button(page, "Actions for Idle"), "Turn off");
    await page.getByRole("row", { name: /Idle Off/ }).waitFor();
    assert.equal((await rules())[0].enabled, false);
    await choose(page, button(page, "Actions for Idle"), "Delete");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("No rules yet").waitFor();
    await close();
  });
});

describe("a flow", () => {
  test("is written step by step, with what is wrong at its steps", async () => {
    const { page, close } = await visit("#/automations?tab=flows");
    await page.getByText("No flows yet").waitFor();
    await press(page, page.getByRole("link", { name: "New flow" }));
    await heading(page, "New flow").waitFor();
    await field(page, "Name").fill("Front desk");
    await field(page, "Words").fill("hello, hi");
    const first = group(page, "step step-1");
    await field(first, "What it does").selectOption("Ask with a menu");
    await field(first, "Text").fill("How can we help?");
    await press(page, button(page, "Add an option"));
    await press(page, button(page, "Add a step"));
    await field(group(page, "step step-2"), "What it does").selectOption("Ask a question");
    await field(group(page, "step step-2"), "Text").fill("Which order?");
    const question = group(page, "step step-2");
    await press(page, button(page, "Save"));
    await question.locator("[aria-invalid=true]").waitFor();
    await field(question, "Save the answer as").fill("attributes.order");
    await press(page, button(page, "Save"));
    await group(page, "option 1").locator("[aria-invalid=true]").waitFor();
    await field(group(page, "option 1"), "Label").fill("My order");
    await press(page, button(page, "Add an option"));
    const second = group(page, "option 2");
    await field(second, "Label").fill("A person");
    await press(page, button(page, "Add a step"));
    await field(group(page, "step step-3"), "What it does")
      .selectOption("Ask for a person, and end");
    await field(second, "Next step").selectOption("step-3");
    await assertAccessible(page, "a new flow");
    await press(page, button(page, "Save"));
    await heading(page, "Front desk").waitFor();
    const [made] = await flows();
    assert.deepEqual(made.trigger, {
      type: "keyword", keywords: ["hello", "hi"], matchType: "contains",
    });
    assert.deepEqual(made.steps.map(({ type }) => type), ["menu", "question", "handoff"]);
    assert.deepEqual(made.steps[0].options.map(({ next }) => next ?? null), [null, "step-3"]);
    await close();
  });

  test("is changed and deleted", async () => {
    const { page, close } = await visit("#/automations?tab=flows");
    await page.getByRole("row", { name: /Front desk.*hello, hi.*3 steps/ }).waitFor();
    await assertAccessible(page, "the flows");
    await page.getByRole("link", { name: "Front desk" }).click();
    const last = group(page, "step step-3");
    await field(last, "Said before optional").fill("One moment, please.");
    await press(page, button(page, "Save"));
    await until("the words", async () =>
      (await flows())[0].steps[2].message === "One moment, please.");
    await page.getByRole("link", { name: "All flows" }).click();
    await choose(page, button(page, "Actions for Front desk"), "Delete");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("No flows yet").waitFor();
    await close();
  });
});

test("a viewer sees rules and flows, and nothing that changes them", async () => {
  await api("POST", "/api/v1/automations", {
    bot_id: bot, name: "Greet", trigger: { type: "session_created" },
    actions: [{ type: "send_message", text: "Welcome" }],
  });
  await api("POST", FLOWS, {
    // Of a bot that the viewer sees.
    name: "Shown", trigger: { type: "any" }, agentId: bot,
    steps: [{ id: "a", type: "message", text: "Hi" }],
  });
  const owner = await makePerson(gateway, OWNER);
  const viewer = { email: "vera@example.com", name: "Vera Molnár", role: "VIEWER" };
  await makePerson(gateway, viewer, owner);
  const team = await askAs(gateway, owner, "POST", "/api/v1/teams", { name: "Support" });
  const invitation = { email: viewer.email, role: "viewer" };
  await askAs(gateway, owner, "POST", `/api/v1/teams/${team.id}/invite`, invitation);
  const share = { bot_id: bot, permission: "view" };
  await askAs(gateway, owner, "POST", `/api/v1/teams/${team.id}/share-bot`, share);
  const signed = await askAs(gateway, "", "POST", "/api/v1/auth/login", {
    email: viewer.email, password: OWNER.password,
  });
  const { page, close } = await visit("#/automations", signed.token);
  await page.getByRole("link", { name: "Greet" }).waitFor();
  for (const name of ["New rule", "Actions for Greet"]) {
    await assertCount(page.getByText(name, { exact: true }), 0);
  }
  await page.getByRole("link", { name: "Greet" }).click();
  await heading(page, "Greet").waitFor();
  assert.ok(await field(page, "Name").isDisabled());
  for (const name of ["Save", "Add an action", "Add a condition", "Remove action 1"]) {
    await assertCount(button(page, name), 0);
  }
  await page.evaluate(() => (location.hash = "#/automations?tab=flows"));
  await page.getByRole("link", { name: "Shown" }).click();
  await page.getByText("Only administrators change flows.").waitFor();
  for (const name of ["Save", "Add a step"]) await assertCount(button(page, name), 0);
  await close();
});
