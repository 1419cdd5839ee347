import assert from "node:assert/strict";
import { test } from "node:test";
import { chats, messages, nameOf } from "../src/chats";
import { contact, contacts } from "../src/contacts";
import { failureOf } from "../src/failure";
import { ADA, ME, MY_LID, Page, model, wid } from "./fake";

const GRACE = "15550000012@c.us";
const GRACE_LID = "100015550000012@lid";

test("chats come newest first, a page at a time, without asking the network", async () => {
  const page = new Page();
  let options: unknown;
  const all = [
    { id: wid(ADA), t: 5, lastReceivedKey: wid(`false_${ADA}_A`) },
    { id: wid("0@c.us"), t: 9 },
    { id: wid(GRACE), t: 7, lastReceivedKey: wid(`false_${GRACE}_A`) },
    { id: wid("13135550002@bot"), t: 8 },
    { id: wid("15550000013@c.us") },
  ];
  page.wpp.chat.list = (given) => {
    options = given;
    return Promise.resolve(all);
  };
  page.wpp.chat.getMessages = () => Promise.reject(new Error("too slow for each chat"));
  page.messages.set(`false_${ADA}_A`, model(`false_${ADA}_A`, { body: "words" }));
  const found = await chats(0, 10);
  assert.deepEqual(found.map(({ id }) => id), [GRACE, ADA, "15550000013@c.us"]);
  assert.equal(found[0]?.lastMessage, null, "the page has it not at hand");
  assert.equal(found[1]?.lastMessage?.preview, "words");
  assert.deepEqual((await chats(1, 1)).map(({ id }) => id), [ADA]);
  assert.deepEqual(options, { ignoreGroupMetadata: true });
});

test("of messages no more come than were asked for, though wa-js brings one more", async () => {
  const page = new Page();
  page.chats.set(ADA, { id: wid(ADA) });
  const given: unknown[] = [];
  page.wpp.chat.getMessages = (...what) => {
    given.push(what);
    return Promise.resolve(["A", "B", "C"].map((key) => model(`false_${ADA}_${key}`)));
  };
  const found = await messages(ADA, null, 2);
  assert.deepEqual(found.map(({ id }) => id), [`false_${ADA}_B`, `false_${ADA}_C`]);
  await messages(ADA, `false_${ADA}_B`, 2);
  assert.deepEqual(given, [
    [ADA, { count: 2 }],
    [ADA, { count: 2, id: `false_${ADA}_B`, direction: "before" }],
  ]);
});

test("of a message with reactions is told whose they are, or that nobody can say", async () => {
  const page = new Page();
  page.chats.set(ADA, { id: wid(ADA) });
  const id = (key: string): string => `false_${ADA}_${key}`;
  const [bare, told, unsure] = [id("A"), id("B"), id("C")];
  page.wpp.chat.getMessages = () =>
    Promise.resolve([bare, told, unsure].map((id) => model(id, { hasReaction: id !== bare })));
  page.wpp.chat.getReactions = (id) => {
    if (id !== told) return Promise.reject(new Error("renamed"));
    const sent = (from: string) => ({ sender: wid(from), reactionText: "👍", timestamp: 5 });
    // Newer versions of the page count in milliseconds.
    const senders = [sent(ADA), { ...sent(GRACE), timestamp: 1_795_894_905_000 }, sent("0@c.us")];
    return Promise.resolve({ reactions: [{ aggregateEmoji: "👍", senders }] });
  };
  const found = await messages(ADA, null, 9);
  const time = "1970-01-01T00:00:05.000Z";
  assert.deepEqual(
    found.map(({ reactions, reactionsUnknown }) => [reactions, reactionsUnknown]),
    [
      [[], undefined],
      [
        [
          { sender: ADA, emoji: "👍", timestamp: time },
          { sender: GRACE, emoji: "👍", timestamp: "2026-11-28T19:41:45.000Z" },
        ],
        undefined,
      ],
      [[], true],
    ],
  );
});

test("one message that the gateway could not name does not spoil the others", async () => {
  const page = new Page();
  page.chats.set(ADA, { id: wid(ADA) });
  const odd = ["false_0@c.us_A", `false_${ADA}_`, `maybe_${ADA}_A`, `false_${ADA}_A_x@y`];
  page.wpp.chat.getMessages = () =>
    Promise.resolve([...odd, `false_${ADA}_A`].map((id) => model(id)));
  assert.deepEqual((await messages(ADA, null, 9)).map(({ id }) => id), [`false_${ADA}_A`]);
});

