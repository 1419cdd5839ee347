import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceOf } from "./devices";

test("browsers are called by their names, though each claims to be others", () => {
  const mozilla = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
  const chrome = `${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36`;
  assert.equal(deviceOf(chrome), "Chrome on Windows");
  assert.equal(deviceOf(`${chrome} Edg/141.0.0.0`), "Edge on Windows");
  assert.equal(deviceOf("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
    "Firefox on Linux");
  assert.equal(deviceOf("curl/8.1"), "curl");
});

test("other programs are shown by their own words, as far as these fit", () => {
  assert.equal(deviceOf("x".repeat(200)), "x".repeat(60));
  assert.equal(deviceOf(null), "Unknown program");
});
