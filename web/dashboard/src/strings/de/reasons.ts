// Advice and explanations that depend on more than a code.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  session: {
    scan: "Starten Sie sie für einen neuen Code neu, und halten Sie das Telefon bereit.",
    slow:
      "Starten Sie sie neu. Ein Telefon ohne Verbindung oder ein sehr großes Konto macht es "
      + "langsam: Erhöhen Sie sessions.auth_timeout_seconds, wenn es wieder vorkommt.",
    overloaded:
      "Der Rechner ist vielleicht überlastet. Prüfen Sie den Browser mit wagate doctor.",
    engine: "Entfernen Sie die Sitzung, und erstellen Sie sie mit der anderen Engine neu.",
    proxy: "Prüfen Sie die Adresse und das Passwort des Proxys.",
    crash:
      "Der Browser ist abgestürzt, oft weil der Speicher nicht reichte. Sehen Sie das "
      + "Speicherdiagramm auf der Übersicht an.",
    network: "Der Rechner erreicht WhatsApp nicht. Einzelheiten zeigt wagate doctor.",
    other: "Starten Sie sie neu. Schlägt sie wieder fehl, sehen Sie in ihr Protokoll.",
  },
  tooMany: (seconds) => ({
    title: "Zu viele Anfragen",
    advice: seconds === null
      ? "Versuchen Sie es gleich noch einmal."
      : `Versuchen Sie es in ${count(seconds, "Sekunde", "Sekunden")} erneut.`,
  }),
  role: {
    title: "Ihre Rolle erlaubt das nicht",
    advice: "Ein Administrator kann Ihre Rolle auf der Seite „Team“ ändern.",
  },
  scope: (scope) => ({
    title: `Ihrem Schlüssel fehlt die Berechtigung ${scope}`,
    advice: "Melden Sie sich mit einem Schlüssel an, der sie hat. Ein Administrator "
      + "(Berechtigung admin) kann solche Schlüssel in den Einstellungen erstellen.",
  }),
  oneSession: {
    title: "Ihr Schlüssel gilt nur für eine Sitzung",
    advice: "Gemeinsame Daten wie Tags brauchen einen Schlüssel für alle Sitzungen: Bitten Sie "
      + "einen Administrator um einen solchen oder um die Änderung selbst.",
  },
  notAllowed: "Ihr Schlüssel erlaubt das nicht",
  unknown: "Etwas ist schiefgegangen",
  again: "Versuchen Sie es erneut.",
} satisfies Words["reasons"];
