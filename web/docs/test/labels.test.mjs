// What the page about the dashboard calls a button or a page is what the dashboard calls it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { pages, ROOT } from "../pages.mjs";

test("every label in docs/dashboard.md is a word of the dashboard", () => {
  const folder = join(ROOT, "web/dashboard/src");
  const files = readdirSync(join(folder, "strings")).filter((name) => name.endsWith(".ts"));
  const paths = ["strings.ts", ...files.map((name) => join("strings", name))];
  const words = new Set(paths.flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word);
  }));
  const { prose } = pages().find(({ name }) => name === "docs/dashboard.md");
  const written = prose.join(" ").replaceAll(/`[^`]*`/g, "");
  const labels = [...written.matchAll(/(?<!\*)\*([A-Z][^*]*)\*(?!\*)/g)].map(([, label]) => label);
  assert.ok(15 <= labels.length, labels.join());
  assert.deepEqual(labels.filter((label) => !words.has(label.replaceAll(/\s+/g, " "))), []);
});
