import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../../lib/api/types";
import { Told } from "./told";

const ack = (messageId: string, level: number) =>
  ({ event: "ack", sessionId: "s", data: { messageId, ack: level } }) as unknown as GatewayEvent;

test("what was told since a moment is told again, in order, and nothing before it", () => {
  const told = new Told();
  assert.deepEqual(told.since(0), []);
  told.add(ack("a", 2));
  const { count } = told;
  assert.deepEqual(told.since(count), []);
  told.add(ack("b", 2));
  told.add(ack("a", 3));
  assert.deepEqual(told.since(count), [ack("b", 2), ack("a", 3)]);
  assert.deepEqual(told.about("a"), [ack("a", 2), ack("a", 3)]);
});

test("it holds so many, and says when one asks for more", () => {
  const told = new Told();
  for (let at = 0; at < 501; at += 1) told.add(ack(`m${at}`, 2));
  assert.equal(told.since(0), null);
  assert.equal(told.since(1)?.length, 500);
  assert.deepEqual(told.since(500), [ack("m500", 2)]);
  assert.deepEqual(told.about("m0"), []);
});
