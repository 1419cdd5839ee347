import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf } from "./formatted";

const text = (value: string) => ({ text: value, isMention: false });
const mention = (value: string) => ({ text: value, isMention: true });

test("a mention stands between texts", () => {
  assert.deepEqual(piecesOf('Hello <span class="mention">@John</span>!'), [
    text("Hello "), mention("@John"), text("!"),
  ]);
  assert.deepEqual(piecesOf(""), []);
});

test("escapes are undone once, in names too", () => {
  assert.deepEqual(piecesOf("&amp;lt;b&gt; &quot;&#39; &copy;"), [text("&lt;b> \"' &copy;")]);
  assert.deepEqual(piecesOf('<span class="mention">@&lt;img src=x&gt;</span>'), [
    mention("@<img src=x>"),
  ]);
});

test("what is no mention is text, whatever it looks like", () => {
  for (const shown of ["<b>x</b>", '<span class="mention">@open', '<span class="other">x</span>']) {
    assert.deepEqual(piecesOf(shown), [text(shown)]);
  }
});
