import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentError, failureOf } from "../src/failure";
import { report, until } from "../src/page";
import { isOnWhatsapp, isSamePerson, myId, myLid, otherIdentity, person } from "../src/people";
import { rawOf } from "../src/raw";
import { assertSupported, missingParts } from "../src/self-test";
import { ADA, ME, MY_LID, Page, pass, settle, stopTime, wid } from "./fake";

test("half of a character is told as none", () => {
  const page = new Page();
  report({ report: "stuck", reason: "\ud83d👋\udc4b" });
  assert.deepEqual(page.said, [{ report: "stuck", reason: "\ufffd👋\ufffd" }]);
});

test("waiting ends when it is so, or in vain after ten seconds", async () => {
  stopTime();
  let isSo = false;
  const waiting = until("come", () => isSo);
  await pass(5_000);
  isSo = true;
  await pass(50);
  await waiting;
  const inVain = until("come", () => false).then(
    () => "",
    (error: unknown) => String(error),
  );
  await pass(10_100);
  assert.match(await inVain, /WhatsApp Web did not come/);
});

test("each code of wa-js has its meaning", () => {
  for (const [code, kind] of [
    ["msg_not_found", "unknownMessage"],
    ["message_not_found", "unknownMessage"],
    ["chat_not_found", "unknownChat"],
    ["message_not_contains_media", "unknownMedia"],
    ["media_not_found", "unknownMedia"],
    ["group_not_exist", "unknownGroup"],
    ["not_a_group", "unknownGroup"],
    ["contact_not_found", "unknownContact"],
    ["participant_not_exists", "notOnWhatsapp"],
    ["group_you_are_not_admin", "notAdmin"],
    ["group_you_are_restricted_member", "notAdmin"],
    ["not_a_admin", "notAdmin"],
    ["you_are_not_allowed_set_group_description", "notAdmin"],
    ["edit_message_error", "notAllowed"],
    ["quoted_msg_can_not_reply", "notAllowed"],
    ["group_participant_is_not_a_group_member", "notAllowed"],
    ["can_not_send_message_to_this_groupType", "notAllowed"],
    ["cannot_get_code_for_already_authenticated", "notAllowed"],
    ["file_too_large", "invalid"],
    ["mentioned_is_not_user", "invalid"],
    ["send_the_phone_number_to_connect", "invalid"],
    ["anything_else", "failed"],
    [7, "failed"],
  ]) {
    const reason = `because of ${code}`;
    const error = Object.assign(new Error(reason), { code });
    assert.deepEqual(failureOf(error), { kind, reason });
  }
});

test("whatever is thrown is a failure with a reason", () => {
  const own = new AgentError("notAdmin", "no admin");
  assert.deepEqual(failureOf(own), { kind: "notAdmin", reason: "no admin" });
  for (const thrown of ["boom", 7, null, undefined, {}, new Error("")]) {
    const { kind, reason } = failureOf(thrown);
    assert.equal(kind, "failed");
    assert.notEqual(reason, "");
  }
});

test("the self-test names what is missing, each once", () => {
  const page = new Page();
  assert.deepEqual(missingParts(), []);
  page.wpp.whatsapp.functions.sendSeen = undefined;
  page.wpp.whatsapp.functions.unixTime = 5;
  assert.deepEqual(missingParts().sort(), ["sendSeen", "unixTime"]);
  Reflect.deleteProperty(page.wpp.whatsapp.Cmd, "refreshQR");
  page.unheard.add("archive_chat");
  const others = missingParts().filter((name) => name.includes("Cmd"));
  assert.deepEqual(others, ["Cmd.refreshQR", "a listener of Cmd's archive_chat"]);
  assertSupported("refreshQr");
  assert.throws(() => assertSupported("markRead"), /no sendSeen/);
  assertSupported("ping");
});

