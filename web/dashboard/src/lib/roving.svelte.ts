// Roving focus of a list: Tab reaches one row; the arrow keys, Home and End go to the others.
import { tick } from "svelte";

interface List {
  /** The `data-id` of each row, in order. */
  ids: () => string[];
  chosen: () => string | null;
  /** Where the rows are, while they are in the page. */
  element: () => HTMLElement | undefined;
  /** Scrolls to a row where the page does not hold all of them. Gives whether it did. */
  bring?: (index: number) => boolean;
  /** The arrow up on the first row. */
  leave: () => void;
}

export interface RovingFocus {
  /** The row that Tab reaches: where the focus was last, else the chosen one, else the first. */
  readonly place: number;
  focusAt: (index: number) => Promise<void>;
  /** For `keydown` on the list. */
  move: (event: KeyboardEvent) => void;
}

export function rovingFocus({ ids, chosen, element, bring, leave }: List): RovingFocus {
  let reached = $state<string | null>(null);
  const place = $derived.by(() => {
    const all = ids();
    const found = [reached, chosen()].map((id) => (id === null ? -1 : all.indexOf(id)));
    return found.find((index) => index !== -1) ?? 0;
  });

  async function focusAt(index: number): Promise<void> {
    const id = ids()[index];
    if (id === undefined) return;
    reached = id;
    const isBrought = bring?.(index) ?? false;
    await tick();
    // The row is drawn with the next frame.
    if (isBrought) await new Promise(requestAnimationFrame);
    const row = [...(element()?.querySelectorAll<HTMLElement>("[data-id]") ?? [])]
      .find((each) => each.dataset["id"] === id);
    row?.focus({ preventScroll: isBrought });
  }

  function move(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target.closest("[data-id]") : null;
    const all = ids();
    const at = all.indexOf(target?.getAttribute("data-id") ?? "");
    if (at === -1) return;
    const last = all.length - 1;
    const places: Record<string, number> = {
      ArrowDown: Math.min(at + 1, last), ArrowUp: at - 1, Home: 0, End: last,
    };
    const to = places[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) leave();
    else void focusAt(to);
  }

  return { get place() { return place; }, focusAt, move };
}
