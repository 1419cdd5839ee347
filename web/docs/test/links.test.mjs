// Links of the documentation: each leads to a file that is there, and to a heading in it. Links to
// other hosts are not followed.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

import { pages, ROOT } from "../pages.mjs";

const all = new Map(pages().map((page) => [page.name, page]));

function faultOf(page, to) {
  if (/^[a-z]+:/.test(to)) return undefined;
  const [file, anchor] = to.split("#");
  const path = file ? normalize(join(dirname(page.name), decodeURIComponent(file))) : page.name;
  if (!existsSync(join(ROOT, path))) return "no such file";
  const target = all.get(path);
  if (anchor && !target) return "an anchor in a file that is no page";
  return anchor && !target.anchors().has(anchor) ? "no such heading" : undefined;
}

test("every link of every page leads somewhere", () => {
  let count = 0;
  const faults = [];
  for (const page of all.values()) {
    for (const { to, line } of page.links()) {
      count += 1;
      const fault = faultOf(page, to);
      if (fault) faults.push(`${page.name}:${line}: ${to}: ${fault}`);
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(100 < count, `only ${count} links were found`);
  console.log(`${count} links in ${all.size} pages`);
});

test("every picture is shown by a page", () => {
  const shown = [...all.values()].flatMap((page) => page.links().map(({ to }) =>
    normalize(join(dirname(page.name), to))));
  const pictures = readdirSync(join(ROOT, "docs/screenshots"))
    .map((name) => `docs/screenshots/${name}`);
  assert.ok(5 < pictures.length);
  assert.deepEqual(pictures.filter((name) => !shown.includes(name)), []);
});

test("a link that leads nowhere is found", () => {
  const readme = all.get("README.md");
  assert.equal(faultOf(readme, "docs/none.md"), "no such file");
  assert.equal(faultOf(readme, "docs/deploy.md#none"), "no such heading");
  assert.equal(faultOf(readme, "docs/deploy.md#docker"), undefined);
});
