import assert from "node:assert/strict";
import { test } from "node:test";
import { watchLogin } from "../src/login";
import { standing } from "../src/standing";
import { ME, MY_LID, Page, pass, stopTime } from "./fake";

/** A page that shows a code. wa-js says "full ready" of it, too. */
function unlinked(): Page {
  stopTime();
  const page = new Page();
  page.wpp.conn.isAuthenticated = () => false;
  page.wpp.whatsapp.Stream.mode = "QR";
  page.wpp.whatsapp.Socket.state = "UNPAIRED";
  return page;
}

function linked(): Page {
  stopTime();
  return new Page();
}

const kinds = (page: Page): string[] => page.said.map(({ report }) => report);

test("a page with a code is not logged in, though it is fully ready", async () => {
  const page = unlinked();
  page.wpp.conn.getAuthCode = () => Promise.resolve({ fullCode: "2@first" });
  watchLogin();
  await pass(5_000);
  assert.deepEqual(page.said, [{ report: "qr", text: "2@first" }], "told once, by looking alone");
});

test("each code is told once, whichever way it comes", async () => {
  const page = unlinked();
  let code = "2@first";
  page.wpp.conn.getAuthCode = () => Promise.resolve({ fullCode: code });
  watchLogin();
  page.emit("conn.auth_code_change", { fullCode: "2@first" });
  page.emit("conn.auth_code_change", null);
  await pass(1_000);
  code = "2@second";
  await pass(500);
  page.emit("conn.auth_code_change", { fullCode: "2@second" });
  assert.deepEqual(page.reports("qr").map(({ text }) => text), ["2@first", "2@second"]);
});

test("codes that ran out are told once, and once more after others", async () => {
  const page = unlinked();
  page.wpp.conn.isIdle = () => true;
  watchLogin();
  page.emit("conn.qrcode_idle", undefined);
  await pass(500);
  assert.deepEqual(kinds(page), ["qrIdle"], "it had run out before anybody listened");
  page.emit("conn.auth_code_change", { fullCode: "2@new" });
  page.emit("conn.qrcode_idle", undefined);
  assert.deepEqual(kinds(page), ["qrIdle", "qr", "qrIdle"]);
});

test("taken in, loaded, ready: each when it is so, and once", async () => {
  const page = unlinked();
  watchLogin();
  await pass(500);
  page.wpp.conn.isAuthenticated = () => true;
  page.wpp.whatsapp.Stream.mode = "SYNCING";
  await pass(1_000);
  assert.deepEqual(kinds(page), ["authenticated"]);
  page.wpp.whatsapp.Stream.mode = "MAIN";
  page.wpp.whatsapp.Socket.state = "CONNECTED";
  await pass(1_000);
  assert.deepEqual(kinds(page), ["authenticated", "ready", "line"]);
  const me = { id: ME, lid: MY_LID, pushName: "Owner", platform: "android" };
  assert.deepEqual(page.reports("ready")[0], { report: "ready", me, missing: [] });
});

test("an account of old has no hidden identity, and is ready all the same", async () => {
  const page = linked();
  page.wpp.conn.getMyUserLid = () => {
    throw new Error("no lid");
  };
  Object.assign(page.wpp.whatsapp, { Conn: undefined });
  watchLogin();
  await pass(500);
  const me = { id: ME, lid: null, pushName: null, platform: null };
  assert.deepEqual(page.reports("ready")[0]?.me, me);
});

test("a page that lacks its stores is ready all the same", async (t) => {
  const page = linked();
  const warned = t.mock.method(console, "warn", () => undefined);
  Object.assign(page.wpp.whatsapp, { ChatStore: undefined });
  watchLogin();
  await pass(1_000);
  assert.deepEqual(kinds(page), ["authenticated", "ready", "line"]);
  assert.equal(warned.mock.callCount(), 1);
});

test("the number is told even where the page prefers the hidden identity", async () => {
  const page = linked();
  page.wpp.conn.getMyUserId = () => ({ _serialized: MY_LID, toString: () => MY_LID });
  watchLogin();
  await pass(500);
  assert.equal(page.reports("ready")[0]?.me.id, ME);
});

test("an account without a name is not there yet", async () => {
  const page = linked();
  const name = page.wpp.whatsapp.UserPrefs.getMaybeMePnUser;
  page.wpp.whatsapp.UserPrefs.getMaybeMePnUser = () => undefined;
  page.wpp.conn.getMyUserId = () => undefined;
  watchLogin();
  await pass(500);
  assert.deepEqual(kinds(page), ["authenticated"]);
  page.wpp.whatsapp.UserPrefs.getMaybeMePnUser = name;
  await pass(500);
  assert.equal(page.reports("ready").length, 1);
});

