// Bundles the tests that stand beside the sources into one file, and runs it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const tests = readdirSync("src", { recursive: true }).filter((name) => name.endsWith(".test.ts"));
const folder = mkdtempSync(join(tmpdir(), "dashboard-tests-"));
const outfile = join(folder, "unit.mjs");
await build({
  stdin: {
    contents: tests.map((name) => `import ${JSON.stringify(`./${name}`)};`).join("\n"),
    resolveDir: "src",
  },
  bundle: true,
  platform: "node",
  format: "esm",
  outfile,
});
const { status } = spawnSync(process.execPath, ["--test", outfile], { stdio: "inherit" });
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
