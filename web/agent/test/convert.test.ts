import assert from "node:assert/strict";
import { test } from "node:test";
import { ackWord, bodyOf, chatOf, messageOf, moment } from "../src/convert";
import { idText, isAddress, isMessageId } from "../src/ids";

const AROUND = { me: "2@c.us", quoted: null, person: idText };
const id = (text: string) => ({ _serialized: text, toString: () => text });

test("a text keeps its words, a file its caption and never its thumbnail", () => {
  const text = messageOf(
    { id: id("false_1@c.us_A"), type: "chat", body: "hello", t: 5, from: id("1@c.us") },
    AROUND,
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
    AROUND,
  );
  assert.deepEqual(
    [image.body, image.media, image.author],
    ["", { mime: "image/png", size: 7, filename: null }, "2@c.us"],
  );
});

test("a kind that nobody knows is kept as it is", () => {
  const odd = messageOf(
    { id: id("false_1@c.us_A"), type: "hologram", body: "x", from: id("1@c.us") },
    AROUND,
  );
  assert.equal(odd.kind, "unknown");
  assert.deepEqual(odd.raw, { id: "false_1@c.us_A", type: "hologram", body: "x", from: "1@c.us" });
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
  assert.equal(chatOf({ id: id("1@c.us"), unreadCount: -1, t: 1 }, null, "A").unread, 0);
});

test("each kind of the page has its name", () => {
  const types = "chat image video ptv audio ptt document sticker location vcard multi_vcard";
  const kinds = "text image video video audio voice document sticker location contactCard";
  const kindOf = (type: string) => messageOf({ id: id("false_1@c.us_A"), type }, AROUND).kind;
  assert.deepEqual(types.split(" ").map(kindOf), [...kinds.split(" "), "contactCard"]);
  const others = ["poll_creation", "revoked", "gp2", "constructor", "toString"].map(kindOf);
  assert.deepEqual(others, ["poll", "revoked", "groupNotice", "unknown", "unknown"]);
});

test("each kind has its words, and a deleted message has none", () => {
  const words = (attributes: object) => bodyOf({ id: id("x"), ...attributes });
  assert.equal(words({ type: "revoked", body: "secret" }), "");
  assert.equal(words({ type: "ptt", body: "/9j/", caption: undefined }), "");
  assert.equal(words({ type: "location", lat: 1.5, lng: -2 }), "");
  assert.equal(words({ type: "location", lat: 1, lng: 2, loc: "London" }), "London");
  assert.equal(words({ type: "poll_creation", pollName: "Tea?" }), "Tea?");
  assert.equal(words({ type: "vcard", vcardFormattedName: "Ada" }), "Ada");
  const vcardList = [{ displayName: "Ada" }, {}, { displayName: "Grace" }];
  assert.equal(words({ type: "multi_vcard", vcardList }), "Ada, Grace");
  const card = "BEGIN:VCARD\nFN;CHARSET=UTF-8:Ada L \nEND:VCARD";
  assert.equal(words({ type: "vcard", body: card }), "Ada L");
  assert.equal(words({ type: "vcard", body: "no card" }), "");
});

test("whatever a model holds, what comes out is well formed", () => {
  const hostile = {
    id: id("false_15550000011@c.us_A"),
    type: 7,
    body: { toString: 5 },
    t: Number.NaN,
    ack: 99,
    notifyName: ["x"],
    mentionedJidList: "all",
    isForwarded: "yes",
  };
  const message = messageOf(hostile as never, AROUND);
  assert.deepEqual(
    [message.kind, message.body, message.timestamp, message.ack, message.pushName],
    ["unknown", "", "1970-01-01T00:00:00.000Z", "played", null],
  );
  assert.deepEqual([message.mentions, message.forwarded], [[], false]);
  assert.equal(message.author, "15550000011@c.us", "nobody wrote it: it is of its chat");
  for (const size of ["12", -1, 1.5, Number.NaN, 1e99, {}, null]) {
    const file = { id: id("false_1@c.us_A"), type: "image", size, mimetype: 5, filename: 5 };
    const { media } = messageOf(file as never, AROUND);
    assert.ok(media && Number.isSafeInteger(media.size) && 0 <= media.size);
    assert.deepEqual([media.mime, media.filename], ["application/octet-stream", null]);
  }
  const mentionedJidList = [id("15550000011@c.us"), "0@c.us", "nonsense"];
  const mentioning = messageOf({ id: id("x"), type: "chat", mentionedJidList }, AROUND);
  assert.deepEqual(mentioning.mentions, ["15550000011@c.us"]);
});

test("moments are in their bounds", () => {
  assert.equal(moment(undefined), "1970-01-01T00:00:00.000Z");
  assert.equal(moment(-5), "1970-01-01T00:00:00.000Z");
  assert.equal(moment(1e300), "9999-01-01T00:00:00.000Z");
  assert.equal(moment(Infinity), "1970-01-01T00:00:00.000Z");
});

test("a chat has a name, and may be muted for a while or for ever", () => {
  const named = (attributes: object) =>
    chatOf({ id: id("15550000011@c.us"), ...attributes }, null, "Ada");
  assert.equal(named({}).name, "Ada");
  const muted = [0, 5, -1].map((expiration) => named({ mute: { expiration } }).mutedUntil);
  assert.deepEqual(muted, [null, "1970-01-01T00:00:05.000Z", "9999-01-01T00:00:00.000Z"]);
  const image = messageOf({ id: id("true_15550000011@c.us_A"), type: "image" }, AROUND);
  const { lastMessage } = chatOf({ id: id("15550000011@c.us") }, image, "Ada");
  assert.deepEqual([lastMessage?.preview, lastMessage?.fromMe], ["[image]", true]);
  assert.equal(lastMessage?.key, image.id.split("_")[2]);
});

test("an address is what the gateway takes for one", () => {
  for (const address of [
    "15550000011@c.us",
    "15550000011:12@c.us",
    "15550000011@s.whatsapp.net",
    "100015550000011@lid",
    "120363000000000001@g.us",
    "15550000011-1500000000@g.us",
    "status@broadcast",
    "120363000000000001@newsletter",
  ])
    assert.ok(isAddress(address), address);
  for (const other of ["", "0@c.us", "1234@c.us", "x@c.us", "13135550002@bot", "a@b@c.us", "@lid"])
    assert.ok(!isAddress(other), other);
  assert.ok(isMessageId("true_120363000000000001@g.us_3EB0_100015550000011@lid"));
  assert.ok(!isMessageId("true_15550000011@c.us_A_15550000011@c.us_out"));
});
