// What goes on from a conversation: a message to other conversations, and one that is sent later.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, messagesOf, PHONE, writeFrom } from "./support/chats.mjs";
import { png } from "./support/files.mjs";
import { link, startGateway } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";

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
