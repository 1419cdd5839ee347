// The words of the sessions.
import { count, listed, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Sitzungen",
  toList: "Alle Sitzungen",
  create: "Neue Sitzung",
  state: {
    initializing: "Startet",
    qr_ready: "Wartet auf einen Scan",
    authenticated: "Konto wird geladen",
    degraded: "Wird wiederhergestellt",
    ready: "Bereit",
    offline: "Offline",
    failed: "Fehlgeschlagen",
    terminated: "Abgemeldet",
  },
  column: {
    name: "Sitzung",
    state: "Status",
    activity: "Letzte Aktivität",
    waiting: "In der Warteschlange",
    memory: "Speicher",
  },
  open: "Öffnen",
  restart: "Neu starten",
  restarted: (name) => `${name} wird neu gestartet`,
  logOut: "Abmelden",
  remove: "Entfernen",
  noPhone: "nicht verknüpft",
  actionsFor: (name) => `Aktionen für ${name}`,
  empty: {
    title: "Verknüpfen Sie Ihr erstes Telefon",
    text:
      "Eine Sitzung ist ein WhatsApp-Konto auf diesem Gateway. Das Verknüpfen dauert eine Minute.",
    steps: [
      "Benennen Sie die Sitzung: Jeder API-Aufruf verwendet diesen Namen.",
      "Scannen Sie ihren QR-Code mit dem Telefon, wie bei jedem verknüpften Gerät.",
      "Senden Sie eine erste Nachricht, von hier oder mit einem curl-Befehl.",
    ],
  },
  draft: {
    title: "Neue Sitzung",
    name: "Name",
    nameHint: "Buchstaben, Ziffern, - und _. Er ist Teil der URL jedes Aufrufs.",
    more: "Proxy und Optionen",
    proxy: "Proxy",
    proxyNone: "Keiner",
    proxyAddress: "Proxy-Adresse",
    proxyAddressHint: "host:port. Der gesamte Verkehr dieser Sitzung läuft über den Proxy.",
    proxyUser: "Benutzer",
    proxyPassword: "Passwort",
    engine: "Engine",
    engineUsual: "Standard",
    engineBrowser: "Browser",
    engineSimulated: "Simuliert, ohne Browser",
    timeout: "QR-Zeitlimit (Sekunden)",
    timeoutHint: "Wie lange auf einen Scan gewartet wird; 0 wartet unbegrenzt.",
    action: "Erstellen",
  },
  link: {
    title: "Telefon verknüpfen",
    scan: "QR-Code scannen",
    type: "Code eingeben",
    alt: (name) => `Der QR-Code, der ${name} verknüpft`,
    steps: [
      "Öffnen Sie WhatsApp auf dem Telefon.",
      "Gehen Sie zu Einstellungen, Verknüpfte Geräte, Gerät hinzufügen.",
      "Richten Sie das Telefon auf diesen Code.",
    ],
    left: (seconds) => `Ein neuer Code kommt in ${count(seconds, "Sekunde", "Sekunden")}.`,
    renewing: "Neuer Code wird erwartet.",
    simulatedTitle: "Dies ist das simulierte Netzwerk",
    simulatedText: "Sie brauchen kein echtes Telefon: Verwenden Sie ein simuliertes.",
    simulatedScan: "Mit simuliertem Telefon scannen",
    simulatedOpen: "Telefonseite öffnen",
    phone: "Telefonnummer",
    phoneHint: "Mit Landesvorwahl, zum Beispiel +49 170 1234567.",
    ask: "Code anfordern",
    codeLabel: "Geben Sie diesen Code auf dem Telefon ein",
    codeSteps:
      "Auf dem Telefon: Verknüpfte Geräte, Gerät hinzufügen, Stattdessen mit Telefonnummer "
      + "verknüpfen.",
    codeLeft: (seconds) => `Noch ${count(seconds, "Sekunde", "Sekunden")} gültig.`,
    codeOver: "Dieser Code ist abgelaufen: Fordern Sie einen neuen an.",
  },
  progress: {
    initializing: "Die Sitzung startet. Ein Browser braucht einige Sekunden.",
    authenticated: "Das Telefon ist verknüpft. Das Konto wird geladen.",
    degraded: "Die Engine antwortet nicht mehr und wird neu gestartet. Nichts geht verloren.",
  },
  problem: {
    failed: "Diese Sitzung ist fehlgeschlagen",
    terminated: "Diese Sitzung ist nicht verknüpft",
    offline: "Diese Sitzung ist gerade nicht mit WhatsApp verbunden",
    lastError: "Letzter Fehler",
    again: "Neu starten",
  },
  first: {
    title: "Nachricht senden",
    lead: "Probieren Sie die Sitzung von hier aus.",
    simulated: "Im simulierten Netzwerk schickt diese Nummer jede Nachricht zurück.",
    to: "An",
    toHint: "Eine Telefonnummer mit Landesvorwahl.",
    text: "Nachricht",
    usual: "Hallo von wagate",
    action: "Senden",
    sent: "Gesendet",
    reply: "Antwort erhalten",
    curl: "Dasselbe mit curl",
  },
  browser: {
    lead:
      "Was der Browser der Sitzung gerade zeigt. Nachrichten können zu sehen "
      + "sein; Bilder werden nicht gespeichert.",
    start: "Starten",
    stop: "Anhalten",
    alt: (name) => `Der Browser von ${name}`,
  },
  detail: {
    tabs: "Details der Sitzung",
    facts: "Details",
    log: "Protokoll",
    browser: "Browser",
    phone: "Telefon",
    account: "Konto",
    created: "Erstellt",
    activity: "Letzte Aktivität",
    engine: "Engine",
    engineWord: { browser: "Chromium", simulated: "Simuliert" },
    proxy: "Proxy",
    memory: "Speicher der Engine",
    restarts: "Neustarts",
    waiting: "Nachrichten in der Warteschlange",
    recovery: "Letzte Wiederherstellung",
    recoveryWords: (stage, outcome) => {
      const stages: Record<string, string> = {
        reinject: "Skripte neu eingefügt",
        reload: "Seite neu geladen",
        restart: "Engine neu gestartet",
      };
      const outcomes: Record<string, string> = {
        under_way: "läuft",
        recovered: "erfolgreich",
        failed: "fehlgeschlagen",
        abandoned: "abgebrochen",
      };
      return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
    },
  },
  waitingFor: (waiting) => {
    const parts: [number, string][] = [
      [waiting.sessionNotReady, "bis die Sitzung bereit ist"],
      [waiting.sendAt, "geplant"],
      [waiting.turn, "in der Warteschlange"],
      [waiting.lookup, "in Prüfung"],
    ];
    const said = parts.filter(([value]) => 0 < value);
    return listed(said.map(([value, words]) => `${number.format(value)} ${words}`));
  },
  log: {
    empty: "Keine Protokollzeilen seit dem Start des Gateways.",
    time: "Zeit",
    level: "Stufe",
    message: "Meldung",
    note:
      "Die neuesten Zeilen seit dem Start des Gateways, ohne Nachrichtentexte und Telefonnummern.",
  },
  logOutDialog: {
    title: (name) => `${name} abmelden?`,
    text:
      "Das Telefon trennt dieses Gerät. Die Sitzung und ihre Webhooks bleiben. Um wieder zu "
      + "senden, verknüpfen Sie erneut ein Telefon.",
    done: (name) => `${name} ist abgemeldet`,
  },
  removeDialog: {
    title: (name) => `${name} entfernen?`,
    text:
      "Das kann nicht rückgängig gemacht werden. Die Sitzung, ihre Webhooks und ihre Anmeldung "
      + "werden entfernt. Wartende Nachrichten werden nicht gesendet.",
    logout: "Das Gerät auch auf dem Telefon trennen",
    keep: "Den Profilordner mit der Anmeldung behalten",
    done: (name) => `${name} ist entfernt`,
  },
} satisfies Words["common"]["sessions"];
