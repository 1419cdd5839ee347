// The words of the ways in: sign-in, second step, forgotten passwords, invitations.
import type { Words } from "../pack";

export default {
  title: "Anmelden",
  lead: "Beim Arbeitsbereich dieses Gateways.",
  email: "E-Mail-Adresse",
  password: "Passwort",
  action: "Anmelden",
  wrong: "Die E-Mail-Adresse oder das Passwort ist falsch.",
  remember: "Auf diesem Gerät angemeldet bleiben",
  rememberHint:
    "Bis Sie sich abmelden oder die Anmeldung abläuft. Sonst, bis dieser Tab geschlossen wird.",
  forgot: "Passwort vergessen?",
  back: "Zurück zur Anmeldung",
  or: "oder mit einem API-Schlüssel",
  keyAction: "Diesen Schlüssel verwenden",
  code: {
    title: "Zwei-Faktor-Authentifizierung",
    lead:
      "Geben Sie den Code ein, den Ihre Authenticator-App jetzt anzeigt, oder einen Ihrer "
      + "Wiederherstellungscodes.",
    label: "Code",
    action: "Weiter",
    wrong: "Dieser Code ist falsch oder wurde schon verwendet.",
    over: "Das hat zu lange gedauert. Melden Sie sich erneut an.",
  },
  forgotten: {
    title: "Passwort vergessen?",
    lead:
      "Ein Code geht an Ihre E-Mail-Adresse, wenn sie zu einem Konto gehört. Wo das Gateway keine "
      + "E-Mails sendet, erstellt ein Administrator einen Code für Sie.",
    action: "Code senden",
    have: "Ich habe einen Code",
  },
  reset: {
    title: "Neues Passwort wählen",
    lead:
      "Der Code hat sechs Ziffern und gilt einige Minuten. Alle Ihre Anmeldungen werden beendet.",
    code: "Code",
    password: "Neues Passwort",
    action: "Passwort ändern",
    wrong: "Dieser Code ist falsch oder abgelaufen.",
    done: "Passwort geändert. Melden Sie sich mit dem neuen an.",
  },
  join: {
    title: "Einladung annehmen",
    lead: "Erstellen Sie Ihr Konto. Verwenden Sie die E-Mail-Adresse, die eingeladen wurde.",
    noCode:
      "Dieser Adresse fehlt der Code der Einladung. Öffnen Sie den Link aus Ihrer E-Mail noch "
      + "einmal.",
    action: "Konto erstellen",
  },
  welcome: {
    title: "Das erste Konto erstellen",
    lead:
      "Dem ersten Konto gehört der Arbeitsbereich. Es wird am Rechner des Gateways erstellt, oder "
      + "nachdem Sie sich mit einem API-Schlüssel für alles angemeldet haben. Alle anderen werden "
      + "eingeladen.",
    link: "Neu hier? Erstellen Sie das erste Konto",
    nobody:
      "Hier hat noch niemand ein Konto. Melden Sie sich unten mit dem ersten API-Schlüssel des "
      + "Gateways an, und erstellen Sie dann das erste Konto.",
    company: "Firma",
  },
  name: "Ihr Name",
  passwordHint: "Mindestens 8 Zeichen, mit einem Buchstaben und einer Ziffer.",
  needed: {
    title: "Melden Sie sich an, um hier zu arbeiten",
    text: "Diese Seite ist für Personen. Am Rechner des Gateways kommen Sie ohne Anmeldung herein, "
      + "aber Konversationen, Kontakte und Teams müssen wissen, wer Sie sind.",
    first: "Das erste Konto erstellen",
  },
} satisfies Words["signIn"];
