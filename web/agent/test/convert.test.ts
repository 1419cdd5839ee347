import assert from "node:assert/strict";
import { test } from "node:test";
import { ackWord, chatOf, idText, messageOf } from "../src/convert";
import { failureOf } from "../src/failure";

const id = (text: string) => ({ _serialized: text, toString: () => text });

test("a text keeps its words, a file its caption and never its thumbnail", () => {
  const text = messageOf(
    { id: id("false_1@c.us_A"), type: "chat", body: "hello", t: 5, from: id("1@c.us") },
    "2@c.us",
    null,
  );
  assert.deepEqual(
    [text.kind, text.body, text.author, text.timestamp],
    ["text", "hello", "1@c.us", "1970-01-01T00:00:05.000Z"],
  );
  const image = messageOf(
    {
      id: id("true_1@c.us_B"),
      type: "image",
      body: "/9j/thumb",
      mimetype: "image/png",
      size: 7,
    },
    "2@c.us",
    null,
  );
  assert.deepEqual(
    [image.body, image.media, image.author],
    ["", { mime: "image/png", size: 7, filename: null }, "2@c.us"],
  );
});

test("a kind that nobody knows is kept as it is", () => {
  const odd = messageOf(
    { id: id("false_1@c.us_A"), type: "hologram", body: "x", from: id("1@c.us") },
    "2@c.us",
    null,
  );
  assert.equal(odd.kind, "unknown");
  assert.deepEqual(odd.raw, { type: "hologram", body: "x" });
});

test("an id is read under either of its names", () => {
  assert.equal(idText({ $1: "1@c.us", toString: () => "no" }), "1@c.us");
  assert.equal(idText(undefined), "");
});

test("acks have words", () => {
  assert.deepEqual([-1, 0, 1, 2, 3, 4, 5].map(ackWord), [
    "failed",
    "pending",
    "sent",
    "delivered",
    "read",
    "played",
    "played",
  ]);
});

test("a chat marked as unread by hand has no negative count", () => {
  assert.equal(chatOf({ id: id("1@c.us"), unreadCount: -1, t: 1 }, null).unread, 0);
});

test("errors of wa-js keep their meaning", () => {
  assert.equal(
    failureOf(Object.assign(new Error("gone"), { code: "msg_not_found" })).kind,
    "unknownMessage",
  );
  assert.deepEqual(failureOf("boom"), { kind: "failed", reason: "boom" });
});
