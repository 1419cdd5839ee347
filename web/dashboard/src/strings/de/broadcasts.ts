// The words of the broadcasts.
import { count, number } from "../language";
import type { Words } from "../pack";

const span = (seconds: number): string => {
  if (seconds < 90) return count(Math.max(1, Math.round(seconds)), "Sekunde", "Sekunden");
  if (seconds < 5_400) return count(Math.round(seconds / 60), "Minute", "Minuten");
  return count(Math.round(seconds / 3_600), "Stunde", "Stunden");
};

export default {
  lead:
    "Eine Nachricht an viele Kontakte, die zugestimmt haben, in einem Tempo, das WhatsApp "
    + "akzeptiert.",
  create: "Neuer Broadcast",
  empty: "Noch keine Broadcasts",
  emptyText:
    "Wählen Sie eine Vorlage oder schreiben Sie einen Text, wählen Sie Tags, sehen Sie, wer ihn "
    + "erhält, und senden Sie.",
  list: "Broadcasts",
  toList: "Alle Broadcasts",
  gone: "Broadcast nicht gefunden",
  goneText: "Er wurde vielleicht gelöscht.",
  filter: "Status",
  all: "Alle",
  column: {
    name: "Name",
    status: "Status",
    progress: "Gesendet",
    read: "Gelesen",
    when: "Wann",
  },
  status: {
    DRAFT: "Entwurf",
    SCHEDULED: "Geplant",
    SENDING: "Wird gesendet",
    COMPLETED: "Abgeschlossen",
    CANCELLED: "Abgebrochen",
    FAILED: "Fehlgeschlagen",
  },
  of: (part, whole) => `${number.format(part)} von ${number.format(whole)}`,
  waiting: {
    turn: "Wartet, bis der vorherige Broadcast beendet ist.",
    pause: "Pause zwischen zwei Nachrichten.",
    outbox: "Wartet, bis die vorherige Nachricht gesendet ist.",
    session: "Wartet, bis seine Sitzung verbunden ist. Nach 30 Minuten schlägt er fehl.",
    quiet_hours: "Wartet auf das Ende der Ruhezeit.",
    daily_limit: "Wartet auf morgen: Das Limit für heute ist erreicht.",
  },
  over: "Dieser Broadcast kann nicht mehr geändert werden",
  overText: "Er hat begonnen, oder er wurde abgebrochen.",
  compose: {
    title: "Neuer Broadcast",
    editTitle: (name) => `${name} ändern`,
    byHand: "Von Hand, als Entwurf",
    lead: "Nichts wird gesendet, bevor Sie bestätigen.",
    message: "Nachricht",
    audience: "Zielgruppe",
    sending: "Versand",
    name: "Name",
    nameHint: "Für Ihr Team: Empfänger sehen ihn nicht.",
    noName: "Geben Sie einen Namen ein.",
    noText: "Schreiben Sie, was gesendet wird.",
    kind: "Was gesendet wird",
    kinds: { template: "Eine Vorlage", text: "Ein Text" },
    template: "Vorlage",
    noTemplate:
      "Keine Vorlage ist zum Senden bereit. Schreiben Sie einen Text, oder erstellen Sie eine "
      + "Vorlage.",
    chooseTemplate: "Wählen Sie eine Vorlage.",
    text: "Text",
    textHint: "Wird als Marketing-Vorlage gespeichert, damit der Broadcast wiederholt werden kann.",
    header: "Kopfzeile",
    variable: (place) => `Variable ${place} des Textes`,
    headerVariable: "Variable der Kopfzeile",
    buttonVariable: (place) => `Ende der Adresse von Schaltfläche ${place + 1}`,
    headerFile: "Adresse der Datei in der Kopfzeile",
    noValue: "Füllen Sie diese Variable aus.",
    everybody: "Alle Kontakte",
    tagged: "Kontakte mit einem dieser Tags",
    noTags: "Noch kein Kontakt hat ein Tag.",
    moreTags: "Weitere Tags",
    moreTagsHint: "Mit Kommas trennen.",
    noAudience: "Wählen Sie mindestens ein Tag oder alle Kontakte.",
    session: "Sitzung",
    anySession: "Die erste, die bereit ist",
    at: "Wann",
    now: "Jetzt",
    later: "Später",
    time: "Zeit",
    timeHint: (zone) => `In Ihrer Zeitzone (${zone}).`,
    noTime: "Wählen Sie eine Zeit in der Zukunft.",
    preview: "Empfänger ansehen",
    draft: "Als Entwurf speichern",
    send: "Senden",
    schedule: "Planen",
  },
  preview: {
    title: "Wer ihn erhält",
    total: (value) => `${count(value, "Empfänger", "Empfänger")}.`,
    time: (seconds) => `Dauert etwa ${span(seconds)}.`,
    excluded: "Nicht gesendet an",
    notOptedIn: (value) => `${number.format(value)} ohne Opt-in`,
    noNumber: (value) => `${number.format(value)} ohne Nummer`,
    capped: (value) => `${number.format(value)} mit kürzlicher Marketing-Nachricht`,
    nobody: "Niemand wird ausgelassen.",
    first: "Die ersten Empfänger",
    limit: (most) => `Ihr Tarif erlaubt ${count(most, "Empfänger", "Empfänger")}.`,
    none: "Niemand würde diesen Broadcast erhalten.",
  },
  confirm: {
    title: (total) => `An ${count(total, "Empfänger", "Empfänger")} senden?`,
    scheduleTitle: (total) =>
      `Für derzeit ${count(total, "Empfänger", "Empfänger")} planen?`,
    text: (seconds) =>
      `Das dauert etwa ${span(seconds)}. Sie können vor jedem nächsten Empfänger abbrechen.`,
    scheduleText: (time) =>
      `Er startet am ${time}. Wer sich bis dahin abgemeldet hat, erhält ihn nicht.`,
  },
  page: {
    send: "Jetzt senden",
    sendTitle: "Diesen Broadcast jetzt senden?",
    sendText: "Er startet sofort. Sie können vor jedem nächsten Empfänger abbrechen.",
    cancel: "Broadcast abbrechen",
    cancelTitle: "Diesen Broadcast abbrechen?",
    cancelText:
      "Wer die Nachricht hat, behält sie. Niemand sonst erhält sie. Das kann nicht rückgängig "
      + "gemacht werden.",
    cancelled: "Der Broadcast ist abgebrochen",
    started: "Der Broadcast hat begonnen",
    funnel: "Fortschritt",
    steps: {
      total: "Empfänger",
      sent: "Gesendet",
      delivered: "Zugestellt",
      read: "Gelesen",
    },
    failed: "Fehlgeschlagen",
    skipped: "Übersprungen",
    facts: "Details",
    template: "Vorlage",
    language: "Sprache",
    audience: "Zielgruppe",
    session: "Sitzung",
    scheduled: "Geplant für",
    started_at: "Begonnen",
    completed: "Beendet",
    failure: "Warum er fehlschlug",
    recipients: "Empfänger",
    noRecipients: "Empfänger werden festgehalten, wenn der Broadcast beginnt.",
    noneOf: "Kein Empfänger hat diesen Status.",
    column: { name: "Name", phone: "Nummer", status: "Status", updated: "Geändert" },
    allStates: "Alle",
    state: {
      PENDING: "In der Warteschlange",
      QUEUED: "In der Warteschlange",
      SENT: "Gesendet",
      DELIVERED: "Zugestellt",
      READ: "Gelesen",
      FAILED: "Fehlgeschlagen",
      SKIPPED: "Übersprungen",
    },
  },
} satisfies Words["broadcasts"];
