// That every word that the dashboard says is one of src/strings: none stands in a component.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "svelte/compiler";

/** Attributes and properties that people read. */
const READ = ["label", "title", "placeholder", "alt", "text", "hint", "aria-label"];
/** Names that are the same in all languages, and shapes of a value. */
const NAMES = new Set(["wagate", "https://"]);
const IS_CODE = new Set(["code", "pre", "style", "script", "kbd"]);
const hasWord = (text) => /\p{L}{2}/u.test(text) && !NAMES.has(text.trim());

function* hardWords(node, inCode = false) {
  if (Array.isArray(node)) {
    for (const each of node) yield* hardWords(each, inCode);
    return;
  }
  if (!node || typeof node !== "object") return;
  if (node.type === "StyleDirective") return;
  if (node.type === "Text" && !inCode && hasWord(node.data)) yield node.data.trim();
  const isElement = node.type === "RegularElement";
  if (node.type === "Attribute") {
    const parts = Array.isArray(node.value) ? node.value : [];
    const text = parts.filter(({ type }) => type === "Text").map(({ data }) => data).join("");
    if (READ.includes(node.name) && hasWord(text)) yield `${node.name}="${text}"`;
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    if (["loc", "metadata", "css", "instance", "module", "expression"].includes(key)) continue;
    yield* hardWords(value, inCode || (isElement && IS_CODE.has(node.name)));
  }
}

const files = (ending) =>
  readdirSync("src", { recursive: true }).filter((name) => name.endsWith(ending)).sort();

test("no component has a word of its own", () => {
  const faults = files(".svelte").flatMap((name) => {
    const { fragment } = parse(readFileSync(join("src", name), "utf8"), { modern: true });
    return [...hardWords(fragment)].map((text) => `${name}: ${text}`);
  });
  assert.deepEqual(faults, []);
});

test("the check finds words in a component", () => {
  const source = "<p>Hello there</p><Button label=\"Send it\" icon=\"send\">{text}</Button>"
    + "{#if open}<span title=\"More of it\">{other}</span>{/if}<code>curl it</code>";
  const { fragment } = parse(source, { modern: true });
  assert.deepEqual([...hardWords(fragment)],
    ["Hello there", "label=\"Send it\"", "title=\"More of it\""]);
});

test("every English text can be translated", () => {
  const faults = ["strings.ts", ...files(".ts").filter((name) => /^strings\/[^/]+\.ts$/.test(name))]
    .flatMap((name) => {
      const source = readFileSync(join("src", name), "utf8");
      const plain = [...source.matchAll(/^export const (\w+) = \{$/gm)].map(([, word]) => word);
      return plain.filter((word) => word !== "LANGUAGES")
        .map((word) => `${name}: ${word} needs translated(...), and files in the languages`);
    });
  assert.deepEqual(faults, []);
});

test("styles name no side, so that a page can be mirrored", () => {
  const sides = /((margin|padding|border)-|(text-align|float): )(left|right)/;
  const faults = [...files(".svelte"), ...files(".css")].flatMap((name) =>
    readFileSync(join("src", name), "utf8").split("\n").flatMap((line, at) =>
      // A rule for one direction knows its sides.
      (sides.test(line) && !line.startsWith(":root[dir=")
        ? [`${name}:${at + 1}: ${line.trim()}`]
        : [])));
  assert.deepEqual(faults, []);
});

test("a colour scheme changes colours alone, so that a page is as large in each", () => {
  // light-dark() takes nothing but colours.
  const isOfScheme = (text) => /prefers-color-scheme|\[data-theme/.test(text);
  const elsewhere = ["components/chart.ts", "styles/tokens.css"];
  const faults = [...files(".svelte"), ...files(".css"), ...files(".ts")]
    .filter((name) => !elsewhere.includes(name))
    .filter((name) => isOfScheme(readFileSync(join("src", name), "utf8")));
  assert.deepEqual(faults, []);
  const tokens = readFileSync("src/styles/tokens.css", "utf8").split("\n");
  const rules = tokens.filter(isOfScheme);
  const isScheme = (line) => /^:root\[data-theme="\w+"\] \{ color-scheme: \w+; \}$/.test(line);
  assert.deepEqual(rules.filter((line) => !isScheme(line)), []);
});
