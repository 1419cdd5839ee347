// What visitors load is small: both files together, as gzip packs them, which every browser takes.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";

const MOST = 20 * 1024;

test("the widget has less than 20 KiB compressed", () => {
  const sizes = ["widget.js", "frame.html"].map((name) => {
    const { size } = statSync(new URL(`../dist/${name}.gz`, import.meta.url));
    assert.ok(size > 1_000, `${name} is empty`);
    return size;
  });
  const sum = sizes.reduce((all, size) => all + size, 0);
  console.log(`the widget has ${sum} bytes compressed: ${sizes.join(" + ")}`);
  assert.ok(sum < MOST, `${sum} bytes`);
});
