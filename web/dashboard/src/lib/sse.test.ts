import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "./sse";

const STREAM = ': connected\n\nid: 7\nevent: qr\ndata: {"a":1}\n\nid: 8\ndata: x\ndata: y\n\n';

test("events are read however the stream was cut", () => {
  const whole = new EventReader().read(STREAM);
  assert.deepEqual(whole, [
    { id: "7", name: "qr", data: '{"a":1}' },
    { id: "8", name: "message", data: "x\ny" },
  ]);
  for (let size = 1; size < STREAM.length; size += 1) {
    const reader = new EventReader();
    const pieces = [];
    for (let at = 0; at < STREAM.length; at += size) pieces.push(STREAM.slice(at, at + size));
    assert.deepEqual(pieces.flatMap((piece) => reader.read(piece)), whole, `in pieces of ${size}`);
  }
});

test("a comment, and an event without data, are none", () => {
  assert.deepEqual(new EventReader().read(": alive\n\nevent: ready\n\n"), []);
});

test("a place in the stream is known before anything happened there", () => {
  const reader = new EventReader();
  assert.deepEqual(reader.read("id: 12\n: connected\n\n"), []);
  assert.equal(reader.id, "12");
});

test("carriage returns are no part of a line", () => {
  const [event] = new EventReader().read("id: 1\r\nevent: ready\r\ndata: {}\r\n\r\n");
  assert.deepEqual(event, { id: "1", name: "ready", data: "{}" });
});
