// The words of the page for one's own account.
import type { Words } from "../pack";

export default {
  title: "Konto",
  profile: "Profil",
  name: "Name",
  email: "E-Mail-Adresse",
  role: "Rolle",
  nameHint: "Administratoren ändern Namen.",
  rename: "Namen ändern",
  renamed: "Name geändert",
  verified: "bestätigt",
  unverified: "noch nicht bestätigt",
  verify: {
    title: "Bestätigen Sie Ihre E-Mail-Adresse",
    lead:
      "Ein Code wurde an sie gesendet. Benachrichtigungen per E-Mail brauchen eine bestätigte "
      + "Adresse.",
    code: "Code",
    action: "Bestätigen",
    another: "Neuen Code senden",
    sent: "Ein Code wurde gesendet, falls sie noch nicht bestätigt ist",
    done: "E-Mail-Adresse bestätigt",
  },
  password: {
    title: "Passwort",
    text: "Eine Änderung beendet alle Ihre Anmeldungen, auch diese.",
    change: "Passwort ändern",
    byMail:
      "Ein Code wird Ihnen per E-Mail gesendet, mit dem Sie ein neues Passwort wählen. Wo das "
      + "Gateway keine E-Mails sendet, erstellt ein Administrator einen auf der Seite „Team“.",
    dialog: "Ihr Passwort ändern?",
    go: "Weiter",
  },
  totp: {
    title: "Zwei-Faktor-Authentifizierung",
    on: "Ein: Jede Anmeldung verlangt einen Code aus Ihrer Authenticator-App.",
    off: "Aus: Ihr Passwort allein öffnet Ihr Konto.",
    enable: "Einrichten",
    disable: "Ausschalten",
    setUp: "Zwei-Faktor-Authentifizierung einrichten",
    scan:
      "Scannen Sie diesen Code mit einer Authenticator-App, oder geben Sie dort den Schlüssel ein.",
    alt: "Der QR-Code für Ihre Authenticator-App",
    secret: "Schlüssel",
    code: "Code aus der App",
    confirm: "Einschalten",
    wrong: "Dieser Code ist falsch. Codes wechseln alle 30 Sekunden.",
    recovery: "Ihre Wiederherstellungscodes",
    recoveryText:
      "Jeder von ihnen ersetzt einmal einen Code, falls Sie Ihr Telefon verlieren. Sie werden nur "
      + "dieses eine Mal angezeigt: Bewahren Sie sie bei Ihren Passwörtern auf.",
    copyAll: "Alle Codes kopieren",
    kept: "Fertig",
    disableTitle: "Zwei-Faktor-Authentifizierung ausschalten?",
    disableText: "Dafür sind Ihr Passwort und ein Code nötig.",
    password: "Passwort",
    disabled: "Die Zwei-Faktor-Authentifizierung ist aus",
    wrongBoth: "Das Passwort oder der Code ist falsch.",
  },
  logins: {
    title: "Anmeldungen",
    lead: "Geräte, die gerade bei Ihrem Konto angemeldet sind.",
    device: "Gerät",
    address: "Adresse",
    seen: "Zuletzt gesehen",
    expires: "Läuft ab",
    here: "dieses",
    end: "Abmelden",
    endLabel: (device) => `${device} abmelden`,
    ended: "Dort abgemeldet",
    unknown: "Unbekanntes Programm",
    browser: (browser, system) => (system ? `${browser} unter ${system}` : browser),
  },
} satisfies Words["account"];
