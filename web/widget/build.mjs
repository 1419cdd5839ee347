// Builds the widget for the gateway to embed: `widget.js`, which pages of other sites bring in, and
// `frame.html`, the page in its frame, which holds its script and its style. `policy.txt` names
// both by their hashes. All are written compressed beside themselves.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const common = { bundle: true, minify: true, write: false, target: "es2020", charset: "utf8" };

async function bundle(entry, options = {}) {
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [entry] });
  return outputFiles[0].text.trim();
}

async function write(name, text) {
  const bytes = Buffer.from(text);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`dist/${name}`, bytes);
  await writeFile(`dist/${name}.br`, brotliCompressSync(bytes, { params }));
  await writeFile(`dist/${name}.gz`, gzipSync(bytes, { level: 9 }));
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

await mkdir("dist", { recursive: true });
await write("widget.js", await bundle("src/loader.ts", { format: "iife" }));
const script = await bundle("src/frame/main.ts", { format: "iife" });
const style = await bundle("src/frame/frame.css");
if (/<\/(script|style)/i.test(script + style)) throw new Error("a bundle ends its own element");
const page = await readFile("src/frame/frame.html", "utf8");
// Functions, since a bundle may hold what `replace` reads as a pattern.
const whole = page.replace("/*style*/", () => style).replace("/*script*/", () => script);
await write("frame.html", whole);
await writeFile("dist/policy.txt", `script-src ${hash(script)}; style-src ${hash(style)}\n`);
