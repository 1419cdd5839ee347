import assert from "node:assert/strict";
import { test } from "node:test";
import { carryOut } from "../src/commands";
import { AgentError, failureOf } from "../src/failure";
import type { Command, FailureKind } from "../src/wire";
import { ADA, GROUP, Page, pass, settle, stopTime, wid } from "./fake";

const ADA_LID = "100015550000011@lid";

function ready(): Page {
  stopTime();
  const page = new Page();
  page.chats.set(ADA, { id: wid(ADA), archive: false });
  page.chats.set(GROUP, { id: wid(GROUP) });
  return page;
}

async function refused(command: Command, kind: FailureKind): Promise<void> {
  await assert.rejects(carryOut(command), (error) => {
    assert.deepEqual([failureOf(error).kind, command.command], [kind, command.command]);
    return true;
  });
}

test("a ping is answered", async () => {
  ready();
  assert.equal(await carryOut({ command: "ping" }), null);
});

test("an empty emoji takes the reaction back", async () => {
  const page = ready();
  const given: unknown[] = [];
  page.wpp.chat.sendReactionToMessage = (...what) => Promise.resolve(given.push(what));
  await carryOut({ command: "react", message: "true_1_A", emoji: "👍" });
  await carryOut({ command: "react", message: "true_1_A", emoji: "" });
  assert.deepEqual(given, [
    ["true_1_A", "👍"],
    ["true_1_A", null],
  ]);
});

test("a failed edit says that it is not allowed", async () => {
  const page = ready();
  const error = Object.assign(new Error("Cannot edit"), { code: "edit_message_error" });
  page.wpp.chat.editMessage = () => Promise.reject(error);
  await refused({ command: "edit", message: "true_1_A", text: "x" }, "notAllowed");
});

test("an edit that the page refuses names the rule that it breaks", async () => {
  const page = ready();
  const error = Object.assign(new Error("Cannot edit"), { code: "edit_message_error" });
  page.wpp.chat.editMessage = () => Promise.reject(error);
  const now = Date.now() / 1000;
  const own = { senderObj: { isMe: true }, t: now };
  const cases = [
    [{ ...own, type: "revoked" }, "deleted"],
    [{ ...own, type: "image" }, "noText"],
    [{ ...own, type: "image", caption: "x", t: now - 900 }, "tooLate"],
    [{ ...own, type: "chat", t: now - 900 }, "tooLate"],
    [{ ...own, type: "chat" }, "notAllowed"],
    [{ senderObj: { isMe: false }, type: "chat", t: now }, "notAllowed"],
  ] as const;
  for (const [message, kind] of cases) {
    page.messages.set("true_1_A", message);
    await refused({ command: "edit", message: "true_1_A", text: "x" }, kind);
  }
});

test("nobody reacts to a message that was deleted", async () => {
  const page = ready();
  page.messages.set("true_1_A", { type: "revoked" });
  await refused({ command: "react", message: "true_1_A", emoji: "👍" }, "deleted");
});

test("what is not one's own is never deleted in silence for oneself alone", async () => {
  const page = ready();
  let deleted = 0;
  page.wpp.chat.deleteMessage = () => Promise.resolve((deleted += 1));
  page.wpp.group.iAmAdmin = () => Promise.resolve(false);
  // Such an id says "from me", and wa-js goes by the sender.
  for (const id of [`false_${ADA}_A`, `true_${ADA}_A`, `false_${GROUP}_A_${ADA}`]) {
    page.messages.set(id, { senderObj: { isMe: false } });
    await refused({ command: "revoke", message: id, forEveryone: true }, "notAllowed");
  }
  assert.equal(deleted, 0);
});

test("one's own is deleted for everyone, and so is any by an admin", async () => {
  const page = ready();
  const given: unknown[] = [];
  page.wpp.chat.deleteMessage = (...what) => {
    given.push(what);
    page.messages.delete(what[1] as string);
    return Promise.resolve([{ isRevoked: true, isDeleted: false }]);
  };
  page.messages.set(`true_${ADA}_A`, { senderObj: { isMe: true } });
  page.messages.set(`false_${GROUP}_A_${ADA}`, { senderObj: { isMe: false } });
  for (const message of [...page.messages.keys()])
    assert.equal(await carryOut({ command: "revoke", message, forEveryone: true }), null);
  assert.deepEqual(given, [
    [ADA, `true_${ADA}_A`, false, true],
    [GROUP, `false_${GROUP}_A_${ADA}`, false, true],
  ]);
});