test("the line is told when it changes", async () => {
  const page = linked();
  watchLogin();
  await pass(1_000);
  page.wpp.whatsapp.Socket.state = "TIMEOUT";
  await pass(1_000);
  page.wpp.whatsapp.Socket.state = "CONNECTED";
  await pass(1_000);
  assert.deepEqual(page.reports("line"), [
    { report: "line", state: "CONNECTED", connected: true },
    { report: "line", state: "TIMEOUT", connected: false },
    { report: "line", state: "CONNECTED", connected: true },
  ]);
});

test("the account is out of sight, and again after each new line", async () => {
  const page = linked();
  const shown: string[] = [];
  page.wpp.conn.markAvailable = () => shown.push("available");
  page.wpp.conn.markUnavailable = () => shown.push("unavailable");
  watchLogin();
  await pass(1_000);
  assert.deepEqual(shown, ["unavailable"]);
  page.wpp.whatsapp.Socket.state = "OPENING";
  await pass(1_000);
  page.wpp.whatsapp.Socket.state = "CONNECTED";
  await pass(1_000);
  assert.deepEqual(shown, ["unavailable", "unavailable"]);
});

test("what the page lacks is told with ready", async () => {
  const page = linked();
  page.wpp.whatsapp.functions.canEditMsg = undefined;
  watchLogin();
  await pass(500);
  assert.deepEqual(page.reports("ready")[0]?.missing, ["canEditMsg"]);
});

test("an account is ready when commands are carried out, or after a while without", async () => {
  const page = linked();
  page.unheard.add("send_revoke_msgs").add("archive_chat");
  watchLogin();
  await pass(5_000);
  page.unheard.delete("send_revoke_msgs");
  await pass(1_000);
  assert.deepEqual(kinds(page), ["authenticated"]);
  page.unheard.delete("archive_chat");
  await pass(500);
  assert.deepEqual(kinds(page), ["authenticated", "ready", "line"]);
  const never = linked();
  never.unheard.add("archive_chat");
  watchLogin();
  await pass(16_000);
  assert.deepEqual(never.reports("ready")[0]?.missing, ["a listener of Cmd's archive_chat"]);
});

test("a page that waits for a typed code has none to show, which is no failure", async () => {
  const page = unlinked();
  page.wpp.conn.getAuthCode = () => Promise.reject(new Error("secretKey is null or undefined"));
  watchLogin();
  await pass(180_000);
  assert.deepEqual(page.said, []);
  assert.match(standing(), /not linked, no code: secretKey is null/);
  page.wpp.conn.isAuthenticated = () => true;
  page.wpp.whatsapp.Stream.mode = "MAIN";
  await pass(500);
  assert.deepEqual(kinds(page).slice(0, 2), ["authenticated", "ready"]);
});

test("a login that is lost without an event is told within ten seconds, and once", async () => {
  const page = linked();
  watchLogin();
  await pass(1_000);
  page.said.length = 0;
  page.wpp.conn.isAuthenticated = () => false;
  await pass(5_000);
  page.wpp.conn.isAuthenticated = () => true;
  await pass(1_000);
  page.wpp.conn.isAuthenticated = () => false;
  await pass(7_000);
  assert.deepEqual(kinds(page), [], "a moment is not enough");
  await pass(2_000);
  assert.deepEqual(kinds(page), ["loggedOut"]);
  await pass(30_000);
  assert.deepEqual(kinds(page), ["loggedOut"]);
});

test("the end of the login is told", () => {
  const page = linked();
  watchLogin();
  page.emit("conn.logout", undefined);
  assert.deepEqual(kinds(page), ["loggedOut"]);
});

test("a look that fails now and then does no harm", async () => {
  const page = linked();
  let looks = 0;
  page.wpp.conn.isAuthenticated = () => {
    looks += 1;
    if (looks < 20) throw new Error("not yet");
    return true;
  };
  watchLogin();
  await pass(10_000);
  assert.deepEqual(kinds(page), ["authenticated", "ready", "line"]);
});

test("a page that never shows whether it is in is stuck, and says why", async () => {
  const page = linked();
  page.wpp.conn.isAuthenticated = () => {
    throw new TypeError("isAuthenticated is not a function");
  };
  watchLogin();
  await pass(60_000);
  assert.equal(page.reports("stuck").length, 1);
  assert.match(page.reports("stuck")[0]?.reason ?? "", /isAuthenticated is not a function/);
});

test("a slow look is not overtaken by the next", async () => {
  const page = unlinked();
  let asked = 0;
  page.wpp.conn.getAuthCode = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  watchLogin();
  await pass(5_000);
  assert.equal(asked, 1);
});
