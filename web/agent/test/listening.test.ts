import assert from "node:assert/strict";
import { test } from "node:test";
import { isHearing, on, takeOver, whenReplaced } from "../src/listening";
import { Page, stopTime } from "./fake";

/** A page of which this agent is the first. */
function fresh(): Page {
  stopTime();
  const page = new Page();
  assert.equal(takeOver(), false);
  return page;
}

test("an agent whose listeners are gone knows that it hears nothing", () => {
  const page = fresh();
  let heard = 0;
  on("conn.qrcode_idle", () => (heard += 1));
  page.emit("conn.qrcode_idle", undefined);
  assert.deepEqual([heard, isHearing()], [1, true]);
  page.deafen();
  assert.equal(isHearing(), false);
  takeOver();
});

test("who takes over ends the one before, and nothing is heard twice", () => {
  const page = fresh();
  let [heard, ended] = [0, 0];
  on("conn.qrcode_idle", () => (heard += 1));
  whenReplaced(() => (ended += 1));
  assert.equal(takeOver(), true);
  page.emit("conn.qrcode_idle", undefined);
  assert.deepEqual([heard, ended], [0, 1]);
  assert.equal(takeOver(), true);
  assert.equal(ended, 1, "once is enough");
});
