// The words of the frame and of small pages.
import { bytes, count, number } from "../language";
import type { Words } from "../pack";
import overview from "./overview";
import sessions from "./sessions";
import settings from "./settings";

export default {
  product: "wagate",
  skip: "Zum Inhalt springen",
  close: "Schließen",
  cancel: "Abbrechen",
  retry: "Erneut versuchen",
  reload: "Neu laden",
  copy: "Kopieren",
  copied: "Kopiert",
  copyFailed: "Der Browser hat das Kopieren nicht erlaubt",
  menu: "Menü",
  optional: "optional",
  none: "keine",
  unknown: "unbekannt",
  actions: "Aktionen",
  chosen: "ausgewählt",
  loading: "Wird geladen",
  dismiss: "Ausblenden",
  back: "Zurück",
  save: "Speichern",
  saved: "Gespeichert",
  edit: "Bearbeiten",
  remove: "Löschen",
  add: "Hinzufügen",
  bars: {
    table: "Als Tabelle anzeigen",
    download: (title) => `${title} als CSV herunterladen`,
    empty: "Keine Daten in diesem Zeitraum.",
  },
  table: { search: "Diese Liste durchsuchen", nothing: "Nichts passt" },
  pager: {
    label: "Seiten",
    previous: "Vorherige Seite",
    next: "Nächste Seite",
    shown: (first, last, total) => {
      const [from, to, all] = [first, last, total].map((value) => number.format(value));
      return total === 0 ? "" : `${from ?? ""}–${to ?? ""} von ${all ?? ""}`;
    },
  },
  seconds: (value) => count(value, "Sekunde", "Sekunden"),
  bytes,
  number: (value) => number.format(value),

  nav: {
    label: "Hauptmenü",
    all: "Alle Seiten",
    overview: "Übersicht",
    sessions: "Sitzungen",
    chat: "Chat",
    events: "Ereignisse",
    webhooks: "Webhooks",
    bots: "Bots",
    automations: "Automatisierungen",
    contacts: "Kontakte",
    broadcasts: "Broadcasts",
    templates: "Vorlagen",
    analytics: "Auswertungen",
    business: "Unternehmen",
    settings: "Einstellungen",
    inbox: "Posteingang",
    work: "Tickets",
    team: "Team",
    account: "Konto",
    audit: "Änderungsprotokoll",
    more: "Mehr",
    waiting: (value) => `${number.format(value)} wartend`,
    groups: {
      work: "Konversationen",
      business: "Unternehmen",
      gateway: "Gateway",
      workspace: "Arbeitsbereich",
    },
  },
  alerts: {
    title: "Benachrichtigungen",
    open: (value) =>
      value ? `Benachrichtigungen, ${number.format(value)} ungelesen` : "Benachrichtigungen",
    choices: "Hinweise auf diesem Gerät",
    sound: "Ton bei jeder neuen Nachricht",
    desktop: "Desktop-Benachrichtigungen, wenn diese Seite nicht sichtbar ist",
    notSecure: "Browser erlauben sie nur auf Seiten über HTTPS und auf diesem Rechner selbst.",
    refused:
      "Der Browser erlaubt sie nicht: Ändern Sie das in seinen Einstellungen für diese Seite.",
    none: "Noch keine Benachrichtigungen.",
    readAll: "Alle als gelesen markieren",
    noText: "Eine Datei",
  },
  presence: {
    label: "Ihr Status",
    online: "Online",
    away: "Abwesend",
    busy: "Beschäftigt",
    offline: "Als offline anzeigen",
    gone: "Offline",
  },
  roles: { OWNER: "Inhaber", ADMIN: "Administrator", AGENT: "Agent", VIEWER: "Betrachter" },
  theme: {
    label: "Erscheinungsbild",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
  },
  shortcuts: "Tastenkürzel",
  language: {
    label: "Sprache",
    usual: "Wie der Browser",
    unsaved: "Sprache ändern?",
    unsavedText: "Die Seite wird neu geladen: Was Sie hier eingegeben und nicht gespeichert "
      + "haben, geht verloren.",
    change: "Sprache ändern",
  },
  line: {
    closed: "Nicht verbunden",
    connecting: "Verbindung wird aufgebaut",
    open: "Live",
    waiting: "Verbindung verloren, neuer Versuch",
    denied: "Keine Live-Aktualisierung",
  },
  lineDenied:
    "Ihrem Schlüssel fehlt die Berechtigung read, die für Live-Aktualisierungen nötig ist.",
  overview,
  settings,
  sessions,
  notFound: {
    title: "Seite nicht gefunden",
    text: "Die Adresse ist vielleicht falsch, oder die Seite wurde verschoben.",
    action: "Zur Übersicht",
  },
  broken: {
    title: "Diese Seite konnte nicht geladen werden",
    text: "Vielleicht wurde das Gateway aktualisiert, seit dieser Tab geöffnet wurde.",
  },
  signIn: {
    title: "Anmelden",
    lead: "Dieses Gateway verlangt einen API-Schlüssel.",
    label: "API-Schlüssel",
    hint: "Wird nur für diesen Tab gespeichert, nie in einer URL.",
    action: "Anmelden",
    wrong: "Das Gateway akzeptiert diesen Schlüssel nicht.",
    where: "Wo finde ich meinen Schlüssel?",
    whereText:
      "Der erste Schlüssel steht in der Datei bootstrap.key im Datenordner. In Docker zeigt ihn "
      + "dieser Befehl:",
    another:
      "Um einen weiteren Schlüssel zu erstellen, führen Sie dies als Benutzer des Gateways auf "
      + "seinem Rechner aus, mit demselben --data wie das Gateway:",
    out: "Abmelden",
    none: "Sie sind ohne Schlüssel angemeldet, weil Sie am Rechner des Gateways arbeiten.",
  },
} satisfies Words["common"];
