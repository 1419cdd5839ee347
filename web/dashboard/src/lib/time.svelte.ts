// Times as people say them, by the gateway's clock: the page's own may be wrong.
import { createSubscriber } from "svelte/reactivity";
import { locale } from "../strings";

const SECOND = 1000;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400 * SECOND],
  ["hour", 3_600 * SECOND],
  ["minute", 60 * SECOND],
];

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });

/** Milliseconds that the gateway's clock is ahead of the page's. */
let ahead = 0;

const eachSecond = createSubscriber((update) => {
  const timer = setInterval(update, SECOND);
  return () => clearInterval(timer);
});

/** Learns from an answer what time it is at the gateway. */
export function learnTime(date: string | null): void {
  const served = Date.parse(date ?? "");
  // The header counts whole seconds: less than that is no difference.
  const found = served - Date.now();
  if (Number.isFinite(found)) ahead = Math.abs(found) < 2 * SECOND ? 0 : found;
}

/** Milliseconds since 1970 at the gateway. Its readers are rendered every second. */
export function presentTime(): number {
  eachSecond();
  return Date.now() + ahead;
}

/** "3 minutes ago", "in 2 hours"; "now" within a minute. */
export function relativeTime(at: number, from: number): string {
  const span = at - from;
  const step = STEPS.find(([, size]) => size <= Math.abs(span));
  return step ? relative.format(Math.trunc(span / step[1]), step[0]) : relative.format(0, "second");
}

export function exactTime(at: number): string {
  return exact.format(at);
}

export function clockTime(at: number): string {
  return clock.format(at);
}
