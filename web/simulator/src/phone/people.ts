// Person of the phone: choose one, open an account, set the behaviour.
import * as control from "./control";
import { element, make, showList } from "./dom";
import { attempt, choosePerson, chosen, onView, wordsOf } from "./refresh";
import type { View } from "./refresh";
import type { Account, Behaviour } from "./types";

const people = element("person", HTMLSelectElement);
const behaviour = element("behaviour", HTMLSelectElement);
const known = element("known-people", HTMLDataListElement);
const dialog = element("person-dialog", HTMLDialogElement);
const form = element("person-form", HTMLFormElement);
const number = element("person-number", HTMLInputElement);
const name = element("person-name", HTMLInputElement);
const fault = element("person-fault", HTMLElement);
let shownBehaviour = "";

/** The digits of a number, however it is written. */
export function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}

/** Sets up the controls. `onChosen` is called when another person is chosen. */
export function startPeople(onChosen: () => void): void {
  onView(show);
  people.addEventListener("change", () => {
    choosePerson(people.value);
    onChosen();
  });
  behaviour.addEventListener("change", () => {
    const chosenBehaviour = behaviour.value as Behaviour;
    const label = behaviour.selectedOptions[0]?.label ?? "";
    void attempt(() => control.behave(chosen.person, chosenBehaviour), `Now: ${label}.`);
  });
  element("new-person", HTMLButtonElement).addEventListener("click", () => {
    form.reset();
    fault.textContent = "";
    dialog.showModal();
  });
  element("cancel-person", HTMLButtonElement).addEventListener("click", () => {
    dialog.close();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void openAccount(onChosen);
  });
}

async function openAccount(onChosen: () => void): Promise<void> {
  const phone = digitsOf(number.value);
  fault.textContent = "";
  try {
    await control.open(phone, name.value.trim());
  } catch (error) {
    // The status line is behind the dialog.
    fault.textContent = wordsOf(error);
    return;
  }
  dialog.close();
  choosePerson(phone);
  onChosen();
}

function show({ accounts }: View): void {
  showList(people, accounts, ({ phone }) => phone, drawPerson);
  showList(known, accounts.filter(({ phone }) => phone !== chosen.person), byPhone, drawKnown);
  if (people.value !== chosen.person) people.value = chosen.person;
  const now = accounts.find(({ phone }) => phone === chosen.person)?.behaviour ?? "manual";
  // A choice in progress is not overwritten.
  const shown = `${chosen.person} ${now}`;
  if (shown !== shownBehaviour) behaviour.value = now;
  shownBehaviour = shown;
}

function byPhone({ phone }: Account): string {
  return phone;
}

function drawPerson({ phone, name: called }: Account): HTMLElement {
  // Isolates around the name prevent it from reversing the number.
  const option = make("option", "", called ? `\u2068${called}\u2069 (${phone})` : phone);
  option.value = phone;
  return option;
}

function drawKnown({ phone, name: called }: Account): HTMLElement {
  const option = make("option", "", called);
  option.value = phone;
  return option;
}
