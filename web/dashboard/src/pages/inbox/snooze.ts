// When a conversation comes back that is snoozed, by the clock of this device.

/** Of what "later" is: hours from now. */
const LATER = 3;
/** The hour at which a day begins. */
const MORNING = 9;
const MONDAY = 1;
const DAYS = 7;

export type Time = "today" | "tomorrow" | "week";

/** The times that are offered, soonest first. Late in the evening nothing is later today. */
export function timesFrom(now: number): [Time, string][] {
  const today = new Date(now);
  const later = new Date(now);
  later.setHours(later.getHours() + LATER, later.getMinutes(), 0, 0);
  const toMonday = (MONDAY + DAYS - today.getDay()) % DAYS || DAYS;
  const times: [Time, Date][] = [
    ["tomorrow", morning(today, 1)],
    ["week", morning(today, toMonday)],
  ];
  if (later.getDate() === today.getDate()) times.unshift(["today", later]);
  return times.map(([name, at]) => [name, at.toISOString()]);
}

const morning = (from: Date, days: number): Date =>
  new Date(from.getFullYear(), from.getMonth(), from.getDate() + days, MORNING);
