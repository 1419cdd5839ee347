// Keys of a menu: arrows, Home and End go through its entries, Escape and Tab close it.

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/**
 * Takes a key that was pressed in an open menu. `close` takes the menu away and gives the focus
 * back to what opened it; with Tab the focus goes on from there.
 */
export function menuKey(event: KeyboardEvent, menu: HTMLElement, close: () => void): void {
  if (event.key === "Tab") {
    close();
    return;
  }
  if (event.key === "Escape") {
    // Nothing around the menu is to be closed or left with the same key.
    event.preventDefault();
    event.stopPropagation();
    close();
    return;
  }
  const all = entriesOf(menu);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const places: Record<string, number> = { Home: 0, End: all.length - 1 };
  const step = STEPS[event.key];
  const from = at === -1 && step === -1 ? 0 : at;
  const to = step === undefined ? places[event.key] : (from + step + all.length) % all.length;
  if (to === undefined) return;
  event.preventDefault();
  all[to]?.focus();
}

export function focusFirstEntry(menu: HTMLElement): void {
  entriesOf(menu)[0]?.focus({ preventScroll: true });
}

/** Whether the focus goes from a menu to something else on the page. */
export function isLeft(event: FocusEvent, menu: HTMLElement): boolean {
  return event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget);
}

function entriesOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)")];
}
