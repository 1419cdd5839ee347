import assert from "node:assert/strict";
import { test } from "node:test";
import { hostOf } from "./previews";

test("the host of a preview is that of a web address, whatever else it says", () => {
  for (const [address, host] of [
    ["https://example.org/a?b=https://bank.example/", "example.org"],
    ["http://example.org:8080/", "example.org:8080"],
    ["https://bank.example@evil.example/", "evil.example"],
    // A name of foreign letters that look familiar is not shown as familiar ones.
    ["https://\u0430pple.example/", "xn--pple-43d.example"],
    ["javascript:alert(1)", null],
    ["data:text/html,<b>", null],
    ["nonsense", null],
    ["", null],
  ] as const)
    assert.equal(hostOf(address), host, address);
});
