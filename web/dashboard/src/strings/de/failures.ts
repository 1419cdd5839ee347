// Words for what goes wrong, by the gateway's own codes.
import type { Words } from "../pack";

export default {
  UNREACHABLE: {
    title: "Das Gateway antwortet nicht",
    advice: "Läuft es? Diese Seite versucht es von selbst erneut, wo sie kann.",
  },
  UNREADABLE: {
    title: "Die Antwort konnte nicht gelesen werden",
    advice: "Vielleicht hat ein Proxy zwischen dieser Seite und dem Gateway geantwortet.",
  },
  UNAUTHORIZED: {
    title: "Sie sind nicht angemeldet",
    advice: "Melden Sie sich mit einem API-Schlüssel an.",
  },
  UNAUTHENTICATED: {
    title: "Sie sind nicht angemeldet",
    advice: "Melden Sie sich mit einem API-Schlüssel an.",
  },
  NOT_FOUND: { title: "Nicht gefunden", advice: "Vielleicht wurde es gelöscht." },
  SESSION_NOT_FOUND: {
    title: "Sitzung nicht gefunden",
    advice: "Sie wurde vielleicht entfernt.",
  },
  SESSION_ALREADY_EXISTS: {
    title: "Eine Sitzung mit diesem Namen gibt es schon",
    advice: "Wählen Sie einen anderen Namen.",
  },
  SESSION_NOT_READY: {
    title: "Die Sitzung ist nicht bereit",
    advice: "Warten Sie, bis sie bereit ist, oder starten Sie sie neu.",
  },
  MAX_SESSIONS_REACHED: {
    title: "Die Höchstzahl der Sitzungen ist erreicht",
    advice: "Entfernen Sie eine, oder erhöhen Sie sessions.max in der Konfiguration.",
  },
  SESSION_START_FAILED: {
    title: "Der Browser ist nicht gestartet",
    advice: "Sehen Sie ins Protokoll der Sitzung, und starten Sie auf dem Rechner wagate doctor.",
  },
  QR_NOT_AVAILABLE: {
    title: "Zurzeit kein QR-Code",
    advice: "Starten Sie die Sitzung neu, um einen neuen zu erhalten.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "Die Sitzung ist nicht verbunden",
    advice: "Warten Sie, bis sie es ist, oder starten Sie sie neu.",
  },
  CONVERSATION_NOT_FOUND: {
    title: "Konversation nicht gefunden",
    advice: "Sie wurde vielleicht gelöscht.",
  },
  MESSAGE_NOT_FOUND: {
    title: "Nachricht nicht gefunden",
    advice: "Sie wurde vielleicht gelöscht.",
  },
  MEDIA_NOT_FOUND: {
    title: "Die Datei gibt es nicht mehr",
    advice: "Das Telefon hat sie vielleicht entfernt.",
  },
  EDIT_NOT_ALLOWED: {
    title: "Diese Nachricht kann nicht mehr bearbeitet werden",
    advice: "WhatsApp erlaubt das 15 Minuten lang, und nur für eigene Texte.",
  },
  DELETE_NOT_ALLOWED: {
    title: "Diese Nachricht kann nicht für alle gelöscht werden",
    advice: "WhatsApp erlaubt das 60 Stunden lang, und nur für eigene Nachrichten.",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "Die Datei passt nicht zu ihrem Typ",
    advice: "Senden Sie sie als Dokument.",
  },
  FILE_UNREADABLE: {
    title: "Die Datei konnte nicht gelesen werden",
    advice: "Wählen Sie sie noch einmal aus.",
  },
  SEND_FAILED: {
    title: "WhatsApp hat die Nachricht abgelehnt",
    advice: "Versuchen Sie es später erneut. Sehen Sie ins Protokoll der Sitzung.",
  },
  SEND_TIMEOUT: {
    title: "WhatsApp hat nicht rechtzeitig geantwortet",
    advice: "Sehen Sie auf dem Telefon nach, ob sie angekommen ist, bevor Sie erneut senden.",
  },
  SENDING_ON_HOLD: {
    title: "WhatsApp nimmt von diesem Konto vorerst keine Nachrichten an",
    advice: "Wartende Nachrichten werden gesendet, sobald es sie wieder annimmt.",
  },
  ACCOUNT_RESTRICTED: {
    title: "WhatsApp schränkt dieses Konto ein",
    advice: "Senden Sie eine Weile weniger, und nur an Personen, die Sie kennen.",
  },
  RECIPIENT_INVALID: {
    title: "Dieser Empfänger ist nicht gültig",
    advice: "Prüfen Sie die Nummer und ihre Landesvorwahl.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "Diese Nummer ist nicht bei WhatsApp",
    advice: "Prüfen Sie die Nummer und ihre Landesvorwahl.",
  },
  INSUFFICIENT_STORAGE: {
    title: "Der Datenträger des Gateways ist fast voll",
    advice: "Schaffen Sie Platz: Bis dahin kann nichts gesendet oder erstellt werden.",
  },
  STORAGE_UNAVAILABLE: {
    title: "Der Datenträger des Gateways hat einen Fehler",
    advice: "Sehen Sie in sein Protokoll. Es startet von selbst neu.",
  },
  WHATSAPP_NOT_READY: {
    title: "WhatsApp Web ist dafür nicht bereit",
    advice: "Versuchen Sie es gleich noch einmal. Hält es an, starten Sie die Sitzung neu.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "Webhook oder Zustellung nicht gefunden",
    advice: "Sie wurden vielleicht gelöscht.",
  },
  SHUTTING_DOWN: {
    title: "Das Gateway wird beendet",
    advice: "Versuchen Sie es erneut, wenn es wieder da ist.",
  },
} satisfies Words["failures"];
