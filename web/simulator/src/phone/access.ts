// Dialog for the API key, when the gateway requires one.
import { key } from "./control";
import { element } from "./dom";
import { setProblem } from "./notice";

const dialog = element("key-dialog", HTMLDialogElement);
const form = element("key-form", HTMLFormElement);
const field = element("key", HTMLInputElement);
const reason = element("key-reason", HTMLElement);
let refused = false;

/** Whether requests are useless until there is another key. */
export function isRefused(): boolean {
  return refused;
}

export function askForKey(why: string): void {
  refused = true;
  setProblem("The gateway wants an API key.");
  show(why);
}

function show(why: string): void {
  reason.textContent = why;
  field.value = "";
  if (!dialog.open) dialog.showModal();
  field.focus();
}

/** Calls back when there is another key. */
export function onNewKey(act: () => void): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    key.set(field.value.trim());
    refused = false;
    setProblem("");
    dialog.close();
    act();
  });
  element("change-key", HTMLButtonElement).addEventListener("click", () => {
    show("It is stored until this tab is closed.");
  });
  element("cancel-key", HTMLButtonElement).addEventListener("click", () => {
    dialog.close();
  });
}
