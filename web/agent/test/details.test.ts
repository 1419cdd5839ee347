import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, messageOf } from "../src/convert";
import { detailsOf } from "../src/details";

const ADA = "15550000011@c.us";
const id = (text: string) => ({ _serialized: text, toString: () => text });
const details = (attributes: object) => detailsOf({ id: id("x"), ...attributes });
const body = (attributes: object) => bodyOf({ id: id("x"), ...attributes });
/** What the page keeps in place of a text where it shows a picture. */
const THUMBNAIL = "/9j/4AAQSkZJRgABAQ".repeat(8);

test("a place keeps its coordinates, its name and its address", () => {
  const lines = { lat: 51.5, lng: -0.25, loc: "London\n1 Street, Town", body: THUMBNAIL };
  const place = { type: "location", ...lines };
  assert.deepEqual(details(place), {
    location: { latitude: 51.5, longitude: -0.25, name: "London", address: "1 Street, Town" },
  });
  assert.equal(body(place), "London");
  const bare = { type: "location", lat: 0, lng: "2.5", body: THUMBNAIL };
  assert.equal(body(bare), "", "coordinates are no words");
  const unnamed = { ...place, loc: "\n1 Street\nTown" };
  const { name, address } = details(unnamed)?.location ?? {};
  assert.deepEqual([name, address], [null, "1 Street\nTown"]);
  assert.deepEqual(details(bare)?.location?.name, null);
  for (const odd of [{}, { lat: Number.NaN, lng: 1 }, { lat: "x", lng: {} }]) {
    assert.equal(details({ type: "location", ...odd }), undefined);
    assert.equal(body({ type: "location", body: THUMBNAIL, ...odd }), "");
  }
});

test("contact cards keep their vCards, one and several", () => {
  const card = "BEGIN:VCARD\nFN:Ada\nTEL;waid=15550000011:+1 555\nEND:VCARD";
  const one = { type: "vcard", body: card, vcardFormattedName: "Ada Lovelace" };
  assert.deepEqual(details(one), { contacts: [{ name: "Ada Lovelace", vcard: card }] });
  assert.equal(body(one), "Ada Lovelace");
  assert.equal(body({ type: "vcard", body: card }), "Ada");
  const unnamed = "BEGIN:VCARD\nTEL;waid=15550000011:+1 555 000 0011\nEND:VCARD";
  assert.equal(body({ type: "vcard", body: unnamed }), "+1 555 000 0011");
  const models = [{ displayName: "Ada", vcard: card }, { vcard: card }, null, 7];
  for (const vcardList of [models, { getModelsArray: () => models }]) {
    assert.deepEqual(details({ type: "multi_vcard", vcardList })?.contacts, [
      { name: "Ada", vcard: card },
      { name: null, vcard: card },
      { name: null, vcard: "" },
      { name: null, vcard: "" },
    ]);
  }
});

test("cards that are too long keep what a person is reached by", () => {
  const photo = "A".repeat(50_000);
  const card = (long: string) =>
    `BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nPHOTO:${long}\nitem1.TEL:+1 555\nEND:VCARD`;
  const short = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nitem1.TEL:+1 555\nEND:VCARD";
  assert.equal(details({ type: "vcard", body: card("B64") })?.contacts?.[0]?.vcard, card("B64"));
  assert.equal(details({ type: "vcard", body: card(photo) })?.contacts?.[0]?.vcard, short);
  const vcardList = Array.from({ length: 1_000 }, () => ({ vcard: card("A".repeat(2_000)) }));
  const many = details({ type: "multi_vcard", vcardList })?.contacts ?? [];
  assert.deepEqual([many.length, many[0]?.vcard], [300, short]);
});

test("a poll keeps its options, and how many may be chosen", () => {
  const poll = {
    type: "poll_creation",
    pollName: "Tea?",
    pollOptions: [{ name: "yes", localId: 0 }, { name: "no", localId: 1 }],
    pollSelectableOptionsCount: 1,
  };
  const kept = { question: "Tea?", options: ["yes", "no"], selectable: 1 };
  assert.deepEqual(details(poll), { poll: kept });
  assert.equal(body(poll), "Tea?");
  const odd = { type: "poll_creation", pollName: 5, pollOptions: "x" };
  assert.deepEqual(details(odd), { poll: { question: "", options: [], selectable: 0 } });
});

test("a reply to a menu says what was chosen", () => {
  const row = { title: "Room 5", listType: 1, singleSelectReply: { selectedRowId: "r5" } };
  const chosen = (attributes: object) => {
    const message = messageOf({ id: id(`false_${ADA}_A`), ...attributes }, around);
    return [message.kind, message.body, message.details?.menuReply];
  };
  const around = { me: "15557654321@c.us", quoted: null, person: String };
  assert.deepEqual(chosen({ type: "list_response", body: "Room 5", listResponse: row }), [
    "menuReply",
    "Room 5",
    { menu: "list", id: "r5", title: "Room 5" },
  ]);
  assert.deepEqual(chosen({ type: "buttons_response", body: "Yes", selectedButtonId: "b1" }), [
    "menuReply",
    "Yes",
    { menu: "buttons", id: "b1", title: "Yes" },
  ]);
  assert.deepEqual(chosen({ type: "template_button_reply", body: "Buy", selectedId: "t1" }), [
    "menuReply",
    "Buy",
    { menu: "template", id: "t1", title: "Buy" },
  ]);
});

test("an advertisement, a preview, a length and the marks go along", () => {
  const ctwaContext = {
    conversionSource: "FB_Ads",
    sourceId: "120",
    sourceUrl: "https://fb.me/x",
    title: "Tea",
    description: "Half price",
    mediaUrl: "https://fb.me/v",
    ctwaClid: "clid",
    thumbnail: THUMBNAIL,
  };
  assert.deepEqual(details({ type: "chat", body: "hello", ctwaContext }), {
    ad: {
      source: "FB_Ads",
      id: "120",
      url: "https://fb.me/x",
      title: "Tea",
      body: "Half price",
      mediaUrl: "https://fb.me/v",
      clickId: "clid",
    },
  });
  const link = { matchedText: "x.example", canonicalUrl: "https://x.example/", title: "X" };
  const linkPreview = { url: "https://x.example/", title: "X", description: null };
  assert.deepEqual(details({ type: "chat", ...link }), { linkPreview });
  assert.deepEqual(details({ type: "ptt", duration: "7" }), { seconds: 7 });
  assert.deepEqual(details({ type: "audio", duration: 7.6 }), { seconds: 8 });
  assert.deepEqual(details({ type: "image", isViewOnce: true, ephemeralDuration: 86_400 }), {
    viewOnce: true,
    ephemeralSeconds: 86_400,
  });
  assert.deepEqual(details({ type: "sticker", isAnimated: true }), { animated: true });
  const nothing = { duration: Number.NaN, ephemeralDuration: 0, isViewOnce: "yes", ctwaContext: 5 };
  assert.equal(details({ type: "ptt", ...nothing }), undefined);
  assert.equal(details({ type: "chat", body: "hello" }), undefined);
});

test("a small picture is no text, whatever it belongs to", () => {
  assert.equal(body({ type: "product", body: THUMBNAIL, title: "A kettle" }), "A kettle");
  assert.equal(body({ type: "order", body: THUMBNAIL }), "");
  assert.equal(body({ type: "hologram", body: "words of a new kind" }), "words of a new kind");
});
