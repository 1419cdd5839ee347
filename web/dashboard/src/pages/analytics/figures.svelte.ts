// Figures of a period, read again whenever it changes.
import type { Period } from "../../lib/api/analytics";
import { Loaded } from "../../lib/load.svelte";

/** To be made while a component is: it reads as long as that is there. */
export function figuresOf<T>(period: () => Period, read: (period: Period) => Promise<T>) {
  const figures = new Loaded(() => read(period()));
  $effect(() => {
    const { from, to } = period();
    // A day that is being typed is no day yet.
    if (from && to) void figures.load();
  });
  return figures;
}
