// What docs/deploy.md and the files of a deployment say must agree.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { load } from "js-yaml";

import { pages, ROOT } from "../pages.mjs";

const read = (name) => readFileSync(join(ROOT, name), "utf8");

test("the unit of the documentation is the unit of the package", () => {
  const [, unit] = /```ini\n([^]*?)```/.exec(read("docs/deploy.md"));
  assert.equal(unit, read("packaging/wagate.service"));
});

test("the image gets the package of each workspace before npm installs, and no sources", () => {
  const { workspaces } = JSON.parse(read("web/package.json"));
  const before = read("Dockerfile").split("RUN npm ci")[0];
  for (const name of workspaces) {
    assert.ok(before.includes(`COPY web/${name}/package.json ${name}/\n`), `Dockerfile: ${name}`);
  }
  assert.ok(!before.includes("COPY web ."), before);
});

test("compose files are valid, and lead to services that they know", () => {
  const folder = "docs/examples/compose";
  const overlays = readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  assert.ok(2 <= overlays.length);
  for (const name of ["docker-compose.yml", ...overlays]) {
    const { services, volumes = {} } = load(read(name));
    for (const [service, its] of Object.entries(services)) {
      assert.ok(its.image ?? its.build ?? its.environment, `${name}: ${service} runs nothing`);
      for (const need of its.depends_on ?? []) assert.ok(services[need], `${name}: ${need}`);
      for (const mount of its.volumes ?? []) {
        assert.ok(mount.split(":")[0] in volumes, `${name}: ${mount}`);
      }
    }
  }
});

test("workflows are valid, and their actions are pinned to commits", () => {
  for (const file of workflows()) {
    const text = read(file);
    const { jobs } = load(text);
    for (const [name, { steps }] of Object.entries(jobs)) {
      assert.ok(steps.every(({ uses, run }) => Boolean(uses) !== Boolean(run)), `${file}: ${name}`);
    }
    for (const [, action] of text.matchAll(/uses: (.+)/g)) {
      assert.match(action, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file);
    }
  }
});

test("a release has both architectures, each built on its own", () => {
  const { jobs } = load(read(".github/workflows/release.yml"));
  for (const name of ["binaries", "images"]) {
    const built = jobs[name].strategy.matrix.include;
    assert.deepEqual(built.map(({ arch }) => arch), ["amd64", "arm64"], name);
    for (const { runner, arch } of built) assert.equal(runner.endsWith("-arm"), arch === "arm64");
  }
});

test("every target of make and every script that is named is there", () => {
  const targets = new Set([...read("Makefile").matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));
  const named = [...workflows(), "Dockerfile", ".ci/run"].flatMap((file) => calls(file, read(file)));
  const written = pages().flatMap(({ name, lines }) => calls(name, commandsOf(lines).join("\n")));
  for (const { file, target, script } of [...named, ...written]) {
    if (target) assert.ok(targets.has(target), `${file}: make ${target}`);
    if (script) assert.ok(existsSync(join(ROOT, script)), `${file}: ${script}`);
  }
  const found = new Set(written.map(({ target }) => target));
  assert.ok(["demo", "check", "test-sdk"].every((name) => found.has(name)), [...found].join());
  const byMatrix = named.filter(({ file, target }) => file.endsWith("ci.yml") && target);
  assert.ok(byMatrix.some(({ target }) => target === "test"), "the targets of CI's matrix");
});

function workflows() {
  return readdirSync(join(ROOT, ".github/workflows")).map((name) => `.github/workflows/${name}`);
}

/** What a page shows as a command: lines of blocks of sh, and code within a sentence. */
function commandsOf(lines) {
  let language;
  return lines.flatMap((line) => {
    const [, fence] = /^ *```(\S*)/.exec(line) ?? [];
    if (fence !== undefined) {
      language = language === undefined ? fence : undefined;
      return [];
    }
    if (language !== undefined) return language === "sh" ? [line] : [];
    return [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
  });
}

/** The targets of make and the scripts that a text calls; those of CI's matrix by their list. */
function calls(file, text) {
  const targets = [...text.matchAll(/(?:^|run: |&& |; )[ ]*make ([a-z][a-z-]*)/gm)];
  const [, matrix = ""] = /^ *target: \[(.+)\]$/m.exec(text) ?? [];
  const listed = [...matrix.split(/, */).filter(Boolean), ...looped(text)];
  const scripts = [...text.matchAll(/(?:^|[ `])(scripts\/[a-z-]+)(?![\w./-])/gm)];
  return [
    ...[...targets.map(([, target]) => target), ...listed].map((target) => ({ file, target })),
    ...scripts.map(([, script]) => ({ file, script })),
  ];
}

/** The targets of `for target in …; do`, as in .ci/run. */
function looped(text) {
  const [, list = ""] = /^for target in (.+); do$/m.exec(text) ?? [];
  return list.split(" ").filter(Boolean);
}
