// Focus and keys of a dialog above the page: into it when it opens, back when it closes.

/** What had the focus when each dialog opened. */
const openers = new WeakMap<HTMLDialogElement, Element>();

/**
 * Opens a dialog with the focus on its first field, else on its heading, else on the dialog itself:
 * never on a button, which the next key would press. What is returned closes it and gives the focus
 * back to what opened it.
 */
export function modal(dialog: HTMLDialogElement): () => void {
  const opener = document.activeElement;
  if (opener) openers.set(dialog, opener);
  dialog.showModal();
  dialog.tabIndex = -1;
  beginning(dialog).focus();
  return () => {
    dialog.close();
    giveBack(opener);
  };
}

/**
 * Enter submits the form of a dialog wherever the browser itself does not: from its heading and
 * from a choice. In a text of several lines it takes Ctrl or Cmd.
 */
export function submitOnEnter(event: KeyboardEvent, form: HTMLFormElement | null): void {
  const { target } = event;
  if (event.key !== "Enter" || event.isComposing || !(target instanceof HTMLElement)) return;
  const isText = target instanceof HTMLTextAreaElement;
  // The key that opened the dialog is still held down.
  if (event.repeat && !isText) event.preventDefault();
  if (event.repeat || event.defaultPrevented || !form) return;
  if (target.closest("button, a, summary, input")) return;
  if (isText && !event.ctrlKey && !event.metaKey) return;
  if (target instanceof HTMLSelectElement && isUnfolded(target)) return;
  event.preventDefault();
  form.requestSubmit();
}

function beginning(dialog: HTMLDialogElement): HTMLElement {
  const fields = dialog.querySelectorAll<HTMLElement>(
    "input:not(:disabled), select:not(:disabled), textarea:not(:disabled)",
  );
  return [...fields].find((field) => field.checkVisibility())
    ?? dialog.querySelector<HTMLElement>("h2[tabindex]")
    ?? dialog;
}

/** One dialog may have opened another and be gone: then to what opened that one. */
function giveBack(element: Element | null | undefined): void {
  const hasFocus = document.activeElement !== null && document.activeElement !== document.body;
  if (!element || hasFocus) return;
  if (element.isConnected) {
    if (element instanceof HTMLElement) element.focus();
    return;
  }
  const outer = element.closest("dialog");
  if (outer) giveBack(openers.get(outer));
}

/** Whether the list of a choice is open: Enter takes an entry of it then. */
function isUnfolded(choice: HTMLSelectElement): boolean {
  try {
    return choice.matches(":open");
  } catch {
    // An older browser, which keeps the keys of an open list from the page.
    return false;
  }
}
