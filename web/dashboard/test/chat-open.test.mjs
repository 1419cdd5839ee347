// The open conversation stays what it is, with its draft and its files, whatever the list shows.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertCount, launch, open } from "./support/browser.mjs";
import { conversationWith, messagesOf, openAccount, send, writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";

const CLARA = "15550000301";
const OTTO = "15550000302";
const DORA = "15550000303";
/** More than the newest page of messages holds. */
const COUNT = 130;

let browser, gateway, clara, dora;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
  await link(gateway, "second", "15551234568", "Second");
  await openAccount(gateway, CLARA, "Clara Oswald");
  await openAccount(gateway, OTTO, "Otto Hahn");
  await writeFrom(gateway, CLARA, "The lamp is of brass, isn't it?");
  for (let number = 2; number <= COUNT; number += 1) {
    await writeFrom(gateway, CLARA, `Line ${number}`);
  }
  await openAccount(gateway, DORA, "Dora Maar");
  await writeFrom(gateway, DORA, "Good morning");
  await writeFrom(gateway, OTTO, "Hello");
  ({ id: clara } = await conversationWith(gateway, CLARA));
  ({ id: dora } = await conversationWith(gateway, DORA));
  await messagesOf(gateway, clara, (all) => all.at(-1)?.message_body === `Line ${COUNT}`);
  await gateway.ask("POST", "/api/v1/tags", { name: "Lamps", color: "#d9772b" });
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const title = (page) => page.getByRole("heading", { level: 2, name: /Clara Oswald|Dora Maar/ });
const caption = (page) => page.getByRole("textbox", { name: "Add a caption" });

/** Opens a conversation and begins a message with a file. */
async function begin(number, id) {
  await gateway.ask("POST", `/api/v1/chat/conversations/${id}/mark-read`);
  await until("it is read", async () =>
    (await conversationWith(gateway, number)).unread_count === 0);
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${id}` });
  await page.locator(".bubble").first().waitFor();
  await page.getByRole("textbox", { name: "Write a message" }).fill("Half a sentence");
  await page.locator("input[type=file]").setInputFiles({
    name: "plan.pdf", mimeType: "application/pdf", buffer: Buffer.from("a plan"),
  });
  await page.getByText("plan.pdf").waitFor();
  return { page, close };
}

async function assertKept(page, when) {
  assert.ok(await title(page).isVisible(), when);
  assert.equal(await caption(page).inputValue(), "Half a sentence", when);
  assert.ok(await page.getByText("plan.pdf").isVisible(), when);
  assert.ok(0 < await page.locator(".bubble").count(), when);
}

const rows = (page) => page.locator(".row");

describe("an open conversation, its draft and its files stay", () => {
  test("while one searches, and a hit in it is shown where it is", async () => {
    const { page, close } = await begin(CLARA, clara);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("brass");
    const hit = page.getByRole("button", { name: /The lamp is of brass/ });
    await hit.waitFor();
    await assertCount(rows(page), 0, "the list holds no conversation");
    await assertKept(page, "while words are searched for");
    await hit.click();
    await page.locator(".marked", { hasText: "The lamp is of brass" }).waitFor();
    await assertKept(page, "at the hit");
    await page.getByRole("searchbox").fill("no such words anywhere");
    await page.getByText("No results").waitFor();
    await assertKept(page, "where nothing is found");
    await page.getByRole("button", { name: "Clear the search" }).click();
    await rows(page).first().waitFor();
    await assertKept(page, "after the search");
    await close();
  });

  test("under every filter", async () => {
    const { page, close } = await begin(DORA, dora);
    const button = (name) => page.getByRole("button", { name, exact: true });
    const isGone = () => until("a list without it", async () =>
      await page.locator(`[data-id="${dora}"]`).count() === 0);
    await button("Archived").click();
    await isGone();
    await assertKept(page, "in the view of the archive");
    await button("Unread").click();
    await page.getByRole("link", { name: /Otto/ }).waitFor();
    await assertKept(page, "in the view of unread ones");
    await button("All").click();
    await page.locator(`[data-id="${dora}"]`).waitFor();
    await page.getByRole("combobox", { name: "Tag" }).selectOption({ label: "Lamps" });
    await isGone();
    await assertKept(page, "with a tag that it does not bear");
    await page.getByRole("combobox", { name: "Tag" }).selectOption({ label: "All tags" });
    await page.getByRole("combobox", { name: "Session" }).selectOption({ label: "second" });
    await isGone();
    await assertKept(page, "with the session of others");
    // It goes on hearing of what happens, too.
    await writeFrom(gateway, DORA, "Are you still there?");
    await page.locator(".bubble", { hasText: "Are you still there?" }).waitFor();
    await close();
  });

  test("when it is put into the archive", async () => {
    const { page, close } = await begin(DORA, dora);
    const menu = page.getByRole("button", { name: "Conversation actions" });
    await menu.click();
    await page.getByRole("menuitem", { name: "Archive", exact: true }).click();
    await page.locator(`[data-id="${dora}"]`).waitFor({ state: "detached" });
    await assertKept(page, "in the archive");
    await menu.click();
    await page.getByRole("menuitem", { name: "Unarchive" }).click();
    await page.locator(`[data-id="${dora}"]`).waitFor();
    await assertKept(page, "out of it again");
    await close();
  });

  test("when one looks at another one, or at another page, and comes back", async () => {
    const { page, close } = await begin(DORA, dora);
    await page.getByRole("link", { name: /Otto/ }).click();
    await page.getByRole("heading", { level: 2, name: "Otto Hahn" }).waitFor();
    await assertCount(page.getByText("plan.pdf"), 0);
    await page.getByRole("link", { name: /Dora/ }).click();
    await title(page).waitFor();
    await page.getByText("plan.pdf").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    await page.goBack();
    await page.locator(".bubble").first().waitFor();
    await assertKept(page, "after another page");
    await close();
  });
});

test("a menu that is opened while the messages are read keeps the focus", async () => {
  const { page, close } = await open(browser, gateway, { hash: "#/chat" });
  await page.locator(`[data-id="${dora}"]`).waitFor();
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route("**/messages?*", async (route) => {
    await released;
    await route.continue();
  });
  await page.evaluate((to) => (location.hash = to), `#/chat?with=${dora}`);
  const menu = page.getByRole("button", { name: "Conversation actions" });
  await menu.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem").first().waitFor();
  release();
  await page.locator(".bubble").first().waitFor();
  await page.getByRole("menuitem", { name: "Edit tags" }).click();
  await page.getByRole("dialog").waitFor();
  await close();
});

