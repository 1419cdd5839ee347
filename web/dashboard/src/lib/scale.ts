// The marks of an axis that begins at nought, and days of a calendar. Pure.

/** The lowest of 1, 2, 5, 10, 20 … that no value exceeds: the end of the axis. */
export function endOfAxis(values: readonly number[]): number {
  const most = Math.max(1, ...values);
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 5].find((step) => most <= step * power) ?? 10);
}

/** The day of a moment where the reader is, as `2026-03-24`. */
export function dayOf(moment: number): string {
  const date = new Date(moment);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The day that many days before another. */
export function daysBefore(day: string, days: number): string {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() - days);
  return noon.toISOString().slice(0, 10);
}
