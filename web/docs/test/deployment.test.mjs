// What docs/deploy.md and the files of a deployment say must agree.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { load } from "js-yaml";

import { pages, ROOT } from "../pages.mjs";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? join(ROOT, "target/debug/wagate"));
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

test("the image copies what is there, and every page that the program embeds", () => {
  const dockerfile = read("Dockerfile");
  const ignored = read(".dockerignore").split("\n").filter((line) => line && !line.startsWith("#"));
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
  for (const source of copies.flatMap(([, words]) => words.split(" "))) {
    assert.ok(existsSync(join(ROOT, source)), `COPY ${source}: it is not there`);
    assert.ok(!ignored.some((each) => `/${source}/`.startsWith(`${each}/`)), `${source}: ignored`);
  }
  const built = [...dockerfile.matchAll(/^COPY --from=web \/build\/(\S+) (\S+)$/gm)];
  for (const [, from, to] of built) assert.equal(from, to);
  const embedded = sources().flatMap((text) => [...text.matchAll(/^#\[folder = "(.+)"\]$/gm)]);
  const folders = (found) => found.map(([, folder]) => folder).toSorted();
  assert.ok(3 <= embedded.length);
  assert.deepEqual(folders(built), folders(embedded));
});

test("the image's layer of crates has a program at every path of Cargo.toml", () => {
  const [, layer] = /COPY Cargo.toml([^]*?)COPY \. \./.exec(read("Dockerfile"));
  const paths = [...read("Cargo.toml").matchAll(/^path = "(.+)"$/gm)].map(([, path]) => path);
  assert.ok(3 <= paths.length);
  for (const path of paths) assert.ok(layer.includes(path), path);
  assert.ok(!existsSync(join(ROOT, "build.rs")), "the layer would lack a build script");
});

test("every setting of the image, the compose files and the unit can be read", () => {
  const [, image] = /^ENV ([^]*?)\n[A-Z]/m.exec(read("Dockerfile"));
  const unit = [...read("packaging/wagate.service").matchAll(/^Environment=(.+)$/gm)];
  const composed = composeFiles().flatMap((name) => {
    const { environment = {} } = load(read(name)).services.wagate ?? {};
    return Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  });
  const all = [...image.split(/[\s\\]+/), ...unit.map(([, line]) => line), ...composed];
  assert.ok(8 <= all.length, all.join());
  // The gateway ignores variables of other names, so a slip in one of these would not be found.
  for (const [name] of all.map((line) => line.split("="))) {
    const isListed = read("README.md").includes(`\`${name}\``);
    assert.ok(name.startsWith("WAGATE_") || isListed, name);
  }
  const folder = mkdtempSync(join(tmpdir(), "wagate-settings-"));
  const runWith = (settings) => {
    const named = settings.map((line) => /^(\w+)=(.*)$/.exec(line).slice(1));
    const env = { ...process.env, ...Object.fromEntries(named), WAGATE_DATA: folder };
    const command = ["key", "create", "try", "--scope", "read"];
    return spawnSync(PROGRAM, command, { env, encoding: "utf8" });
  };
  try {
    const { status, stderr } = runWith(all);
    assert.equal(status, 0, stderr);
    // It is the settings that are tried: a slip in one of them is found.
    assert.match(runWith([...all, "WAGATE_BROWSER__EXTRA_ARG=x"]).stderr, /extra_arg/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("compose files are valid, and lead to services that they know", () => {
  const files = composeFiles();
  assert.ok(3 <= files.length);
  for (const name of files) {
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
  const rules = read("Makefile").matchAll(/^([a-z0-9-]+):/gm);
  const targets = new Set([...rules].map(([, name]) => name));
  const programs = [...workflows(), "Dockerfile", "Makefile", ".ci/run"];
  const named = programs.flatMap((file) => calls(file, read(file)));
  const written = pages().flatMap(({ name, lines }) => calls(name, commandsOf(lines).join("\n")));
  for (const { file, target, script, npm } of [...named, ...written]) {
    if (target) assert.ok(targets.has(target), `${file}: make ${target}`);
    if (script) assert.ok(existsSync(join(ROOT, script)), `${file}: ${script}`);
    if (npm) assert.ok(scriptsOf(npm.folder)[npm.name], `${file}: ${npm.folder}: ${npm.name}`);
  }
  const byNpm = named.filter(({ npm }) => npm);
  assert.ok(byNpm.some(({ npm }) => npm.name === "test-in-n8n"), "what make calls by npm");
  const found = new Set(written.map(({ target }) => target));
  assert.ok(["demo", "check", "test-sdk"].every((name) => found.has(name)), [...found].join());
  const byMatrix = named.filter(({ file, target }) => file.endsWith("ci.yml") && target);
  assert.ok(byMatrix.some(({ target }) => target === "test"), "the targets of CI's matrix");
});

function composeFiles() {
  const folder = "docs/examples/compose";
  const overlays = readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  return ["docker-compose.yml", ...overlays];
}

/** The texts of all files of the program. */
function sources() {
  const names = readdirSync(join(ROOT, "src"), { recursive: true });
  return names.filter((name) => name.endsWith(".rs")).map((name) => read(`src/${name}`));
}

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
  const targets = [...text.matchAll(/(?:^|run: |&& |; )[ ]*make ([a-z][a-z0-9-]*)/gm)];
  const [, matrix = ""] = /^ *target: \[(.+)\]$/m.exec(text) ?? [];
  const listed = [...matrix.split(/, */).filter(Boolean), ...looped(text)];
  const scripts = [...text.matchAll(/(?:^|[ `])(scripts\/[a-z0-9-]+)(?![\w./-])/gm)];
  const byNpm = [...text.matchAll(/npm --prefix ([\w/]+) (?:run )?(?!ci |install )([\w:-]+)/g)];
  return [
    ...[...targets.map(([, target]) => target), ...listed].map((target) => ({ file, target })),
    ...scripts.map(([, script]) => ({ file, script })),
    ...byNpm.map(([, folder, name]) => ({ file, npm: { folder, name } })),
  ];
}

function scriptsOf(folder) {
  return JSON.parse(read(`${folder}/package.json`)).scripts;
}

/** The targets of `for target in …; do`, as in .ci/run. */
function looped(text) {
  const [, list = ""] = /^for target in (.+); do$/m.exec(text) ?? [];
  return list.split(" ").filter(Boolean);
}
