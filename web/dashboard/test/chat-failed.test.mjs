// A message that WhatsApp does not take: why, and how it is sent once more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.mjs";
import { conversationWith, messagesOf, openAccount, send, SILENT } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";

const DORA = "15550000303";

let browser, gateway, chat;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
  await openAccount(gateway, DORA, "Dora Maar");
  await send(gateway, SILENT, "To begin with");
  chat = (await conversationWith(gateway, SILENT)).id;
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const refuse = (count) => gateway.ask("PUT", "/_simulator/v1/faults", { refuseSends: count });
const own = (page, text) => page.locator(".own", { hasText: text });
const menuOf = (page, text) =>
  own(page, text).first().getByRole("button", { name: /^Actions for the message/ });
const count = async (text) => (await messagesOf(gateway, chat))
  .filter((each) => each.message_body === text && each.status !== "failed").length;

test("one that is refused at once says why, also after a reload, and is sent again", async () => {
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${chat}` });
  await own(page, "To begin with").waitFor();
  await refuse(1);
  const field = page.getByRole("textbox", { name: "Write a message" });
  await field.fill("Refused at once");
  await field.press("Enter");
  const reason = own(page, "Refused at once").getByText(/^Not sent: WhatsApp refused the message/);
  await reason.waitFor();
  await page.reload();
  await reason.waitFor();
  assert.equal(await count("Refused at once"), 0);
  await press(page, own(page, "Refused at once").getByRole("button", { name: "Try again" }));
  await own(page, "Refused at once").and(page.locator("[data-state=there]")).waitFor();
  assert.equal(await count("Refused at once"), 1);
  await close();
});

test("a queued one that ends as failed says why, and its menu sends it again", async () => {
  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${chat}` });
  await own(page, "To begin with").waitFor();
  await refuse(100);
  const body = { chatId: `${SILENT}@c.us`, content: "Refused in the queue", queue: true };
  await gateway.ask("POST", "/api/v1/sessions/shop/send-text", body);
  await own(page, "Refused in the queue").getByText(/^Not sent: /).waitFor();
  await refuse(0);
  await choose(page, menuOf(page, "Refused in the queue"), "Send again");
  await until("it is sent", async () => await count("Refused in the queue") === 1);
  await own(page, "Refused in the queue").nth(1).waitFor();
  await close();
});
