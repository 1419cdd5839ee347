// What is said of a list of samples.

export const sum = (values: number[]): number => values.reduce((all, one) => all + one, 0);
export const newest = (values: number[]): number => values.at(-1) ?? 0;

/** The highest sum of what several lists have at the same place. */
export function peak(...lists: number[][]): number {
  const [first = []] = lists;
  const together = first.map((_, place) => sum(lists.map((list) => list[place] ?? 0)));
  return together.reduce((most, one) => Math.max(most, one), 0);
}
