import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pacer } from "./pacer";

/** Lets time pass, and what waited for it run. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10) {
    mock.timers.tick(10);
    await Promise.resolve();
    await Promise.resolve();
  }
}

test("three in a row begin at once, and more with a pause between them", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  let count = 0;
  const pacer = new Pacer(() => Promise.resolve(count += 1), 1_000);
  const counts: number[] = [];
  for (let place = 0; place < 5; place += 1) {
    pacer.push();
    await pass(100);
    counts.push(count);
  }
  assert.deepEqual(counts, [1, 2, 3, 3, 3], "a burst of three");
  await pass(600);
  assert.equal(count, 4, "one more after the pause");
  pacer.push();
  await pass(900);
  assert.equal(count, 4, "and then one a pause");
  await pass(200);
  assert.equal(count, 5);
  await pass(10_000);
  for (let place = 0; place < 3; place += 1) {
    pacer.push();
    await pass(100);
  }
  assert.equal(count, 8, "a burst again after a rest");
  mock.timers.reset();
});

test("a failure is tried again after a while, and not by a burst", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  let count = 0;
  const pacer = new Pacer(() => {
    count += 1;
    return Promise.reject(new Error("gone"));
  }, 1_000);
  pacer.push();
  await pass(100);
  pacer.push();
  await pass(3_500);
  assert.equal(count, 1);
  await pass(1_000);
  assert.equal(count, 2);
  pacer.stop();
  mock.timers.reset();
});
