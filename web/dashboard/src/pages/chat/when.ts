// Times and days as a chat shows them, in the time zone of the browser.
import { locale } from "../../strings";
import { words } from "../../strings/chat";

const DAY = 86_400_000;

const hour = new Intl.DateTimeFormat(locale, {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const long = new Intl.DateTimeFormat(locale, {
  weekday: "long", day: "numeric", month: "long", year: "numeric",
});
const numeric = new Intl.DateTimeFormat(locale, { dateStyle: "short" });

/** A number that all moments of one day share. */
export function dayOf(at: string): number {
  const moment = new Date(at);
  return Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate()) / DAY;
}

export function timeOf(at: string): string {
  return hour.format(new Date(at));
}

/** The name of a day, seen from a moment. */
export function dayName(at: string, now: number): string {
  const back = dayOf(new Date(now).toISOString()) - dayOf(at);
  if (back === 0) return words.today;
  if (back === 1) return words.yesterday;
  return 1 < back && back < 7 ? weekday.format(new Date(at)) : long.format(new Date(at));
}

/** The shortest form, for a list. */
export function shortTime(at: string, now: number): string {
  const back = dayOf(new Date(now).toISOString()) - dayOf(at);
  if (back === 0) return timeOf(at);
  if (back === 1) return words.yesterday;
  if (1 < back && back < 7) return weekday.format(new Date(at));
  const moment = new Date(at);
  const isThisYear = moment.getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? short : numeric).format(moment);
}

/** Minutes and seconds of a recording. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
