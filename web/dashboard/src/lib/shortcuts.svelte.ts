// Whether the list of keyboard shortcuts is shown, and the key that shows it.

let isShown = $state(false);

export const areShortcutsShown = (): boolean => isShown;

export function showShortcuts(wanted: boolean): void {
  isShown = wanted;
}

/** A question mark shows the list, unless it is typed into a field or a dialog is open. */
export function shortcutKey(event: KeyboardEvent): void {
  const { target } = event;
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const isText = target instanceof HTMLElement
    && (target.isContentEditable || target.matches("input, textarea, select"));
  if (isText) return;
  event.preventDefault();
  isShown = true;
}
