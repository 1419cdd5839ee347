// What docs/deploy.md and the files of a deployment say must agree.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { load } from "js-yaml";

import { ROOT } from "../pages.mjs";

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

test("workflows are valid, and call what is there", () => {
  const targets = new Set([...read("Makefile").matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));
  for (const file of readdirSync(join(ROOT, ".github/workflows"))) {
    const { jobs } = load(read(`.github/workflows/${file}`));
    for (const [name, { steps, strategy }] of Object.entries(jobs)) {
      assert.ok(steps.every(({ uses, run }) => Boolean(uses) !== Boolean(run)), `${file}: ${name}`);
      const made = strategy?.matrix?.target ?? [];
      for (const target of made) assert.ok(targets.has(target), `make ${target}`);
      for (const { run = "" } of steps) {
        const [, script] = /^(scripts\/\S+)/.exec(run) ?? [];
        if (script) assert.ok(existsSync(join(ROOT, script)), `${file}: ${script}`);
      }
    }
  }
});