test("a deletion is answered when it is so, which wa-js does not wait for", async () => {
  const page = ready();
  const id = `true_${ADA}_A`;
  page.wpp.chat.deleteMessage = () => Promise.resolve({ isRevoked: true, isDeleted: false });
  for (const forEveryone of [true, false]) {
    const message: Record<string, unknown> = { senderObj: { isMe: true }, type: "chat" };
    page.messages.set(id, message);
    let answered = false;
    const asking = carryOut({ command: "revoke", message: id, forEveryone });
    const done = asking.then(() => (answered = true));
    await pass(500);
    assert.equal(answered, false);
    if (forEveryone) message["type"] = "revoked";
    else page.messages.delete(id);
    await pass(100);
    await done;
  }
});

test("a page that is slow to delete has refused nothing", async () => {
  const page = ready();
  const id = `true_${ADA}_A`;
  page.messages.set(id, { senderObj: { isMe: true } });
  // wa-js says so of whatever it asked the page for.
  page.wpp.chat.deleteMessage = () => Promise.resolve({ isRevoked: true, isDeleted: true });
  for (const forEveryone of [true, false]) {
    const asking = refused({ command: "revoke", message: id, forEveryone }, "timeout");
    await pass(11_000);
    await asking;
  }
  page.wpp.chat.deleteMessage = () => Promise.resolve({ isRevoked: false, isDeleted: false });
  await refused({ command: "revoke", message: id, forEveryone: true }, "notAllowed");
});

test("by WhatsApp's clock a message is too old to be deleted for everyone", async () => {
  const page = ready();
  const id = `true_${ADA}_A`;
  page.wpp.whatsapp.functions.unixTime = () => 1_000_000;
  let asked = 0;
  page.wpp.chat.deleteMessage = () => {
    asked += 1;
    page.messages.delete(id);
    return Promise.resolve({ isRevoked: true, isDeleted: true });
  };
  page.messages.set(id, { senderObj: { isMe: true }, type: "chat", t: 1_000_000 - 216_001 });
  await refused({ command: "revoke", message: id, forEveryone: true }, "tooLate");
  assert.equal(asked, 0);
  page.messages.set(id, { senderObj: { isMe: true }, type: "chat", t: 1_000_000 - 216_000 });
  await carryOut({ command: "revoke", message: id, forEveryone: true });
  assert.equal(asked, 1);
});

test("no answer of the network is no refusal, whatever was asked", async () => {
  const page = ready();
  const words = ["the network gave no answer", "Request timed out", "the line to it was lost"];
  for (const reason of words) {
    page.wpp.chat.sendReactionToMessage = () => Promise.reject(new Error(reason));
    await refused({ command: "react", message: "true_1_A", emoji: "👍" }, "timeout");
  }
  page.wpp.chat.sendReactionToMessage = () => Promise.reject(new Error("it is broken"));
  await refused({ command: "react", message: "true_1_A", emoji: "👍" }, "failed");
});

test("what nothing on the page would carry out is not asked of it", async () => {
  const page = ready();
  let asked = 0;
  page.wpp.chat.deleteMessage = () => Promise.resolve((asked += 1));
  page.wpp.chat.archive = () => Promise.resolve((asked += 1));
  page.unheard.add("send_revoke_msgs").add("archive_chat");
  const id = `true_${ADA}_A`;
  page.messages.set(id, { senderObj: { isMe: true } });
  for (const forEveryone of [true, false])
    await refused({ command: "revoke", message: id, forEveryone }, "unavailable");
  await refused({ command: "archive", chat: ADA, archived: true }, "unavailable");
  assert.equal(asked, 0);
  // A page that does not count its listeners is believed.
  Reflect.deleteProperty(page.wpp.whatsapp.Cmd, "getListenersCount");
  page.wpp.chat.archive = () => Promise.resolve((page.chats.get(ADA) ?? {})["archive"] = true);
  assert.equal(await carryOut({ command: "archive", chat: ADA, archived: true }), null);
});

