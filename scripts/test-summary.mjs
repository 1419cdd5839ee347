// Summary of a test log: failed tests, total time, slowest tests. Reads what cargo, and Node's
// runner as TAP or for people, print. Usage: node test-summary.mjs LOG SECONDS
import { readFileSync } from "node:fs";

const SLOWEST = 20;
const [log, seconds] = process.argv.slice(2);
const tests = [];
let group = "";
let waiting;

for (const line of readFileSync(log, "utf8").split("\n")) {
  const program = /^ +Running (?:unittests )?(\S+)/.exec(line) ?? /^> (@?\S+)@\S+ test$/.exec(line);
  if (program) group = program[1];
  const rust = /^test (.+?) \.\.\. (ok|FAILED)(?: <([\d.]+)s>)?$/.exec(line);
  const tap = /^(\s*)(ok|not ok) \d+ - (.*)$/.exec(line);
  const spec = /^\s*([✔✖]) (.*) \(([\d.]+)ms\)$/u.exec(line);
  const duration = /^\s+duration_ms: ([\d.]+)/.exec(line);
  const type = /^\s+type: 'suite'/.test(line);
  if (rust) add(rust[1], rust[2] === "ok", Number(rust[3] ?? 0));
  if (spec) add(spec[2], spec[1] === "✔", Number(spec[3]) / 1000);
  if (tap) waiting = add(tap[3], tap[2] === "ok", 0);
  if (duration && waiting) waiting.seconds = Number(duration[1]) / 1000;
  // A suite counts what its tests have counted.
  if (type && waiting) waiting.isSuite = true;
  if (/^\s*\.\.\.$/.test(line)) waiting = undefined;
}

function add(name, passed, seconds) {
  const test = { name: `${group}: ${name.replace(/ # SKIP.*/, "")}`, passed, seconds };
  tests.push(test);
  return test;
}

const single = tests.filter((test) => !test.isSuite);
const failed = single.filter((test) => !test.passed);
const minutes = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
console.log(`\n${single.length} tests in ${minutes}, ${failed.length} failed`);
for (const test of failed) console.log(`  FAILED ${test.name}`);
console.log(`The slowest ${SLOWEST}:`);
for (const test of single.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)) {
  console.log(`  ${test.seconds.toFixed(1).padStart(6)} s  ${test.name}`);
}
