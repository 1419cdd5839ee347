import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../../lib/api/types";
import { RecentEvents } from "./recent-events";

const ack = (messageId: string, level: number) =>
  ({ event: "ack", sessionId: "s", data: { messageId, ack: level } }) as unknown as GatewayEvent;

test("events after a moment come back in order, without earlier ones", () => {
  const recent = new RecentEvents();
  assert.deepEqual(recent.since(0), []);
  recent.add(ack("a", 2));
  const { count } = recent;
  assert.deepEqual(recent.since(count), []);
  recent.add(ack("b", 2));
  recent.add(ack("a", 3));
  assert.deepEqual(recent.since(count), [ack("b", 2), ack("a", 3)]);
  assert.deepEqual(recent.about("a"), [ack("a", 2), ack("a", 3)]);
});

test("it holds so many, and says when one asks for more", () => {
  const recent = new RecentEvents();
  for (let at = 0; at < 501; at += 1) recent.add(ack(`m${at}`, 2));
  assert.equal(recent.since(0), null);
  assert.equal(recent.since(1)?.length, 500);
  assert.deepEqual(recent.since(500), [ack("m500", 2)]);
  assert.deepEqual(recent.about("m0"), []);
});
