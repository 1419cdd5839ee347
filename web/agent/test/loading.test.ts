import assert from "node:assert/strict";
import { test } from "node:test";
import { onFullyLoaded, whenInjected } from "../src/loading";
import { watchLogin } from "../src/login";
import { Page, pass, stopTime } from "./fake";

const COUNTER = "wagate-reloads";

function load(prepare: (page: Page) => void): { page: Page; begun: () => number } {
  stopTime();
  const page = new Page();
  prepare(page);
  let begun = 0;
  onFullyLoaded(false, () => (begun += 1));
  return { page, begun: () => begun };
}

test("hello is said when wa-js is in, and work begins when it is bound to all", async () => {
  const { page, begun } = load((page) => {
    page.wpp.isInjected = false;
    page.wpp.isFullReady = false;
  });
  assert.deepEqual(page.said, []);
  page.emit("loader.injected", undefined);
  assert.deepEqual(page.said, [{ report: "hello", version: "2.3000.1", again: false }]);
  await pass(1_000);
  assert.equal(begun(), 0);
  page.emit("loader.full_ready", undefined);
  page.emit("loader.full_ready", undefined);
  await pass(20_000);
  assert.equal(begun(), 1);
  assert.equal(page.reloads, 0);
});

test("a code on the screen is told before wa-js is in, and once", async () => {
  const { page, begun } = load((page) => {
    page.wpp.isInjected = false;
    page.wpp.isFullReady = false;
    page.screenCode = "2@ref,noise,identity,secret,1";
  });
  await pass(200);
  const hello = { report: "hello", version: "2.3000.1", again: false };
  const first = { report: "qr", text: "2@ref,noise,identity,secret,1" };
  assert.deepEqual(page.said, [hello, first]);
  page.screenCode = "2@next,noise,identity,secret,1";
  await pass(200);
  const second = { report: "qr", text: page.screenCode };
  assert.deepEqual(page.said, [hello, first, second]);
  page.emit("loader.injected", undefined);
  page.screenCode = "2@later,noise,identity,secret,1";
  page.emit("loader.full_ready", undefined);
  await pass(200);
  assert.deepEqual([page.said, begun()], [[hello, first, second], 1], "wa-js tells from now on");
  page.wpp.conn.isAuthenticated = () => false;
  page.wpp.conn.getAuthCode = () => Promise.resolve({ fullCode: "2@next,noise,identity,secret" });
  watchLogin();
  await pass(1_000);
  assert.deepEqual(page.said, [hello, first, second], "wa-js names the same code");
  await pass(60_000);
  assert.equal(page.reloads, 0);
});

test("what is no code on the screen is not told", async () => {
  const { page } = load((page) => {
    page.wpp.isInjected = false;
    page.screenCode = "";
  });
  await pass(100);
  page.screenCode = "something else";
  await pass(100);
  assert.deepEqual(page.said, []);
});

test("a page with a code that wa-js never comes to is loaded again", async () => {
  const { page } = load((page) => {
    page.wpp.isInjected = false;
    page.screenCode = "2@ref,noise,identity,secret,1";
  });
  await pass(19_000);
  assert.equal(page.reloads, 0);
  await pass(2_000);
  assert.equal(page.reloads, 1);
});

test("a call waits until wa-js is in", async () => {
  const { page } = load((page) => (page.wpp.isInjected = false));
  let isIn = false;
  void whenInjected().then(() => (isIn = true));
  await pass(1_000);
  assert.equal(isIn, false);
  page.emit("loader.injected", undefined);
  await pass(1);
  assert.equal(isIn, true);
});

test("an event that passed before anybody listened is made up for by looking", async () => {
  const { page, begun } = load((page) => (page.wpp.isFullReady = false));
  page.wpp.isFullReady = true;
  await pass(600);
  assert.equal(begun(), 1);
});

test("a page without a version says hello all the same", () => {
  const { page } = load(() => Reflect.deleteProperty(window, "Debug"));
  assert.deepEqual(page.said[0], { report: "hello", version: null, again: false });
});

test("a library that lost its race with the page is given another, a few times", async () => {
  for (let reloads = 0; reloads < 3; reloads += 1) {
    const { page } = load((page) => {
      page.wpp.isFullReady = false;
      page.kept.set(COUNTER, String(reloads));
    });
    await pass(14_000);
    assert.equal(page.reloads, 0, "it has no patience");
    await pass(2_000);
    assert.equal(page.reloads, 1);
    assert.equal(page.kept.get(COUNTER), String(reloads + 1));
    await pass(60_000);
    assert.equal(page.reloads, 1, "it reloads a page that is going already");
  }
});

test("then it is stuck, says where it stands, and the next start counts anew", async () => {
  const { page } = load((page) => {
    page.wpp.isFullReady = false;
    page.wpp.whatsapp.Stream.mode = "DEPRECATED_VERSION";
    page.kept.set(COUNTER, "3");
  });
  await pass(16_000);
  assert.equal(page.reloads, 0);
  assert.match(page.reports("stuck")[0]?.reason ?? "", /3 more attempts.*DEPRECATED_VERSION/);
  assert.equal(page.kept.has(COUNTER), false);
});

test("an account that is still loading has its time", async () => {
  const { page, begun } = load((page) => {
    page.wpp.isFullReady = false;
    page.wpp.whatsapp.Stream.mode = "SYNCING";
  });
  await pass(120_000);
  assert.equal(page.reloads, 0);
  page.wpp.isFullReady = true;
  await pass(600);
  assert.equal(begun(), 1);
});

test("a page that came up forgets its reloads", async () => {
  const { page } = load((page) => page.kept.set(COUNTER, "2"));
  await pass(100);
  assert.equal(page.kept.has(COUNTER), false);
});

test("a stream that wa-js cannot find is no reason to fail", async () => {
  const { page } = load((page) => {
    page.wpp.isFullReady = false;
    Object.defineProperty(page.wpp.whatsapp, "Stream", {
      get: () => {
        throw new Error("no such module");
      },
    });
    page.kept.set(COUNTER, "3");
  });
  await pass(16_000);
  assert.equal(page.reports("stuck").length, 1);
});
