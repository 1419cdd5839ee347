// Which language the dashboard speaks, and how it counts and writes numbers.

/** The languages there are, each by its own name. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  pt: "Português (Brasil)",
  ar: "العربية",
  hi: "हिन्दी",
} as const;
export type Language = keyof typeof LANGUAGES;

/** The regions whose forms are used where the reader's browser names none. */
const REGIONS: Record<Language, string> = {
  en: "en-GB", de: "de-DE", es: "es-419", pt: "pt-BR", ar: "ar", hi: "hi-IN",
};
/** What `lang` says of the words themselves. */
const TAGS: Record<Language, string> = {
  en: "en", de: "de", es: "es", pt: "pt-BR", ar: "ar", hi: "hi",
};
/** The languages that are written from right to left. */
const MIRRORED: readonly Language[] = ["ar"];
const PLACE = "wagate.language";

/** What a browser says that is no tag of a language would be refused by Intl. */
const spoken = ((globalThis.navigator as Navigator | undefined)?.languages ?? [])
  .filter((one) => /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(one));
const isLanguage = (word: string | null | undefined): word is Language =>
  word !== null && word !== undefined && Object.hasOwn(LANGUAGES, word);

/** The language that was chosen in this browser; null where the browser's own languages decide. */
export const chosenLanguage = ((): Language | null => {
  const word = (globalThis.localStorage as Storage | undefined)?.getItem(PLACE);
  return isLanguage(word) ? word : null;
})();

/** All texts are made in one language: the page is opened again in another. */
export function chooseLanguage(chosen: Language | null): void {
  if (chosen) localStorage.setItem(PLACE, chosen);
  else localStorage.removeItem(PLACE);
  location.reload();
}

const base = (tag: string): string => tag.split("-")[0]?.toLowerCase() ?? "";
export const language: Language = chosenLanguage ?? spoken.map(base).find(isLanguage) ?? "en";
export const tag = TAGS[language];
export const isMirrored = MIRRORED.includes(language);

/** How the reader's region writes times and numbers, as far as it speaks this language. The days
 * are those of the gateway in every region: Gregorian. */
export const locale = new Intl.Locale(
  spoken.find((one) => one.startsWith(`${language}-`)) ?? REGIONS[language],
  { calendar: "gregory" },
).toString();

/** A day of the calendar, such as 2026-05-01, in a few letters. */
const dayAndMonth = new Intl.DateTimeFormat(locale, {
  day: "numeric", month: "short", timeZone: "UTC",
});
export const shortDay = (day: string): string => dayAndMonth.format(Date.parse(day));

export const number = new Intl.NumberFormat(locale);
export const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
export const percent = new Intl.NumberFormat(locale, {
  style: "percent",
  maximumFractionDigits: 1,
});

/** Bytes in the unit in which people read them. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), units.length - 1);
  const scaled = value / 1024 ** power;
  const digits = scaled < 10 && power > 0 ? 1 : 0;
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const words = `${scaled.toLocaleString(locale, form)} ${units[power] ?? ""}`;
  // The unit is written from left to right: so the number must stay before it.
  return isMirrored ? `\u2066${words}\u2069` : words;
}

const all = new Intl.ListFormat(locale, { type: "conjunction" });
const plain = new Intl.ListFormat(locale, { type: "unit", style: "short" });
/** "a, b and c". */
export const allOf = (words: readonly string[]): string => all.format(words);
/** "a, b, c". */
export const listed = (words: readonly string[]): string => plain.format(words);

/** Texts by codes of the gateway, which may send one that is not known here. */
export const byCode = (texts: Record<string, string>): Record<string, string> => texts;

/** The forms of a word for a number. # stands for the number; forms without it need no digits. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const plural = new Intl.PluralRules(language);

/** A number with its word, in a language with many forms. */
export const inForm = (value: number, forms: Forms): string =>
  (forms[plural.select(value)] ?? forms.other).replace("#", number.format(value));

/** A number with its word, in a language with two forms. */
export const count = (value: number, one: string, other: string): string =>
  `${number.format(value)} ${plural.select(value) === "one" ? one : other}`;
