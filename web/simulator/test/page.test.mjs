// Unmodified wa-js in real Chromium against the built page.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { ALICE, startNetwork } from "./network.mjs";

const waJs = readFileSync(createRequire(import.meta.url).resolve("@wppconnect/wa-js"), "utf8");
const PNG =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" +
  "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const profile = mkdtempSync(join(tmpdir(), "simulated-page-"));
let network, browser, page;
/** Names of the events that wa-js emitted. */
const emitted = [];
/** Hosts that the page asked for and that are not its own. */
const foreign = [];
// As the gateway gives them.
const SETTINGS =
  "window.WPPConfig={disableGoogleAnalytics:true,googleAnalyticsId:null,linkPreviewApiServers:[]};";
const LINK = "https://example.org/a/secret/link";
const watch = async (page, list) => {
  const isOwn = (url) => url.origin === new URL(network.address).origin;
  await page.route(
    (url) => !isOwn(url) && url.protocol !== "data:" && url.protocol !== "blob:",
    (route) => {
      list.push(new URL(route.request().url()).hostname);
      return route.abort();
    },
  );
};
const until = async (check, what) => {
  for (let left = 300; left > 0; left -= 1) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never came: ${what}`);
};
/** The newest request of a kind, where the page has its answer already. */
const asked = (name) => network.state.seen.findLast((each) => each.request === name);
/** The next request of a kind, where the page does not wait for the answer. */
const asks = async (name, act) => {
  const before = network.state.seen.length;
  await act();
  const find = () => network.state.seen.slice(before).find((each) => each.request === name);
  return until(find, name);
};
const emits = (name) => until(() => emitted.includes(name), name);

before(async () => {
  network = await startNetwork();
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  page = browser.pages()[0] ?? (await browser.newPage());
  if (process.env.VERBOSE)
    page.on("console", (message) => console.log("page:", message.text().slice(0, 200)));
  page.on("pageerror", (error) =>
    console.log("page error:", String(error.stack ?? error).slice(0, 400)),
  );
  await watch(page, foreign);
  await page.addInitScript(SETTINGS);
  await page.exposeFunction("__emitted", (name) => emitted.push(name));
  await page.addInitScript(`${waJs}\n;WPP.onAny((name)=>window.__emitted(name));`);
  await page.goto(network.address);
});
after(async () => {
  await browser?.close();
  network?.close();
  rmSync(profile, { recursive: true, force: true });
});

test("an unlinked page shows a QR code, and claims to be ready already", async () => {
  await emits("conn.auth_code_change");
  const code = await until(() => page.evaluate(() => WPP.conn.getAuthCode()), "code");
  assert.match(code.fullCode, /^2@reference-1,/);
  const shown = () => page.evaluate(() => document.querySelector("[data-ref]").dataset.ref);
  assert.ok((await shown()).startsWith(code.fullCode));
  assert.equal(await page.locator("[data-ref] canvas").count(), 1);
  assert.equal(await page.evaluate(() => WPP.conn.isAuthenticated()), false);
  await emits("conn.main_ready");
});
test("a spent row of codes can be refreshed", async () => {
  network.push({ push: "referencesExhausted" });
  await until(() => page.evaluate(() => WPP.whatsapp.Socket.state === "UNPAIRED_IDLE"), "idle");
  assert.equal(await page.locator("[data-ref] button").count(), 1);
  assert.equal((await page.evaluate(() => WPP.conn.refreshQR())).ref, "2@reference-2");
  assert.equal(await page.locator("[data-ref] button").count(), 0);
});
test("a pairing code comes from the network", async () => {
  assert.equal(
    await page.evaluate(() => WPP.conn.genLinkDeviceCodeForPhoneNumber("447700900001")),
    "ABCD1234",
  );
});
test("linking brings the account", async () => {
  network.link();
  await until(
    () =>
      page.evaluate(() => WPP.conn.isAuthenticated() && WPP.whatsapp.Stream.mode === "MAIN"),
    "main",
  );
  assert.equal(emitted.includes("conn.main_loaded"), false);
  assert.equal(await page.locator("canvas").count(), 0);
  assert.equal(await page.locator("#app .two").count(), 1);
});
test("a restored page logs in with its credential", async () => {
  await page.reload();
  await until(
    () =>
      page
        .evaluate(() => window.WPP?.isFullReady && WPP.conn.isAuthenticated())
        .catch(() => false),
    "restored",
  );
  const ids = await page.evaluate(async () =>
    (await WPP.chat.list()).map((chat) => chat.id.toString()),
  );
  assert.deepEqual(ids, [ALICE]);
});
test("a chat without messages has nothing to be marked as read", async () => {
  await page.evaluate((to) => WPP.chat.markIsRead(to), ALICE);
  assert.equal(asked("markRead"), undefined);
});
let sent;
test("a text is sent under the id that was given", async () => {
  sent = await page.evaluate(
    (to) =>
      WPP.chat.sendTextMessage(to, "hello", {
        messageId: `true_${to}_3EB0AAAAAAAAAAAAAAAAAA`,
        createChat: true,
      }),
    ALICE,
  );
  assert.equal(asked("send").key, "3EB0AAAAAAAAAAAAAAAAAA");
  assert.deepEqual(asked("send").content, { type: "text", body: "hello" });
  assert.equal(sent.ack, 1);
});
test("receipts raise the message", async () => {
  network.happened({ type: "ack", message: sent.id, ack: "read", participant: null });
  await emits("chat.msg_ack_change");
  await until(
    () => page.evaluate(async (id) => (await WPP.chat.getMessageById(id)).ack === 3, sent.id),
    "read",
  );
});
let received;
test("a message comes in", async () => {
  emitted.length = 0;
  received = network.incoming("hi there");
  await emits("chat.new_message");
});
test("a chat is marked as read and archived", async () => {
  await page.evaluate((to) => WPP.chat.markIsRead(to), ALICE);
  assert.equal(asked("markRead").chat, ALICE);
  // The command only sends an event: the main screen listens for it a while after the login.
  await until(
    () => page.evaluate(() => WPP.whatsapp.Cmd.getListenersCount("archive_chat") > 0),
    "the main screen's listeners",
  );
  const archive = await asks("archive", () =>
    page.evaluate((to) => WPP.chat.archive(to), ALICE),
  );
  assert.equal(archive.archived, true);
});
test("reactions go out and come in", async () => {
  await page.evaluate((id) => WPP.chat.sendReactionToMessage(id, "👍"), received);
  assert.deepEqual(asked("react"), { request: "react", message: received, emoji: "👍" });
  emitted.length = 0;
  network.happened({ type: "reaction", message: sent.id, sender: ALICE, emoji: "❤️" });
  await emits("chat.new_reaction");
});
test("a message is edited, quoted and revoked", async () => {
  await page.evaluate((id) => WPP.chat.editMessage(id, "changed"), sent.id);
  assert.equal(asked("edit").text, "changed");
  await page.evaluate(
    ([to, id]) => WPP.chat.sendTextMessage(to, "re", { quotedMsg: id }),
    [ALICE, received],
  );
  assert.equal(asked("send").quoted, received);
  const revocation = await asks("revoke", () =>
    page.evaluate(
      ([to, id]) => WPP.chat.deleteMessage(to, id, false, true),
      [ALICE, sent.id],
    ),
  );
  assert.equal(revocation.forEveryone, true);
});
test("an edit and a revocation come in", async () => {
  network.happened({ type: "message_edited", message: received, text: "v2" });
  await until(
    () =>
      page.evaluate(
        async (id) => (await WPP.chat.getMessageById(id)).body === "v2",
        received,
      ),
    "edit",
  );
  emitted.length = 0;
  network.happened({ type: "message_revoked", message: received, by: ALICE });
  await emits("chat.msg_revoke");
});
test("a call comes in", async () => {
  emitted.length = 0;
  network.happened({ type: "call", id: "CALL1", from: ALICE, video: true, group: false });
  await emits("call.incoming_call");
});
test("a file is uploaded, sent under its id and fetched again", async () => {
  const file = await page.evaluate(
    ([to, data]) =>
      WPP.chat.sendFileMessage(to, data, {
        type: "image",
        caption: "pic",
        filename: "a.png",
        messageId: `true_${to}_3EB0BBBBBBBBBBBBBBBBBB`,
      }),
    [ALICE, PNG],
  );
  const { key, content } = asked("send");
  assert.equal(key, "3EB0BBBBBBBBBBBBBBBBBB");
  assert.equal(content.caption, "pic");
  assert.equal(network.state.media.get(content.media).length, 70);
  assert.equal(
    await page.evaluate(async (id) => (await WPP.chat.downloadMedia(id)).size, file.id),
    70,
  );
});
test("location, card and poll are sent", async () => {
  await page.evaluate(
    (to) => WPP.chat.sendLocationMessage(to, { lat: 1, lng: 2, name: "x" }),
    ALICE,
  );
  assert.equal(asked("send").content.latitude, 1);
  await page.evaluate((to) => WPP.chat.sendVCardContactMessage(to, to), ALICE);
  assert.equal(asked("send").content.contacts[0].id, ALICE);
  await page.evaluate((to) => WPP.chat.sendCreatePollMessage(to, "q", ["a", "b"]), ALICE);
  assert.deepEqual(asked("send").content.options, ["a", "b"]);
});
test("the preview of a link comes from WhatsApp's side, and nobody else is asked", async () => {
  const preview = await page.evaluate(
    async ([to, link]) => {
      const sent = await WPP.chat.sendTextMessage(to, `look: ${link}`, { linkPreview: true });
      const { subtype, title, canonicalUrl } = await WPP.chat.getMessageById(sent.id);
      return { subtype, title, canonicalUrl };
    },
    [ALICE, LINK],
  );
  assert.deepEqual(preview, { subtype: "url", title: "example.org", canonicalUrl: LINK });
  assert.deepEqual(foreign, []);
});
test("with the library's own settings the link would go to others", async () => {
  const asked = [];
  const other = await browser.newPage();
  await watch(other, asked);
  await other.addInitScript(`window.WPPConfig={disableGoogleAnalytics:true};${waJs}`);
  await other.goto(network.address);
  await until(() => other.evaluate(() => window.WPP?.isFullReady).catch(() => false), "ready");
  await other.evaluate(
    ([to, link]) => WPP.chat.sendTextMessage(to, `look: ${link}`, { linkPreview: true }),
    [ALICE, LINK],
  );
  assert.equal(new Set(asked).size, 3, `asked: ${asked}`);
  await other.close();
});
test("messages are read in pages", async () => {
  const first = await page.evaluate(
    async (to) =>
      (await WPP.chat.getMessages(to, { count: 2 })).map((each) => each.id.toString()),
    ALICE,
  );
  assert.equal(first.length, 2);
  const earlier = await page.evaluate(
    async ([to, id]) =>
      (await WPP.chat.getMessages(to, { count: 2, id, direction: "before" })).map((each) =>
        each.id.toString(),
      ),
    [ALICE, first[0]],
  );
  assert.equal(
    earlier.some((id) => first.includes(id)),
    false,
  );
});
test("contacts are known and looked up", async () => {
  assert.equal(
    await page.evaluate((id) => WPP.contact.get(id).then((c) => c.name), ALICE),
    "Alice",
  );
  assert.equal(await page.evaluate(() => WPP.contact.queryExists("9991234567@c.us")), null);
});
test("groups are made and changed", async () => {
  const group = await page.evaluate(
    async (who) => (await WPP.group.create("Team", [who])).gid.toString(),
    ALICE,
  );
  assert.deepEqual(asked("createGroup").participants, [ALICE]);
  await page.evaluate((id) => WPP.group.addParticipants(id, ["447700900003@c.us"]), group);
  assert.deepEqual(asked("addParticipants").participants, ["447700900003@c.us"]);
  await page.evaluate((id) => WPP.group.removeParticipants(id, ["447700900003@c.us"]), group);
  assert.deepEqual(asked("removeParticipants").participants, ["447700900003@c.us"]);
});
test("logout navigates away from the caller", async () => {
  await assert.rejects(page.evaluate(() => WPP.conn.logout()));
  await until(
    () =>
      page
        .evaluate(() => window.WPP?.conn.getAuthCode().then((code) => Boolean(code)))
        .catch(() => false),
    "a new code",
  );
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});