test("archiving is answered when it is so, which wa-js does not wait for", async () => {
  const page = ready();
  const chat = page.chats.get(ADA) ?? {};
  page.wpp.chat.archive = () => {
    setTimeout(() => (chat["archive"] = true), 500);
    return Promise.resolve();
  };
  let answered = false;
  const archive = { command: "archive", chat: ADA, archived: true } as const;
  const asking = carryOut(archive).then(() => (answered = true));
  await pass(400);
  assert.equal(answered, false);
  await pass(200);
  await asking;
  page.wpp.chat.archive = () => Promise.reject(new Error("it is archived already"));
  assert.equal(await carryOut(archive), null);
});

test("archiving that never comes about fails", async () => {
  ready();
  const outcome = carryOut({ command: "archive", chat: ADA, archived: true }).then(
    () => "done",
    (error: unknown) => failureOf(error).reason,
  );
  await pass(11_000);
  assert.match(await outcome, /did not archive the chat/);
});

test("a chat of nobody is unknown", async () => {
  ready();
  const chat = "15559999999@c.us";
  await refused({ command: "markRead", chat }, "unknownChat");
  await refused({ command: "archive", chat, archived: true }, "unknownChat");
  await refused({ command: "typing", chat, typing: true }, "unknownChat");
  await refused({ command: "messages", chat, before: null, limit: 5 }, "unknownChat");
});

test("a chat that the page keeps under the other identity is found by the number", async () => {
  const page = ready();
  page.chats.delete(ADA);
  page.chats.set(ADA_LID, { id: wid(ADA_LID) });
  page.lids.set(ADA, ADA_LID);
  let read = "";
  page.wpp.chat.markIsRead = (chat) => Promise.resolve((read = String(chat)));
  await carryOut({ command: "markRead", chat: ADA });
  assert.equal(read, ADA_LID);
});

test("a message is found by either id of its chat", async () => {
  const page = ready();
  page.chats.set(ADA_LID, { id: wid(ADA_LID) });
  page.lids.set(ADA, ADA_LID);
  const asked: string[] = [];
  page.wpp.chat.sendReactionToMessage = (id) =>
    Promise.resolve(asked.push(id as string));
  const react = (message: string) => carryOut({ command: "react", message, emoji: "👍" });
  // The page has both chats, and the message is in the other one.
  page.messages.set(`true_${ADA_LID}_A`, {});
  await react(`true_${ADA}_A`);
  // One that is not loaded goes by the chat that is there.
  page.chats.delete(ADA);
  await react(`true_${ADA}_B`);
  await react(`false_${GROUP}_C_${ADA}`);
  assert.deepEqual(asked, [
    `true_${ADA_LID}_A`,
    `true_${ADA_LID}_B`,
    `false_${GROUP}_C_${ADA}`,
  ]);
});

test("who types is there for as long, and out of sight after it", async () => {
  const page = ready();
  const shown: string[] = [];
  const note = (what: string) => (chat?: unknown) =>
    Promise.resolve(shown.push(chat === GROUP ? `${what} in the group` : what));
  page.wpp.conn.markAvailable = note("available");
  page.wpp.conn.markUnavailable = note("unavailable");
  page.wpp.chat.markIsComposing = note("typing");
  page.wpp.chat.markIsPaused = note("paused");
  await carryOut({ command: "typing", chat: ADA, typing: true });
  await carryOut({ command: "typing", chat: ADA, typing: false });
  assert.deepEqual(shown.splice(0), ["available", "typing", "paused", "unavailable"]);
  await pass(60_000);
  assert.deepEqual(shown, [], "a timer was left");
  await carryOut({ command: "typing", chat: ADA, typing: true });
  await pass(20_000);
  await carryOut({ command: "typing", chat: ADA, typing: true });
  await pass(29_000);
  assert.deepEqual(shown.splice(0), ["available", "typing", "available", "typing"]);
  await pass(2_000);
  // The page would go on telling it.
  assert.deepEqual(shown.splice(0), ["paused", "unavailable"], "an end that is never told");
  await carryOut({ command: "typing", chat: ADA, typing: true });
  await carryOut({ command: "typing", chat: GROUP, typing: true });
  await carryOut({ command: "typing", chat: ADA, typing: false });
  await carryOut({ command: "typing", chat: GROUP, typing: false });
  assert.deepEqual(shown, [
    ...["available", "typing", "paused", "available", "typing in the group"],
    ...["paused", "paused in the group", "unavailable"],
  ]);
});

test("a page without presence types all the same", async (t) => {
  const page = ready();
  const warned = t.mock.method(console, "warn", () => undefined);
  page.wpp.conn.markAvailable = () => Promise.reject(new TypeError("no such function"));
  assert.equal(await carryOut({ command: "typing", chat: ADA, typing: true }), null);
  assert.equal(warned.mock.callCount(), 1);
});

