import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curlOf } from "./curl";

test("a shell reads each part back as it was", () => {
  for (const text of ["Hello", "it's", "$(id) `id` \"x\"", "a\nb", "\\'; echo x"]) {
    const line = curlOf(new URL("http://127.0.0.1:8080/"), "shop", "1@c.us", text);
    const script = `curl() { printf '%s\\0' "$@"; }; ${line}`;
    const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0");
    assert.equal(words[2], "http://127.0.0.1:8080/api/v1/sessions/shop/send-text");
    assert.deepEqual(JSON.parse(words[6] ?? ""), { chatId: "1@c.us", content: text });
  }
});
