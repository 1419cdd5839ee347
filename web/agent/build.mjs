// Bundles the agent, and lays wa-js beside it, for the gateway to embed.
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";

const isTest = process.argv.includes("--test");
await mkdir("dist", { recursive: true });
if (isTest) {
  await build({
    entryPoints: ["test/all.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: "dist/test.mjs",
  });
} else {
  await build({
    entryPoints: ["src/main.ts"],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    outfile: "dist/agent.js",
  });
  const library = createRequire(import.meta.url).resolve("@wppconnect/wa-js");
  await copyFile(library, "dist/wa-js.js");
}