test("a pairing code lives three minutes", async () => {
  ready();
  const code = await carryOut({ command: "pairingCode", phone: "15557654321" });
  assert.deepEqual(code, { code: "ABCD1234", expiresAt: "1970-01-01T00:03:00.000Z" });
});

test("new codes are asked for, and the page is loaded again where none come", async () => {
  const page = ready();
  let asked = 0;
  page.wpp.conn.refreshQR = () => Promise.resolve((asked += 1));
  page.wpp.conn.getAuthCode = () => Promise.resolve({ fullCode: "2@new" });
  assert.equal(await carryOut({ command: "refreshQr" }), null);
  assert.deepEqual([asked, page.reloads], [1, 0]);
  // The real page lost the command; one that waits for a typed code has no secret for another.
  page.wpp.conn.refreshQR = () => Promise.reject(new TypeError("refreshQR is not a function"));
  page.wpp.conn.getAuthCode = () => Promise.reject(new Error("secretKey is null"));
  for (const idle of [true, false]) {
    page.wpp.conn.isIdle = () => idle;
    const asking = carryOut({ command: "refreshQr" });
    await pass(6_000);
    await asking;
  }
  assert.equal(page.reloads, 2);
});

test("a page tells where it stands", async () => {
  const page = ready();
  page.wpp.conn.isAuthenticated = () => false;
  page.wpp.whatsapp.Stream.mode = "SYNCING";
  page.wpp.whatsapp.Socket.state = "UNLAUNCHED";
  const stands = await carryOut({ command: "standing" });
  assert.equal(stands, "mode SYNCING, socket UNLAUNCHED, not linked");
});

test("a logout that rejects, since the page goes, is a failure that says so", async () => {
  const page = ready();
  const gone = new Error("Execution context was destroyed");
  page.wpp.conn.logout = () => Promise.reject(gone);
  await assert.rejects(carryOut({ command: "logOut" }), gone);
  page.wpp.conn.logout = () => Promise.resolve(true);
  assert.equal(await carryOut({ command: "logOut" }), null);
});

test("a file goes to the address given, and a gateway that does not take it is told", async (t) => {
  const page = ready();
  page.wpp.chat.downloadMedia = () => Promise.resolve(new Blob(["bytes"]));
  const sent: unknown[] = [];
  let status = 204;
  t.mock.method(globalThis, "fetch", (url: string, options: RequestInit) => {
    sent.push([url, options.method]);
    return Promise.resolve(new Response(null, { status }));
  });
  const download = { command: "downloadMedia", message: "true_1_A", url: "http://x/1" } as const;
  assert.equal(await carryOut(download), null);
  assert.deepEqual(sent, [["http://x/1", "PUT"]]);
  status = 404;
  await refused(download, "failed");
});

test("a file that the network no longer has is unknown", async () => {
  const page = ready();
  // wa-js throws this as it is, without an Error around it.
  const thrown: unknown = { error: true, code: "media_not_found", message: "Media not found" };
  page.wpp.chat.downloadMedia = () => settle().then(() => Promise.reject(thrown as Error));
  await refused({ command: "downloadMedia", message: "true_1_A", url: "" }, "unknownMedia");
});

test("a command that misses a function is refused by that name, and others go on", async () => {
  const page = ready();
  page.wpp.whatsapp.functions.sendReactionToMsg = undefined;
  page.wpp.whatsapp.functions.canEditCaption = null;
  const react: Command = { command: "react", message: "true_1_A", emoji: "x" };
  await assert.rejects(carryOut(react), (error) => {
    assert.ok(error instanceof AgentError && error.kind === "unsupported");
    assert.match(error.message, /sendReactionToMsg/);
    return true;
  });
  const edit: Command = { command: "edit", message: "true_1_A", text: "x" };
  await assert.rejects(carryOut(edit), /canEditCaption/);
  Reflect.deleteProperty(page.wpp.whatsapp.Cmd, "sendRevokeMsgs");
  const revoke: Command = { command: "revoke", message: "true_1_A", forEveryone: false };
  await assert.rejects(carryOut(revoke), /no Cmd.sendRevokeMsgs/);
  assert.equal(await carryOut({ command: "markRead", chat: ADA }), null);
});
