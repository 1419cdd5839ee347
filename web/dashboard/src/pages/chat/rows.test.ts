import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../lib/api/chat-types";
import type { Draft } from "./outgoing.svelte";
import { firstUnreadOf, rowsOf, type Shown } from "./rows";

function message(id: number, change: Partial<Message> = {}): Message {
  return {
    id,
    uuid: `m${id}`,
    whatsapp_id: `w${id}`,
    is_from_me: false,
    message_body: "hi",
    formatted_body: "hi",
    grouped_reactions: [],
    message_type: "text",
    status: "delivered",
    is_played: false,
    media: null,
    sender: { name: "Ada", number: "1", jid: "1@s.whatsapp.net" },
    reply_to: null,
    is_edited: false,
    is_deleted: false,
    created_at: "2026-03-24T10:31:00.000Z",
    ...change,
  };
}

const own = (id: number, body: string) => message(id, { is_from_me: true, message_body: body });

const draft = (key: string, body: string, after: number, state: Draft["state"] = "sending") =>
  ({ key, after, state, message: own(Infinity, body) }) as Draft;

const rows = (shown: Partial<Shown>) =>
  rowsOf({
    messages: [], drafts: [], keys: new Map(), firstUnread: null, hasOlder: false, ...shown,
  });

test("a day is named where it begins, not where earlier messages may follow", () => {
  const next = "2026-03-26T10:31:00.000Z";
  const messages = [message(1), message(2), message(3, { created_at: next })];
  const starts = (hasOlder: boolean) => rows({ messages, hasOlder }).map((row) => row.startsDay);
  assert.deepEqual(starts(false), [true, false, true]);
  assert.deepEqual(starts(true), [false, false, true]);
});

test("messages of one person stand together until something comes between", () => {
  const later = "2026-03-24T10:40:00.000Z";
  const all = [message(1), message(2), own(3, "a"), message(4), message(5, { created_at: later })];
  const shown = rows({ messages: all, firstUnread: 2 });
  assert.deepEqual(shown.map((row) => row.continues), [false, false, false, false, false]);
  assert.deepEqual(rows({ messages: all }).map((row) => row.continues)[1], true);
});

test("a draft is shown until its message is there, which takes its key", () => {
  const drafts = [draft("d1", "a", 5), draft("d2", "a", 5)];
  const keys = (messages: Message[]) => rows({ messages, drafts }).map((row) => row.key);
  assert.deepEqual(keys([own(5, "a")]), ["m5", "d1", "d2"]);
  assert.deepEqual(keys([own(5, "a"), own(6, "a")]), ["m5", "d1", "d2"]);
  assert.deepEqual(keys([own(6, "a"), own(7, "a"), own(8, "a")]), ["d1", "d2", "m8"]);
  assert.deepEqual(keys([message(6, { message_body: "a" })]), ["m6", "d1", "d2"]);
  const known = rows({ messages: [own(6, "a")], keys: new Map([["m6", "d9"]]) });
  assert.deepEqual(known.map((row) => row.key), ["d9"]);
});

test("a draft that could not be sent is not taken for a message like it", () => {
  const shown = rows({ messages: [own(6, "a")], drafts: [draft("d1", "a", 5, "failed")] });
  assert.deepEqual(shown.map((row) => row.key), ["m6", "d1"]);
});

test("the first unread message is counted among those of others", () => {
  const all = [message(1), message(2), own(3, "a"), message(4)];
  assert.equal(firstUnreadOf(all, 2), 2);
  assert.equal(firstUnreadOf(all, 0), null);
  assert.equal(firstUnreadOf(all, 9), null);
});
