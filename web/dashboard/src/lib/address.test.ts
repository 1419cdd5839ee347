import assert from "node:assert/strict";
import { test } from "node:test";
import { href, match, parseHash } from "./address";

test("an address leads back to what it was made of", () => {
  for (const id of ["shop", "a/b", "50%", "<img src=x>", "?#&", "č š", ".."]) {
    const { segments, query } = parseHash(href("sessions/:id", { id }, { tab: "log" }));
    assert.deepEqual(match("sessions/:id", segments), { id });
    assert.equal(query.get("tab"), "log");
  }
});

test("the empty address is the first page's", () => {
  for (const hash of ["", "#", "#/"]) assert.deepEqual(match("", parseHash(hash).segments), {});
});

test("an address that nobody could have made is read as it stands", () => {
  assert.deepEqual(parseHash("#/sessions/%E0%A4%A").segments, ["sessions", "%E0%A4%A"]);
  assert.equal(match("sessions/:id", ["sessions"]), null);
  assert.equal(match("sessions/:id", ["chat", "x"]), null);
});
