// The texts of every language, as the dashboard's own files have them.
import { build } from "esbuild";

const ENTRY = `
  export { ENGLISH } from "./strings/all";
  export { LANGUAGES } from "./strings/language";
  export { PACKS } from "./strings/translated";
`;

async function load() {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: "src", loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    // English whatever the machine speaks.
    define: { "globalThis.navigator": "undefined" },
  });
  const text = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${text}`);
}

/** A text without what varies in it. */
export const pattern = (text) =>
  text.replace(/[\p{Nd}.,٬٫]*\p{Nd}/gu, "#").replace(/\s+/g, " ").trim();

/** The patterns of all texts below a value. Those that depend on numbers are made with some. */
function patternsOf(value) {
  if (typeof value === "string") return [pattern(value)];
  if (typeof value === "function") {
    return [1, 2].flatMap((number) => {
      try {
        return patternsOf(value(number, number, number));
      } catch {
        return [];
      }
    });
  }
  return value && typeof value === "object" ? Object.values(value).flatMap(patternsOf) : [];
}

const { ENGLISH, LANGUAGES, PACKS } = await load();

export const languages = Object.keys(LANGUAGES);

/** What would be English in a language: texts that it does not have itself. */
export async function foreignTo(language) {
  const packs = await Promise.all(Object.values(PACKS[language]).map((part) => part()));
  const own = new Set(packs.flatMap(({ default: texts }) => patternsOf(texts)));
  const names = Object.values(LANGUAGES);
  const isWord = (text) => /[a-z]{3}/i.test(text) && !own.has(text) && !names.includes(text);
  return new Set(patternsOf(ENGLISH).filter(isWord));
}

/** A text of a language, by its part and place. */
export async function textOf(language, part, place) {
  const texts = language === "en" ? ENGLISH[part] : (await PACKS[language][part]()).default;
  return place.split(".").reduce((found, key) => found[key], texts);
}