test("what is no message is not listed as one, nor shown as the newest", async () => {
  const page = new Page();
  const entry = (key: string, attributes: object) => model(`false_${ADA}_${key}`, attributes);
  const kept = [
    entry("E", { type: "e2e_notification" }),
    entry("T", { type: "notification_template", subtype: "contact_info_card" }),
    entry("A", { body: "first", t: 7 }),
    entry("P", { type: "revoked", protocolMessageKey: wid(`false_${ADA}_B`), t: 6 }),
    entry("C", { type: "ciphertext" }),
    entry("M", { type: "protocol", subtype: "message_edit", t: 9 }),
  ];
  const lastReceivedKey = wid(`false_${ADA}_M`);
  page.messages.set(`false_${ADA}_M`, kept[5] ?? {});
  page.chats.set(ADA, { id: wid(ADA), lastReceivedKey, msgs: { getModelsArray: () => kept } });
  const given: unknown[] = [];
  page.wpp.chat.getMessages = (...what) => Promise.resolve(given.push(what) === 1 ? kept : []);
  const found = await messages(ADA, null, 6);
  assert.deepEqual(
    found.map(({ id, kind }) => [id, kind]),
    [[`false_${ADA}_A`, "text"], [`false_${ADA}_B`, "revoked"]],
  );
  assert.equal((await chats(0, 1))[0]?.lastMessage?.preview, "first");
  // A deleted message is looked for under the id that it has now.
  await messages(ADA, `false_${ADA}_B`, 1);
  assert.deepEqual(given.at(-1), [
    ADA,
    { count: 1, id: `false_${ADA}_P`, direction: "before" },
  ]);
});

test("a person of two identities is one contact", async () => {
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  page.wpp.contact.list = () =>
    Promise.resolve([
      { id: wid(GRACE_LID), pushname: "grace" },
      { id: wid(ADA), name: "Ada", isMyContact: true },
      { id: wid(GRACE), name: "Grace Hopper" },
      { id: wid(GRACE_LID) },
      { id: wid("120363000000000001@g.us") },
      { id: wid("0@c.us"), name: "WhatsApp" },
      { id: wid("999999999999999@lid") },
    ]);
  const found = await contacts(0, 10);
  assert.deepEqual(
    found.map(({ id, lid, name }) => [id, lid, name]),
    [
      [GRACE, GRACE_LID, "Grace Hopper"],
      [ADA, null, "Ada"],
      ["999999999999999@lid", "999999999999999@lid", null],
    ],
  );
  assert.deepEqual((await contacts(1, 1)).map(({ id }) => id), [ADA]);
});

test("a contact is asked of the network, whatever the address book holds", async () => {
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  const inBook = { id: wid(GRACE), name: "Grace", isContactBlocked: true };
  page.wpp.contact.get = (id) => Promise.resolve(String(id) === GRACE ? inBook : undefined);
  page.wpp.contact.getProfilePictureUrl = () => Promise.resolve("https://pps/1.jpg");
  const found = await contact(GRACE_LID);
  assert.deepEqual([found.id, found.lid, found.name], [GRACE, GRACE_LID, "Grace"]);
  assert.deepEqual(found.picture, { id: null, url: "https://pps/1.jpg", thumbnail: null });
  assert.equal(found.blocked, true);
  page.wpp.whatsapp.functions.queryWidExists = () => Promise.resolve(null);
  await assert.rejects(contact(GRACE), (error) => failureOf(error).kind === "unknownContact");
});

test("a contact without an entry or a picture is one all the same", async () => {
  const page = new Page();
  page.wpp.contact.getProfilePictureUrl = () => Promise.reject(new Error("hidden"));
  const found = await contact(ADA);
  assert.deepEqual([found.id, found.name, found.picture], [ADA, null, null]);
  assert.equal(found.onWhatsapp, true);
});

test("a chat is named by digits only where nothing else is known of whom it is with", () => {
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  const digits = (id: string) => ({ id: wid(id), formattedTitle: id.split("@")[0] ?? "" });
  assert.equal(nameOf({ id: wid(ADA), formattedTitle: "", name: "Ada" }), "Ada");
  assert.equal(nameOf({ id: wid(ADA) }), "15550000011");
  assert.equal(nameOf(digits(GRACE_LID)), "15550000012", "the number tells more");
  page.wpp.whatsapp.ContactStore.models.set(GRACE, { pushname: "Grace" });
  assert.equal(nameOf(digits(GRACE_LID)), "Grace");
  for (const id of [ME, MY_LID]) assert.equal(nameOf(digits(id)), "Owner");
});
