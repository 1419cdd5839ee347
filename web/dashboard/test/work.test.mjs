// Tickets and tasks through the page, without a mouse: created, filtered, given, closed, deleted.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs, comeIn, makePerson, OWNER } from "./support/people.mjs";

let browser, gateway, owner, bot, grace;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  owner = await makePerson(gateway, OWNER);
  const draft = { email: "grace@example.com", name: "Grace Hopper", role: "ADMIN" };
  grace = await makePerson(gateway, draft, owner);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const row = (page, name) => page.getByRole("row", { name });
const api = (method, path, body) => askAs(gateway, owner, method, path, body);
const inDialog = (page, name) => page.getByRole("dialog").getByLabel(name, { exact: true });

async function visit(hash, credential = owner) {
  const opened = await open(browser, gateway, { hash });
  await comeIn(opened.page, credential);
  return opened;
}

const untilClosed = (page) => page.getByRole("dialog").waitFor({ state: "detached" });

describe("tickets", () => {
  test("belong to a bot, and say so where there is none", async () => {
    const { page, close } = await visit("#/work");
    await page.getByText("Tickets belong to a bot").waitFor();
    await close();
    bot = (await api("POST", "/api/v1/bots", { name: "Desk" })).id;
  });

  test("are created, changed, taken, resolved and reopened", async () => {
    const { page, close } = await visit("#/work");
    await page.getByText("No tickets yet").waitFor();
    await press(page, button(page, "New ticket"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").locator("[aria-invalid=true]").waitFor();
    await inDialog(page, "Subject").fill(HOSTILE);
    await inDialog(page, "Who asked for it optional").fill("John Doe");
    await inDialog(page, "Priority").selectOption("Urgent");
    await until("the colleague", () => page.getByRole("dialog")
      .locator("option", { hasText: "Grace Hopper" }).count());
    await inDialog(page, "Assigned to").selectOption("Grace Hopper");
    await inDialog(page, "Due optional").fill("2020-05-04T10:30");
    await assertAccessible(page, "a new ticket");
    await inDialog(page, "Subject").press("Enter");
    await untilClosed(page);
    await row(page, /for John Doe/).waitFor();
    await assertText(row(page, /for John Doe/), /Urgent[\s\S]*Grace Hopper[\s\S]*Overdue/);
    await assertNoMarkup(page, "the tickets");
    await assertAccessible(page, "the tickets");
    const { tickets: [made] } = await api("GET", `/api/v1/tickets/${bot}`);
    assert.deepEqual(
      [made.subject, made.priority, made.assignee.id, Date.parse(made.due_at)],
      [HOSTILE, "urgent", grace.id, new Date("2020-05-04T10:30").getTime()],
    );

    const menu = button(page, `Actions for ${HOSTILE}`);
    await choose(page, menu, "Edit");
    assert.equal(await inDialog(page, "Due optional").inputValue(), "2020-05-04T10:30");
    await inDialog(page, "Subject").fill("A broken cup");
    await inDialog(page, "Due optional").fill("");
    await inDialog(page, "Status").selectOption("Pending");
    await inDialog(page, "Subject").press("Enter");
    await untilClosed(page);
    await row(page, /A broken cup.*Pending/).waitFor();
    const actions = button(page, "Actions for A broken cup");
    await choose(page, actions, "Assign to me");
    await row(page, /A broken cup.*Me/).waitFor();
    await choose(page, actions, "Resolve");
    await row(page, /A broken cup.*Resolved/).waitFor();
    await choose(page, actions, "Reopen");
    await row(page, /A broken cup.*Open/).waitFor();
    const { tickets: [now] } = await api("GET", `/api/v1/tickets/${bot}`);
    assert.deepEqual([now.status, now.due_at, now.requester], ["open", null, "John Doe"]);
    await close();
  });

  test("are filtered, and the address keeps the filters", async () => {
    const other = (await api("POST", "/api/v1/bots", { name: "Other" })).id;
    await api("POST", "/api/v1/tickets", { bot_id: bot, subject: "Low one", priority: "low" });
    await api("POST", "/api/v1/tickets", { bot_id: other, subject: "Elsewhere" });
    const { page, close } = await visit(`#/work?bot=${bot}`);
    await row(page, /A broken cup/).waitFor();
    await field(page, "Priority").selectOption("Low");
    await row(page, /A broken cup/).waitFor({ state: "detached" });
    await row(page, /Low one/).waitFor();
    await page.reload();
    await row(page, /Low one/).waitFor();
    assert.equal(await field(page, "Priority").inputValue(), "low");
    await field(page, "Assigned to").selectOption("Me");
    await page.getByText("Nothing matches").waitFor();
    await field(page, "Bot").selectOption("Other");
    await field(page, "Priority").selectOption("Every priority");
    await field(page, "Assigned to").selectOption("Nobody");
    await row(page, /Elsewhere/).waitFor();
    await close();
  });
});

test("tasks are one's own or all, are done, and are deleted", async () => {
  const { page, close } = await visit("#/work?tab=tasks");
  await page.getByText("No tasks yet").waitFor();
  await press(page, button(page, "New task"));
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("Call John back");
  await page.keyboard.press("Enter");
  await untilClosed(page);
  await row(page, /Call John back.*Me/).waitFor();
  await api("POST", "/api/v1/tasks", { title: "Water the plants", assignee_id: grace.id });
  await field(page, "Assigned to").selectOption("Everybody");
  await row(page, /Water the plants.*Grace Hopper/).waitFor();
  await assertAccessible(page, "the tasks");
  await choose(page, button(page, "Actions for Water the plants"), "Mark as done");
  await row(page, /Water the plants.*Done/).waitFor();
  await field(page, "Status").selectOption("Open");
  await row(page, /Water the plants/).waitFor({ state: "detached" });
  await choose(page, button(page, "Actions for Call John back"), "Delete");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Nothing matches").waitFor();
  const { tasks } = await api("GET", "/api/v1/tasks?scope=team");
  assert.deepEqual(tasks.map(({ title, status }) => [title, status]), [
    ["Water the plants", "done"],
  ]);
  await close();
});

test("a viewer sees no way to change them", async () => {
  const draft = { email: "vera@example.com", name: "Vera Molnár", role: "VIEWER" };
  await makePerson(gateway, draft, owner);
  const body = { email: draft.email, password: OWNER.password };
  const { token } = await askAs(gateway, "", "POST", "/api/v1/auth/login", body);
  const { page, close } = await visit("#/work?tab=tasks", token);
  await page.getByText("No tasks yet").waitFor();
  for (const name of ["New task", "New ticket"]) await assertCount(button(page, name), 0);
  await close();
});
