// The words of the overview.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Übersicht",
  range: "Zeitraum",
  ranges: { 15: "15 Min.", 60: "1 Std.", 360: "6 Std.", 1440: "24 Std." },
  note: (minutes) =>
    "Aus den Messwerten des Gateways, seit seinem Start im Speicher: "
    + `ein Wert ${minutes <= 60 ? "alle 10 Sekunden" : "pro Minute"}.`,
  since: (span) => `Läuft seit ${span}.`,
  span: (seconds) => {
    if (seconds < 3_600) return count(Math.floor(seconds / 60), "Minute", "Minuten");
    if (seconds < 86_400) return count(Math.floor(seconds / 3_600), "Stunde", "Stunden");
    return count(Math.floor(seconds / 86_400), "Tag", "Tagen");
  },
  in: (words) => `in ${words}`,
  tile: {
    sessions: "Bereite Sitzungen",
    sessionsOf: (ready, all) => `${number.format(ready)} von ${number.format(all)}`,
    incoming: "Eingehende Nachrichten",
    outgoing: "Ausgehende Nachrichten",
    delivered: "Webhook-Zustellungen",
    waiting: "Nachrichten in der Warteschlange",
    failures: "Fehler",
  },
  chart: {
    messages: "Nachrichten",
    incoming: "Eingehend",
    outgoing: "Ausgehend",
    messagesSaid: (incoming, outgoing) =>
      `${number.format(incoming)} eingehend, ${number.format(outgoing)} ausgehend`,
    deliveries: "Webhook-Zustellungen",
    delivered: "Zugestellt",
    attempts: "Fehlversuche",
    deliveriesSaid: (delivered, failed) =>
      `${number.format(delivered)} zugestellt`
      + (failed ? `, ${count(failed, "Versuch", "Versuche")} fehlgeschlagen` : ""),
    waiting: "Nachrichten in der Warteschlange",
    waitingSession: "Sitzung nicht bereit",
    waitingTime: "Geplant",
    waitingTurn: "In der Warteschlange",
    waitingLookup: "Ergebnis wird geprüft",
    waitingSaid: (now, most) =>
      `${number.format(now)} jetzt, höchstens ${number.format(most)}`,
    errors: "Fehler",
    sends: "Gesendete Nachrichten",
    requests: "Anfragen (5xx)",
    errorsSaid: (sends, requests, all) =>
      `${number.format(sends)} beim Senden, `
      + `${number.format(requests)} von ${count(all, "Anfrage", "Anfragen")}`,
    memory: "Arbeitsspeicher",
    gateway: "Gateway",
    engines: "Engines",
    memorySaid: (own, engines) => `Gateway ${own}, Engines ${engines}`,
  },
  unwell: "Das Gateway braucht Ihre Aufmerksamkeit",
  checks: {
    database: "Die Datenbank funktioniert nicht.",
    disk: "Der Speicherplatz wird knapp.",
    eventLog: "Das Ereignisprotokoll ist größer, als es sein sollte.",
    sessions: "Eine Sitzung ist fehlgeschlagen oder wird wiederhergestellt.",
    memory: "Der Arbeitsspeicher des Rechners ist knapp.",
  },
} satisfies Words["common"]["overview"];