test("a conversation that is deleted elsewhere says so in its place", async () => {
  await send(gateway, OTTO, "To be forgotten");
  const { id } = await conversationWith(gateway, OTTO);
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${id}` });
  await page.locator(".bubble", { hasText: "To be forgotten" }).waitFor();
  await gateway.ask("DELETE", `/api/v1/conversations/${id}`);
  await page.reload();
  await page.getByText("This conversation no longer exists").waitFor();
  await close();
});

test("a message that failed says so, and is sent again", async () => {
  await send(gateway, DORA, "Refused at first");
  // A receipt that comes later would show it as sent.
  await messagesOf(gateway, dora, (all) =>
    all.some((each) => each.message_body === "Refused at first" && each.status === "delivered"));
  const { page, close } = await open(browser, gateway, { hash: "#/chat" });
  await page.route("**/messages?*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const refused = body.data.messages.find((each) => each.message_body === "Refused at first");
    if (refused) refused.status = "failed";
    await route.fulfill({ response, json: body });
  });
  await page.evaluate((to) => (location.hash = to), `#/chat?with=${dora}`);
  const own = page.locator(".own", { hasText: "Refused at first" });
  await own.first().getByText("Not sent.").waitFor();
  await own.first().getByRole("button", { name: "Send again" }).click();
  await messagesOf(gateway, dora, (all) =>
    all.filter((each) => each.message_body === "Refused at first").length === 2);
  await close();
});

test("every filter is in the pane, and a deleted message leaves words in the list", async () => {
  const { message } = await send(gateway, DORA, "To be taken back");
  await gateway.ask("DELETE", `/api/v1/chat/messages/${message.uuid}?for=everyone`);
  const viewport = { width: 1024, height: 800 };
  const { page, close } = await open(browser, gateway, { hash: "#/chat", viewport });
  await page.locator(`[data-id="${dora}"]`).getByText("This message was deleted").waitFor();
  const pane = await page.locator(".pane").first().boundingBox();
  for (const filter of await page.locator(".filters > *").all()) {
    const box = await filter.boundingBox();
    assert.ok(box.x + box.width <= pane.x + pane.width, await filter.innerText());
  }
  await close();
});
