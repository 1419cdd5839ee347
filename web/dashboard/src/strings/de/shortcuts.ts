// The words of the list of keyboard shortcuts.
import type { Words } from "../pack";

export default {
  keys: {
    control: "Strg", shift: "Umschalt", enter: "Eingabe", escape: "Esc", home: "Pos1", end: "Ende",
  },
  or: "oder",
  everywhere: "Überall",
  list: "In der Liste der Unterhaltungen",
  writing: "Beim Schreiben",
  forms: "In einem Dialog",
  help: "Die Tastenkürzel anzeigen",
  search: "Unterhaltungen suchen",
  close: "Einen Dialog oder ein Menü schließen",
  move: "Sich in der Liste bewegen",
  ends: "Zur ersten oder letzten gehen",
  open: "Die Unterhaltung öffnen",
  send: "Die Nachricht senden",
  line: "Eine neue Zeile beginnen",
  last: "Ihre letzte Nachricht bearbeiten, solange das Feld leer ist",
  reply: "Eine Schnellantwort einfügen, am Anfang der Nachricht",
  mention: "Ein Mitglied der Gruppe erwähnen",
  paste: "Ein Bild aus der Zwischenablage anhängen",
  leave: "Eine Antwort oder Bearbeitung abbrechen, danach zurück zur Liste",
  submit: "Einen mehrzeiligen Text absenden",
} satisfies Words["shortcuts"];
