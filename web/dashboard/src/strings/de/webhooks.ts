// The words of the webhooks.
import { allOf, count, listed, number, percent } from "../language";
import type { Words } from "../pack";

export default {
  lead:
    "Das Gateway sendet Ereignisse an Ihre Adressen, signiert und in der Reihenfolge jedes Chats.",
  create: "Neuer Webhook",
  empty: "Noch keine Webhooks",
  emptyText:
    "Ein Webhook sendet jedes Ereignis an eine Adresse von Ihnen. Ist Ihr Server nicht erreichbar, "
    + "wird es tagelang erneut versucht, und nichts geht verloren.",
  list: "Webhooks",
  url: "Adresse",
  urlHint: "Jedes Ereignis wird hierher gesendet, zum Beispiel https://example.org/hook",
  scope: "Ereignisse von",
  allSessions: "Alle Sitzungen",
  session: (id) => `Sitzung ${id}`,
  state: "Status",
  lastAnswer: "Letzte Antwort",
  noAnswer: "keine Antwort",
  never: "nie",
  events: "Ereignisse",
  everyEvent: "Jedes Ereignis",
  chosenEvents: "Nur diese",
  someEvents: (names) =>
    names.length < 3
      ? listed(names)
      : allOf([...names.slice(0, 2), `${number.format(names.length - 2)} weitere`]),
  headers: "Header",
  headersHint: "Kommen zu jeder Anfrage hinzu, etwa ein Token, das Ihr Server verlangt.",
  headerName: "Name",
  headerValue: "Wert",
  headerKept: "unverändert",
  addHeader: "Header hinzufügen",
  removeHeader: (name) => (name ? `Header ${name} entfernen` : "Diesen Header entfernen"),
  retries: "Versuche",
  retriesFull: "Elf, über drei Tage",
  retriesShort: "Vier, über einige Minuten",
  secret: "Signaturschlüssel",
  secretHint: "Leer lassen, um einen zu erzeugen.",
  createAction: "Erstellen",
  save: "Speichern",
  saved: "Gespeichert",
  created: "Webhook erstellt",
  known:
    "Einen Webhook für diese Adresse gab es schon. Er wurde aktualisiert und behält seinen "
    + "Schlüssel.",
  secretTitle: "Der Signaturschlüssel",
  secretLead:
    "Wird nur einmal angezeigt. Speichern Sie ihn dort, wo Ihr Server ihn liest: Damit erkennt der "
    + "Server, welche Anfragen vom Gateway kommen.",
  secretDone: "Ich habe ihn gespeichert",
  on: "Aktiv",
  off: "Deaktiviert",
  failing: "Schlägt fehl",
  resting: "Vom Empfänger angehalten",
  offByHand: "Von Hand deaktiviert. Neue Ereignisse warten in der Warteschlange.",
  offBecause: (reason) => `Vom Gateway deaktiviert: ${reason}.`,
  offAdvice:
    "Reparieren Sie den Empfänger, und aktivieren Sie dann den Webhook: Wartende Ereignisse werden "
    + "sofort zugestellt.",
  failingSince: "Zustellungen schlagen fehl seit",
  failingAdvice:
    "Jeder Versuch ist unten aufgeführt. Fehlgeschlagene Zustellungen werden automatisch "
    + "wiederholt.",
  restingUntil: "Der Empfänger hat um eine Pause gebeten (Retry-After). Nächster Versuch:",
  oldSecret: "Der vorherige Schlüssel signiert ebenfalls bis",
  test: "Test senden",
  testTitle: "Ergebnis des Tests",
  testGood: "Der Empfänger hat ihn angenommen.",
  testBad: "Der Empfänger hat ihn nicht angenommen.",
  testAdvice:
    "Ein Test wird einmal gesendet. Er erscheint nicht unter den Zustellungen und wird nicht "
    + "gezählt.",
  enable: "Aktivieren",
  disable: "Deaktivieren",
  enabled: "Aktiviert",
  disabled: "Deaktiviert",
  rotate: "Schlüssel erneuern",
  rotateTitle: "Signaturschlüssel erneuern",
  rotateLead:
    "Eine Weile signieren beide Schlüssel, damit Ihre Server ohne Lücke wechseln können.",
  overlap: "Der vorherige Schlüssel bleibt gültig für",
  overlaps: [
    { value: "3600", label: "Eine Stunde" },
    { value: "86400", label: "Einen Tag" },
    { value: "604800", label: "Eine Woche" },
    { value: "0", label: "Gar nicht (er ist durchgesickert)" },
  ],
  rotateAction: "Erneuern",
  remove: "Löschen",
  removeTitle: "Diesen Webhook löschen?",
  removeLead: (waiting) =>
    waiting === 0
      ? "An seine Adresse gehen keine Ereignisse mehr. Seine Zustellungen und sein Schlüssel "
        + "werden endgültig gelöscht."
      : `${count(waiting, "wartendes Ereignis wird", "wartende Ereignisse werden")} nie `
        + "zugestellt. Seine Zustellungen und sein Schlüssel werden endgültig gelöscht.",
  removed: "Der Webhook ist gelöscht",
  gone: "Webhook nicht gefunden",
  goneText: "Er wurde vielleicht gelöscht.",
  toList: "Alle Webhooks",
  about: "Über diesen Webhook",
  stats: {
    accepted: "Ereignisse",
    waiting: "In der Warteschlange",
    delivered: "Zugestellt",
    failed: "Unzustellbar",
    missed: "Verpasst",
    missedHint: "Ihre Aufbewahrung endete vor der Zustellung",
    success: "Erfolg",
  },
  percent: (share) => percent.format(share),
  tabs: { deliveries: "Zustellungen", settings: "Einstellungen", verify: "Signaturen prüfen" },
  filter: "Anzeigen",
  all: "Alle",
  statuses: { waiting: "In der Warteschlange", delivered: "Zugestellt", dead: "Unzustellbar" },
  noDeliveries: "Noch keine Zustellungen",
  noDeliveriesText: "Das nächste abonnierte Ereignis erscheint hier. Ein Test nicht.",
  noneOfThese: "Keine passenden Zustellungen",
  older: "Ältere laden",
  deliveries: "Zustellungen, neueste zuerst",
  attempts: (value) => count(value, "Versuch", "Versuche"),
  notKept: (value) => `${count(value, "weiterer Versuch", "weitere Versuche")}, nicht gespeichert`,
  attempt: (value) => `Versuch ${number.format(value)}`,
  took: (milliseconds) => `${number.format(milliseconds)} ms`,
  answer: "Die Antwort des Empfängers",
  noBody: "Die Antwort war leer.",
  nextTry: "Nächster Versuch",
  dueNow: "Nächster Versuch jetzt",
  redeliver: "Wiederholen",
  redelivered: "Wieder eingereiht",
  recover: "Fehlgeschlagene wiederholen",
  recoverTitle: "Unzustellbare wiederholen",
  recoverLead:
    "Reiht alle seither unzustellbaren Ereignisse in ihrer ursprünglichen Reihenfolge wieder ein.",
  recoverSince: "Seit",
  recoverSpans: [
    { value: "3600", label: "Letzte Stunde" },
    { value: "86400", label: "Letzter Tag" },
    { value: "604800", label: "Letzte Woche" },
    { value: "2592000", label: "Letzte 30 Tage" },
    { value: "at", label: "Selbst gewählter Zeitpunkt" },
  ],
  recoverAt: "Zeit",
  recoverAtFault: "Geben Sie ein Datum und eine Uhrzeit ein.",
  recovered: (value) =>
    value === 0
      ? "Seither nichts Unzustellbares"
      : `${count(value, "Ereignis", "Ereignisse")} wieder eingereiht`,
  eventNumber: (seq) => `Ereignis ${number.format(seq)}`,
  verifyLead:
    "Jeder kann an Ihre Adresse senden. Eine gültige Signatur nach Standard Webhooks zeigt, dass "
    + "eine Anfrage vom Gateway kommt. Diese Programme antworten auf solche Anfragen mit 204 und "
    + "auf alle anderen mit 401.",
  verifySecret: "Jedes Programm liest den Signaturschlüssel aus der Variablen SECRET.",
  needs: "Benötigt",
  language: "Sprache",
} satisfies Words["webhooks"];
