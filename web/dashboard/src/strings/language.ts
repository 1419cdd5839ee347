// Which language it is, and how it counts.

export const language = "en";

/** How the reader's region writes times and numbers, as far as it speaks this language. */
const spoken = (globalThis.navigator as Navigator | undefined)?.languages ?? [];
export const locale = spoken.find((one) => one.startsWith(`${language}-`)) ?? "en-GB";

/** A day of the calendar, such as 2026-05-01, in a few letters. */
const dayAndMonth = new Intl.DateTimeFormat(locale, {
  day: "numeric", month: "short", timeZone: "UTC",
});
export const shortDay = (day: string): string => dayAndMonth.format(Date.parse(day));

const plural = new Intl.PluralRules(language);
export const number = new Intl.NumberFormat(locale);
export const percent = new Intl.NumberFormat(locale, {
  style: "percent",
  maximumFractionDigits: 1,
});

export const count = (value: number, one: string, other: string): string =>
  `${number.format(value)} ${plural.select(value) === "one" ? one : other}`;
