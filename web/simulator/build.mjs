// Bundles the simulated page and the phone page into dist/.
import { cpSync, mkdirSync } from "node:fs";
import { build } from "esbuild";

mkdirSync("dist", { recursive: true });
await build({
  entryPoints: { page: "src/page/main.ts", phone: "src/phone/main.ts" },
  bundle: true,
  format: "iife",
  target: "chrome120",
  outdir: "dist",
  legalComments: "none",
});
cpSync("public", "dist", { recursive: true });