test("people are called by number where it is known", () => {
  const page = new Page();
  const lid = "100015550000011@lid";
  assert.equal(person(lid), lid);
  page.lids.set(ADA, lid);
  assert.equal(person(lid), ADA);
  assert.equal(person(wid("100015550000011:12@lid")), ADA);
  assert.equal(person("15550000011:3@c.us"), ADA, "a device is not a person");
  // The page's table of people does not hold the account itself.
  page.lids.delete(ME);
  assert.equal(person(wid(MY_LID)), ME);
  assert.equal(otherIdentity(ME), MY_LID);
  assert.equal(otherIdentity(ADA), lid);
  assert.equal(otherIdentity("120363000000000001@g.us"), null);
  assert.ok(isSamePerson(lid, ADA) && !isSamePerson(ADA, ME));
  assert.deepEqual([myId(), myLid()], [ME, MY_LID]);
});

test("a page that cannot be asked about people leaves them as they are", () => {
  const page = new Page();
  Object.assign(page.wpp.whatsapp, { lidPnCache: undefined, UserPrefs: undefined });
  page.wpp.conn.getMyUserLid = () => {
    throw new Error("no lid");
  };
  assert.equal(person(MY_LID), MY_LID);
  assert.deepEqual([myId(), myLid()], [ME, null]);
});

test("who is on WhatsApp the network says, and it may say nothing", async () => {
  const page = new Page();
  assert.equal(await isOnWhatsapp(ADA), true);
  for (const answer of [null, undefined]) {
    page.wpp.whatsapp.functions.queryWidExists = () => Promise.resolve(answer);
    assert.equal(await isOnWhatsapp(ADA), false);
  }
});

test("what nobody knows is kept as plain data, and never too much of it", () => {
  const cycle: Record<string, unknown> = { type: "odd", id: wid(ADA), bytes: new Uint8Array(3) };
  cycle["self"] = cycle;
  cycle["chat"] = { attributes: {} };
  cycle["call"] = () => undefined;
  cycle["big"] = 7n;
  cycle["list"] = [undefined, null, { a: true }];
  Object.defineProperty(cycle, "computed", {
    enumerable: true,
    get: () => {
      throw new Error("not now");
    },
  });
  const raw = rawOf({ attributes: cycle }) as Record<string, unknown>;
  assert.deepEqual(
    [raw["type"], raw["id"], raw["bytes"], raw["chat"], raw["big"], raw["list"]],
    ["odd", ADA, "[3 bytes]", null, "7", [null, null, { a: true }]],
  );
  assert.ok(!("computed" in (JSON.parse(JSON.stringify(raw)) as object)));
  const large = { type: "odd", subtype: 7, list: Array(99).fill("x".repeat(9_999)) };
  const kept = rawOf(large) as Record<string, unknown>;
  assert.deepEqual([kept["type"], kept["subtype"]], ["odd", null]);
  assert.ok(JSON.stringify(kept).length <= 16 * 1024);
  const quotes = { type: "odd", list: Array(99).fill('"\\\u0000'.repeat(300)) };
  assert.ok(JSON.stringify(rawOf(quotes)).length <= 20 * 1024);
  const hostile = new Proxy({}, { ownKeys: () => assert.fail("no") });
  assert.deepEqual(rawOf(hostile), {});
});

test("calls are answered under their number, and failures as such", async () => {
  stopTime();
  const page = new Page();
  await import("../src/main");
  page.said.length = 0;
  window.wagate.call(1, '{"command":"ping"}');
  window.wagate.call(2, '{"command":"markRead","chat":"15559999999@c.us"}');
  window.wagate.call(3, '{"command":"contacts","offset":0,"limit":5}');
  await settle();
  const failure = { kind: "unknownChat", reason: "there is no such chat" };
  const said = page.said.filter(({ report }) => report === "answer" || report === "failure");
  assert.deepEqual(
    said.sort((a, b) => ("number" in a && "number" in b ? a.number - b.number : 0)),
    [
      { report: "answer", number: 1, reply: null },
      { report: "failure", number: 2, failure },
      { report: "answer", number: 3, reply: [] },
    ],
  );
});
