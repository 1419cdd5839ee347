import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../src/events";
import { receipts } from "../src/receipts";
import { ADA, GROUP, ME, MY_LID, Page, model, stopTime, wid } from "./fake";

const GRACE = "15550000012@c.us";
const GRACE_LID = "100015550000012@lid";

function listening(): Page {
  stopTime();
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  listen();
  return page;
}

function members(page: Page, ...ids: string[]): void {
  const models = ids.map((id) => ({ id: wid(id) }));
  page.groups.set(GROUP, { participants: { getModelsArray: () => models } });
}

function recipientsOf(page: Page): unknown {
  const sent = page.events.find((event) => event.type === "message_sent");
  return sent?.type === "message_sent" ? sent.message.recipients : "nothing was sent";
}

test("an own message in a group names whom it went to, without oneself under either id", () => {
  const page = listening();
  members(page, MY_LID, ME, ADA, GRACE_LID, "0@c.us");
  page.emit("chat.new_message", model(`true_${GROUP}_A_${MY_LID}`));
  assert.deepEqual(recipientsOf(page), [ADA, GRACE]);
});

test("a group whose members have not come is not a group without members", () => {
  const page = listening();
  members(page);
  page.emit("chat.new_message", model(`true_${GROUP}_A_${MY_LID}`));
  assert.equal(recipientsOf(page), undefined);
});

test("a receipt of the account's own other device is none of a receiver", () => {
  const page = listening();
  const ids = [wid(`true_${GROUP}_A`)];
  page.emit("chat.msg_ack_change", { ack: 3, chat: wid(GROUP), sender: wid(MY_LID), ids });
  assert.deepEqual(page.events, []);
});

test("each person's times are told, and how far the message has come with them", async () => {
  const page = listening();
  page.wpp.chat.getMessageACK = () =>
    Promise.resolve({
      participants: [
        { id: ADA, wid: wid(ADA), deliveredAt: 5, readAt: 6 },
        { id: GRACE_LID, wid: wid(GRACE_LID), deliveredAt: 5 },
        { id: ME, wid: wid(ME), readAt: 5 },
      ],
    });
  const at = (second: number) => `1970-01-01T00:00:0${second}.000Z`;
  assert.deepEqual(await receipts(`true_${GROUP}_A`), [
    { participant: ADA, ack: "read", deliveredAt: at(5), readAt: at(6), playedAt: null },
    { participant: GRACE, ack: "delivered", deliveredAt: at(5), readAt: null, playedAt: null },
  ]);
});
