import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../../lib/api/automations";
import { conditionOf, rowOf, turnTo } from "./conditions";
import { bodyOf, move, partOf, turnInto } from "./parts";
import { ACTIONS, STEPS } from "./specs";

test("an action becomes fields and comes back as it was", () => {
  for (const body of [
    { type: "create_task", title: "Call", assignee_id: "me", due_in_minutes: 30 },
    { type: "add_tag", tag: "refund" },
    { type: "pause_bot" },
    { type: "call_webhook", webhook_id: "550e8400-e29b-41d4-a716-446655440065" },
    // Of a gateway that knows more than this page.
    { type: "sing", song: "a lullaby", verses: [1, 2] },
  ]) {
    assert.deepEqual(bodyOf(ACTIONS, partOf(ACTIONS, body)), body);
  }
});

test("what is empty is left out, and null is nothing", () => {
  const task = { type: "create_task", title: "Call", due_in_minutes: null };
  const part = partOf(ACTIONS, task);
  assert.deepEqual(bodyOf(ACTIONS, part), { type: "create_task", title: "Call" });
});

test("another type keeps the fields that both have, and nothing that it does not know", () => {
  const part = partOf(ACTIONS, { type: "send_message", text: "Hi", extra: 1 });
  turnInto(part, "add_note");
  assert.deepEqual(bodyOf(ACTIONS, part), { type: "add_note", text: "Hi" });
});

test("steps have lists and answers of yes and no", () => {
  const tags = partOf(STEPS, { type: "tag", add: ["a", "b"], remove: [] });
  assert.deepEqual(bodyOf(STEPS, tags), { type: "tag", add: ["a", "b"] });
  const end = partOf(STEPS, { type: "end", resolve: true });
  assert.deepEqual(bodyOf(STEPS, end), { type: "end", resolve: true });
  const file = { type: "message", mediaId: "0194f3a0-0000-7000-8000-000000000001" };
  assert.deepEqual(bodyOf(STEPS, partOf(STEPS, file)), file);
});

test("the value of a condition is of its field's kind", () => {
  const conditions: Condition[] = [
    { field: "message.text", op: "contains", value: "refund" },
    { field: "message.text", op: "regex", value: "order \\d{2,}, please" },
    { field: "time.hour", op: "gt", value: 17 },
    { field: "contact.tags", op: "in", value: ["vip", "retail"] },
    { field: "is_first_message", op: "equals", value: false },
  ];
  for (const condition of conditions) {
    assert.deepEqual(conditionOf(rowOf(condition)), condition);
  }
  const row = rowOf({ field: "message.text", op: "starts_with", value: "x" });
  turnTo(row, "session.channel");
  assert.deepEqual(conditionOf(row), { field: "session.channel", op: "equals", value: "whatsapp" });
});

test("an entry is moved by a place", () => {
  const list = ["a", "b", "c"];
  move(list, 2, -1);
  assert.deepEqual(list, ["a", "c", "b"]);
});
