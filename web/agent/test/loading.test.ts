import assert from "node:assert/strict";
import { test } from "node:test";
import { onFullyLoaded } from "../src/loading";
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
