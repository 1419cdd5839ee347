// What goes on from a conversation: a message to other conversations, one that is sent later, and
// what is known of a contact or a group, whose members are mentioned.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, messagesOf, PHONE, send, writeFrom } from "./support/chats.mjs";
import { png } from "./support/files.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { HOSTILE_NAME } from "./support/people.mjs";

const BEN = "15550000012";

let browser, gateway, ada, ben;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", PHONE);
  await writeFrom(gateway, BEN, "Hello");
  await writeFrom(gateway, ADA, "The recipe: *two* eggs");
  await writeFrom(gateway, ADA, "A view", {
    bytes: png(60, 40), mime: "image/png", filename: "view.png",
  });
  [ada, ben] = await Promise.all([ADA, BEN].map((each) => conversationWith(gateway, each)));
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

test("a text and a picture are sent on to others, without a mouse", async () => {
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${ada.id}` });
  for (const text of ["The recipe", "A view"]) {
    const row = page.locator(".message", { hasText: text });
    await row.waitFor();
    await choose(page, row.getByRole("button", { name: /^Actions for/ }), "Forward");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("Grace");
    await assertCount(page.getByRole("dialog").getByRole("checkbox"), 1);
    await assertAccessible(page, "a message that is sent on");
    await page.getByRole("dialog").getByRole("checkbox").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  const sent = await messagesOf(gateway, ben.id, (all) =>
    all.filter((each) => each.is_from_me && each.status !== "pending").length === 2);
  const own = sent.filter((each) => each.is_from_me);
  assert.deepEqual(own.map((each) => [each.message_type, each.message_body]), [
    ["text", "The recipe: *two* eggs"], ["image", "A view"],
  ]);
  await close();
});

test("a message that is to be sent later waits for its time", async () => {
  const options = { hash: `#/chat?with=${ada.id}`, timezoneId: "UTC" };
  const { page, close } = await open(browser, gateway, options);
  const field = page.getByRole("textbox", { name: "Write a message" });
  await field.fill("See you tomorrow");
  await press(page, page.getByRole("button", { name: "Send later" }));
  await page.getByRole("dialog").waitFor();
  await assertAccessible(page, "when to send");
  await page.getByLabel("Date and time").fill("2001-01-01T10:00");
  await page.keyboard.press("Enter");
  await page.getByText("Choose a time that is still to come").waitFor();
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
  await page.getByLabel("Date and time").fill(tomorrow);
  await page.keyboard.press("Enter");
  await page.locator("[data-state=queued]", { hasText: "See you tomorrow" }).waitFor();
  assert.equal(await field.inputValue(), "");
  const { data } = await gateway.ask("GET", "/api/v1/sessions/shop/outbox");
  const [waits] = data.outbox.filter(({ sendAt }) => sendAt !== null);
  assert.equal(Date.parse(waits.sendAt), Date.parse(`${tomorrow}Z`));
  await close();
});

test("a group shows its members, and offers them behind an at sign", async () => {
  const group = await gateway.ask("POST", "/api/v1/sessions/shop/groups", {
    name: HOSTILE_NAME, participants: [`${ADA}@c.us`, `${BEN}@c.us`],
  });
  await send(gateway, group.data.gid, "Welcome");
  const { id } = await until("the group", async () => {
    const { data } = await gateway.ask("GET", "/api/v1/chat/conversations?is_group=true");
    return data.data[0];
  });
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${id}` });
  await page.locator(".bubble", { hasText: "Welcome" }).waitFor();
  const menu = page.getByRole("button", { name: "Conversation actions" });
  await choose(page, menu, "Group details");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("3 members").waitFor();
  await dialog.getByRole("listitem").filter({ hasText: "Ada Lovelace" }).waitFor();
  await assertAccessible(page, "a group");
  assert.equal(await page.locator("[data-evil]").count(), 0);
  await page.keyboard.press("Escape");
  const field = page.getByRole("textbox", { name: "Write a message" });
  await field.focus();
  await page.keyboard.type("Hello @love");
  await page.getByRole("option", { name: /Ada Lovelace/ }).waitFor();
  await assertAccessible(page, "members that are offered");
  await page.keyboard.press("Tab");
  await until("the mention", async () => (await field.inputValue()) === `Hello @${ADA} `);
  await page.keyboard.type("are you there?");
  await page.keyboard.press("Enter");
  await page.locator(".own .mention").waitFor();
  const sent = await messagesOf(gateway, id, (all) => all.some((each) => each.mentioned_jids[0]));
  assert.deepEqual(sent.at(-1).mentioned_jids, [`${ADA}@s.whatsapp.net`]);
  await close();
});
