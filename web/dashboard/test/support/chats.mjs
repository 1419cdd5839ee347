// People of the simulated network, and what they write to the phone of a session.
import assert from "node:assert/strict";
import { until } from "./gateway.mjs";

export const PHONE = "15551234567";
export const ECHO_NUMBER = "15550000001";
export const SILENT = "15550000003";
export const ADA = "15550000011";

/** What is written to the gateway, as a person with this number would. */
export async function writeFrom(gateway, phone, text, file = {}) {
  const { bytes, mime, filename } = file;
  const body = {
    chat: `${PHONE}@c.us`, text, mime, filename, mediaBase64: bytes?.toString("base64"),
  };
  const answer = await gateway.ask("POST", `/_simulator/v1/accounts/${phone}/messages`, body);
  assert.ok(answer.success, JSON.stringify(answer));
  return answer.data.message;
}

export async function openAccount(gateway, phone, name) {
  const answer = await gateway.ask("POST", "/_simulator/v1/accounts", { phone, name });
  assert.ok(answer.success, JSON.stringify(answer));
}

/** Sends from the session to a number or a group. */
export async function send(gateway, recipient, message, more = {}) {
  const body = { instance_id: "shop", recipient, message, ...more };
  const answer = await gateway.ask("POST", "/api/v1/chat/send", body);
  assert.ok(answer.success, JSON.stringify(answer));
  return answer.data;
}

/** The conversation with a number, once it is there. */
export function conversationWith(gateway, number) {
  return until(`a conversation with ${number}`, async () => {
    const { data } = await gateway.ask("GET", "/api/v1/chat/conversations?per_page=100");
    return data.data.find((each) => each.contact_number === number);
  });
}

/** The newest messages of a conversation, once a condition holds for them. */
export function messagesOf(gateway, id, holds = () => true) {
  return until("the messages", async () => {
    const path = `/api/v1/chat/conversations/${id}/messages?limit=200`;
    const { messages } = (await gateway.ask("GET", path)).data;
    return holds(messages) && messages;
  });
}
