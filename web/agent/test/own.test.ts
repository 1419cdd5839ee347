import assert from "node:assert/strict";
import { test } from "node:test";
import { carryOut } from "../src/commands";
import { isMessageId, plainId } from "../src/ids";
import { listen } from "../src/events";
import { ADA, ME, MY_LID, Page, model, stopTime, wid } from "./fake";

function listening(): Page {
  stopTime();
  const page = new Page();
  listen();
  return page;
}

test("a message to oneself is an own one under one name, whichever device sent it", () => {
  const page = listening();
  page.emit("chat.new_message", model(`true_${ME}_A_out`, { body: "here" }));
  page.emit("chat.new_message", model(`false_${ME}_B_in`, { body: "on the phone" }));
  const told = page.events.map(
    (event) => event.type === "message_sent" && [event.message.id, event.message.author],
  );
  assert.deepEqual(told, [
    [`true_${ME}_A`, ME],
    [`true_${ME}_B`, ME],
  ]);
});

test("ids of messages to oneself are ids, and others end with no direction", () => {
  for (const id of [`true_${ME}_A_out`, `false_${ME}_A_in`]) {
    assert.ok(isMessageId(id), id);
    assert.equal(plainId(id), `true_${ME}_A`);
  }
  assert.ok(!isMessageId(`true_${ME}_A_up`));
  assert.equal(plainId(`false_${ADA}_A`), `false_${ADA}_A`);
});

test("the gateway's name of a message to oneself leads to the page's", async () => {
  for (const kept of [`true_${ME}_A_out`, `false_${ME}_A_in`, `true_${MY_LID}_A_out`]) {
    const page = listening();
    page.messages.set(kept, {});
    let edited = "";
    page.wpp.chat.editMessage = (id) => Promise.resolve((edited = String(id)));
    await carryOut({ command: "edit", message: `true_${ME}_A`, text: "new" });
    assert.equal(edited, kept);
  }
});

test("a message to oneself is sent under the id that the page gives such", async () => {
  const page = listening();
  page.chats.set(ME, { id: wid(ME) });
  page.wpp.chat.generateMessageID = () => Promise.resolve(wid(`true_${ME}_X_out`));
  let used = "";
  page.wpp.chat.sendTextMessage = (_chat, _body, options) => {
    used = (options as { messageId: string }).messageId;
    return Promise.resolve({ id: used, ack: 1, sendMsgResult: null });
  };
  const outgoing = {
    key: "K",
    chat: ME,
    content: { type: "text", body: "note" },
    quoted: null,
    mentions: [],
    linkPreview: false,
  } as const;
  const sent = await carryOut({ command: "send", outgoing: { ...outgoing, mentions: [] } });
  assert.equal(used, `true_${ME}_K_out`);
  assert.equal((sent as { ack: string }).ack, "read", "whoever writes it has read it");
});

test("a message to oneself is read once WhatsApp has it, and its receipts are no news", () => {
  const page = listening();
  const acks = [0, 1, 2].map((ack) => {
    page.emit("chat.new_message", model(`true_${ME}_A${ack}_out`, { ack }));
    const event = page.events.at(-1);
    return event?.type === "message_sent" && event.message.ack;
  });
  assert.deepEqual(acks, ["pending", "read", "read"]);
  page.messages.set(`true_${ME}_A1_out`, {});
  page.emit("chat.msg_ack_change", { ack: 2, chat: wid(ME), ids: [wid(`true_${ME}_A1_out`)] });
  assert.ok(page.events.every((event) => event.type !== "ack"));
});
