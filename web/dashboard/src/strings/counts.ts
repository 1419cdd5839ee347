// How numbers and counts of things are written.

export const language = "en";

/** How the reader's region writes times and numbers, as far as it speaks this language. */
const spoken = (globalThis.navigator as Navigator | undefined)?.languages ?? [];
export const locale = spoken.find((one) => one.startsWith(`${language}-`)) ?? "en-GB";

const plural = new Intl.PluralRules(language);
export const number = new Intl.NumberFormat(locale);
export const percent = new Intl.NumberFormat(locale, {
  style: "percent",
  maximumFractionDigits: 1,
});

export const count = (value: number, one: string, other: string): string =>
  `${number.format(value)} ${plural.select(value) === "one" ? one : other}`;
