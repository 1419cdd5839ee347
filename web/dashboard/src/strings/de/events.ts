// The words of the event log.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Alles, was in den Sitzungen geschieht, live und aus dem Protokoll.",
  list: "Ereignisse, neueste zuerst",
  filters: "Filter",
  session: "Sitzung",
  allSessions: "Alle Sitzungen",
  name: "Ereignis",
  allNames: "Alle Ereignisse",
  chat: "Chat",
  chatHint: "Ein Teil seiner ID",
  text: "Text",
  textHint: "Beliebiges im Ereignis",
  clear: "Filter leeren",
  shown: (value) => `${count(value, "Ereignis", "Ereignisse")} angezeigt`,
  pause: "Anhalten",
  resume: "Fortsetzen",
  paused: (value) =>
    value === 0
      ? "Angehalten. Keine neuen Ereignisse."
      : `Angehalten. ${count(value, "neues Ereignis", "neue Ereignisse")}.`,
  past: "Sie sehen einen früheren Teil des Protokolls.",
  toPresent: "Zurück zu live",
  newer: "Neuere laden",
  older: "Ältere laden",
  toNewest: "Zum neuesten",
  jump: "Nummer",
  jumpAction: "Springen",
  jumpFault: "Geben Sie eine Zahl ab 1 ein.",
  notThere: (seq) =>
    `Nummer ${number.format(seq)} ist nicht im Protokoll, oder die Filter verbergen sie.`,
  start: "Hier beginnt das Protokoll.",
  reset: (seq) =>
    `Ereignisse vor Nummer ${number.format(seq)} wurden am Ende ihrer Aufbewahrung entfernt.`,
  nothing: "Keine passenden Ereignisse",
  nothingText: "Neue passende Ereignisse erscheinen hier. Laden Sie ältere, um weiter zu suchen.",
  empty: "Noch keine Ereignisse",
  emptyText:
    "Verknüpfen Sie eine Sitzung: Ihr QR-Code, ihr Status und jede Nachricht erscheinen hier live.",
  newEvents: (value) => count(value, "neues Ereignis", "neue Ereignisse"),
  detail: (seq) => `Ereignis ${number.format(seq)}`,
  choose: "Wählen Sie ein Ereignis, um seine Details zu sehen.",
  copyJson: "Als JSON kopieren",
  onlyChat: "Nur dieser Chat",
  onlyName: "Nur dieses Ereignis",
  terminal: "Im Terminal",
  terminalLead:
    "Diese Befehle folgen demselben Stream. Die Filter für Chat und Text wirken nur auf dieser "
    + "Seite.",
  terminalKey:
    "Setzen Sie zuerst WAGATE_KEY auf Ihren API-Schlüssel: Der Schlüssel selbst steht hier nie.",
  terminalSocket:
    "Ein WebSocket folgt einer Sitzung: Wählen Sie oben eine Sitzung, um ihren Befehl zu sehen.",
  fields: (value) => count(value, "Feld", "Felder"),
  items: (value) => count(value, "Element", "Elemente"),
} satisfies Words["events"];
