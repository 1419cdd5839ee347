// Whether something was typed into a form of this page and not saved.

let isTyped = false;

// Messages that are begun are no forms: they are stored as they are typed.
addEventListener("input", ({ target }) => {
  if (target instanceof Element && target.closest("main form")) isTyped = true;
}, true);
addEventListener("hashchange", saved);

export const hasUnsaved = (): boolean => isTyped;

/** What was typed is saved, or left. */
export function saved(): void {
  isTyped = false;
}
