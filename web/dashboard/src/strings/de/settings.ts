// The words of the settings.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Einstellungen",
  keys: {
    title: "API-Schlüssel",
    lead:
      "Programme und Personen an anderen Rechnern greifen mit einem API-Schlüssel auf das "
      + "Gateway zu.",
    create: "Neuer Schlüssel",
    empty: "Noch keine API-Schlüssel.",
    column: {
      name: "Name",
      scopes: "Berechtigungen",
      session: "Sitzung",
      used: "Zuletzt verwendet",
      expires: "Läuft ab",
    },
    all: "alles",
    allSessions: "alle",
    never: "nie",
    revoked: "Widerrufen",
    revoke: "Widerrufen",
    revokeLabel: (name) => `${name} widerrufen`,
    revokeTitle: (name) => `${name} widerrufen?`,
    revokeText:
      "Anfragen mit diesem Schlüssel werden ab sofort abgelehnt, und seine offenen Streams enden. "
      + "Das kann nicht rückgängig gemacht werden.",
    revokeDone: (name) => `${name} ist widerrufen`,
    showRevoked: (total) =>
      `${count(total, "widerrufenen Schlüssel", "widerrufene Schlüssel")} anzeigen`,
  },
  draft: {
    title: "Neuer API-Schlüssel",
    name: "Name",
    nameHint: "Wer ihn verwendet: ein Programm oder eine Person.",
    scopes: "Berechtigungen",
    scope: {
      "*": "Alles",
      read: "Sitzungen, Chats und Nachrichten lesen und Live-Ereignissen folgen",
      send: "Nachrichten senden",
      conversations:
        "Konversationen lesen und verwalten (Chat-API); für Live-Aktualisierungen auch read",
      contacts: "Kontakte des Unternehmens (Business-API)",
      broadcasts: "Broadcasts und die Kontakte, an die sie gehen (Business-API)",
      bots: "Bots und ihr Wissen ändern (Workspace-API)",
      mcp: "Werkzeuge für Assistenten (MCP); jedes braucht zudem seine eigene Berechtigung",
      admin:
        "Sitzungen, QR-Codes, Webhooks und Schlüssel verwalten (für alle Sitzungen: Limits "
        + "entfallen)",
    },
    session: "Für",
    allSessions: "Alle Sitzungen",
    expires: "Läuft ab",
    never: "Nie",
    days: (days) => `In ${count(days, "Tag", "Tagen")}`,
    action: "Erstellen",
    made: "Ihr neuer API-Schlüssel",
    madeText:
      "Kopieren Sie ihn jetzt: Er wird nur einmal angezeigt, das Gateway speichert nur seinen "
      + "Hash.",
    done: "Fertig",
    noScope: "Wählen Sie mindestens eine Berechtigung.",
  },
  assistant: {
    title: "Assistenten verbinden",
    network: "Über das Netzwerk",
    older: "Über das Netzwerk, mit dem älteren Transport (SSE)",
    machine: "Auf dem Rechner des Gateways",
    copy: (name) => `Kopieren: ${name}`,
  },
  health: {
    title: "Zustand",
    lead: "Die Prüfungen von wagate doctor, ausgeführt von diesem Gateway.",
    again: "Erneut prüfen",
    verdict: { ok: "OK", warn: "Warnung", error: "Fehler" },
    busy: "Wird geprüft. Einen Browser zu starten dauert einige Sekunden.",
  },
  services: {
    title: "Dienste",
    lead: "Anbieter, die das Gateway verwendet. Welche es sind, steht in seiner Konfiguration.",
    change: "Geheimnisse ändern",
    sms: "Textnachrichten",
    payments: "Zahlungslinks",
    on: "Verbunden",
    off: "Nicht konfiguriert",
    secret: "Geheimnis ist gesetzt",
    noSecret: "Kein Geheimnis",
    signed: "Webhooks werden mit ihrem Signaturgeheimnis geprüft",
    unsigned: "Kein Signaturgeheimnis für Webhooks",
    model: "Sprachmodell",
    configured: "Konfiguriert",
    fails: "Antwortet nicht",
    test: "Ausprobieren",
    answered: (milliseconds) => `Es hat in ${number.format(milliseconds)} ms geantwortet`,
    noAnswer: "Es hat nicht geantwortet",
    mail: "E-Mail",
    ownNumber: "Ihre Telefonnummer",
    sentTo: (to, milliseconds) => `An ${to} gesendet, in ${number.format(milliseconds)} ms`,
    worked: (milliseconds) => `Es hat funktioniert, in ${number.format(milliseconds)} ms`,
    testFailed: "Der Test ist fehlgeschlagen",
  },
  about: {
    title: "Dieses Gateway",
    version: "Version",
    uptime: "Läuft seit",
    engine: "Engine",
    network: "Netzwerk",
    networkWord: { whatsapp: "WhatsApp", simulated: "Simuliert" },
    sessions: "Sitzungen",
    memory: "Arbeitsspeicher",
    memoryOf: (used, total) => `${used} von ${total}`,
    docs: "API-Dokumentation",
    openapi: "OpenAPI-Dokument",
    phone: "Telefonseite des simulierten Netzwerks",
  },
  here: "Dieser Browser",
} satisfies Words["common"]["settings"];
