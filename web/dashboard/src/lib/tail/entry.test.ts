import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../api/types";
import { bounded, entryOf, keyOf, matches, merged, type Row } from "./entry";

function event(seq: number, more: Partial<GatewayEvent> = {}): GatewayEvent {
  const data = { from: "15550000001@c.us", body: `Text ${seq}` };
  const known = { event: "message", sessionId: "shop", timestamp: 1, id: `id-${seq}` };
  return { ...known, seq, data, ...more };
}

const NOTHING = { session: "", name: "", chat: "", text: "" };

test("an event is found by each thing that it is looked for by, and by all at once", () => {
  const entry = entryOf(event(1));
  const right = { session: "shop", name: "message", chat: "0001@C.US", text: " tExT 1" };
  assert.ok(matches(entry, NOTHING) && matches(entry, right));
  for (const field of ["session", "name", "chat", "text"]) {
    assert.ok(!matches(entry, { ...right, [field]: "other" }), field);
  }
  assert.ok(matches({ kind: "reset", seq: 5 }, right));
});

test("a text is found as it reads, though JSON writes it otherwise", () => {
  const entry = entryOf(event(1, { data: { body: 'He said "no"' } }));
  assert.ok(matches(entry, { ...NOTHING, text: 'said "no"' }));
});

test("rows from two readings make one list, newest first, each once", () => {
  const [one, two, three] = [1, 2, 3].map((seq) => entryOf(event(seq))) as [Row, Row, Row];
  const reset: Row = { kind: "reset", seq: 1 };
  assert.deepEqual(merged([three, two], [reset, two, one]).map(keyOf), [
    "event 3", "event 2", "event 1", "reset 1",
  ]);
});

test("what is kept is bounded in number and in letters, and is never nothing", () => {
  const rows = [1, 2, 3, 4].map((seq) => entryOf(event(seq)));
  assert.equal(bounded(rows, 10, 1e6).length, 4);
  assert.equal(bounded(rows, 3, 1e6).length, 3);
  assert.equal(bounded(rows, 10, rows[0]?.json.length ?? 0).length, 1);
  assert.equal(bounded(rows, 10, 1).length, 1);
});
