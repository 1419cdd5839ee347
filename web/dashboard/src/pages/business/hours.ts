// Opening hours as fields of a form, and as the settings have them.
import type { Settings } from "../../lib/api/settings";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

/** A field for a time knows no 24:00: the end of a day is 00:00 there. */
const END = "24:00";
const MIDNIGHT = "00:00";
/** Pairs of one day that the settings take. */
export const MOST = 6;

export interface Part {
  from: string;
  to: string;
}
export type Week = Record<Day, Part[]>;

const eachDay = <T>(of: (day: Day) => T): Record<Day, T> =>
  Object.fromEntries(DAYS.map((day) => [day, of(day)])) as Record<Day, T>;

export const weekOf = (hours: Settings["businessHours"]): Week =>
  eachDay((day) => (hours?.[day] ?? []).map(([from = "", to = ""]) =>
    ({ from, to: to === END ? MIDNIGHT : to })));

/** The week as the settings have it; what is wrong with a pair is for them to say. */
export const hoursOf = (week: Week): Record<Day, [string, string][]> =>
  eachDay((day) => week[day].map(({ from, to }) => [from, to === MIDNIGHT ? END : to]));

/** The pair that a day gets next: the usual hours first, then what follows the last pair. */
export function nextPart(parts: readonly Part[]): Part {
  const last = parts.at(-1);
  return last ? { from: last.to, to: "" } : { from: "09:00", to: "18:00" };
}
