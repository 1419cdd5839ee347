import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../lib/api/business";
import { detailOf } from "./entries";

const entry = (type: string, data: unknown): Entry => ({
  id: "1", at: "2026-03-24T10:31:00.000Z", actor: { type: "key", id: null }, type,
  data: data as Entry["data"],
});

test("an opt-in says its channel, its source and its proof", () => {
  const data = { channel: "whatsapp", source: "manual", proof: "form" };
  assert.equal(detailOf(entry("opt_in", data)), "WhatsApp · entered by hand · form");
  const dated = { channel: "sms", source: "manual", proof: "2026-05-01T08:00:00Z form" };
  assert.equal(detailOf(entry("opt_in", dated)), "SMS · entered by hand · form");
  const bare = { ...dated, proof: "2026-05-01T08:00:00Z" };
  assert.equal(detailOf(entry("opt_in", bare)), "SMS · entered by hand");
  assert.equal(detailOf(entry("opt_out", { channel: "sms", cause: "keyword" })), "SMS · keyword");
});

test("other kinds say what they are about, and ids stay out", () => {
  assert.equal(detailOf(entry("tag_added", { tag: "vip" })), "vip");
  assert.equal(detailOf(entry("csat", { rating: 4, comment: "quick" })), "4 · quick");
  assert.equal(detailOf(entry("audit", { fields: ["name", "email"] })), "name, email");
  assert.equal(detailOf(entry("message_sent", { message: "0192", channel: "whatsapp" })), "");
  assert.equal(detailOf(entry("contact_created", null)), "");
});
