// The words of the settings of the business.
import { number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Einstellungen, die sofort gelten, für jede Sitzung. Was Sie hier nie ändern, gilt wie in "
    + "der Konfiguration des Gateways.",
  readOnly: "Nur Administratoren ändern diese Einstellungen.",
  channels: {
    title: "Kanäle",
    whatsapp: "WhatsApp",
    sms: "Textnachrichten (SMS)",
    slack: "Slack",
    on: "Verbunden",
    off: "Nicht verbunden",
    notSet: "Nicht konfiguriert",
    hint: "Werden in der Konfiguration des Gateways eingerichtet.",
  },
  general: {
    title: "Unternehmen",
    lead: "Wie Zeiten, Daten und Beträge geschrieben werden, und welchen Namen Kunden lesen.",
    name: "Name",
    zone: "Zeitzone",
    zoneHint: "Zum Beispiel Europe/Berlin.",
    locale: "Sprache und Region",
    localeHint: "Zum Beispiel de-DE.",
    currency: "Währung",
    currencyHint: "Zum Beispiel EUR.",
    session: "Hauptsitzung",
    sessionHint: "Gilt, wo eine Anfrage keine nennt.",
    noSession: "Die erste, die bereit ist",
  },
  consent: {
    title: "Opt-in",
    lead: "Wem geschrieben werden darf, und mit welchen Wörtern man zustimmt oder sich abmeldet.",
    policy: "Wem geschrieben werden darf",
    policies: {
      strict: "Nur Personen mit Opt-in",
      opted_out: "Allen ohne Opt-out",
      off: "Allen",
    },
    out: "Wörter zum Abmelden",
    outAnswer: "Antwort auf eine Abmeldung",
    in: "Wörter zum Zustimmen",
    inAnswer: "Antwort auf eine Zustimmung",
    help: "Wörter, die um Hilfe bitten",
    words: "Mit Kommas trennen. Ein Wort steht nur in einer Liste.",
  },
  window: {
    title: "Konversationen",
    lead: (hours) =>
      `Freie Texte sind für ${number.format(hours)} Stunden nach der letzten Nachricht des Kunden `
      + "gedacht; Vorlagen gehen jederzeit.",
    policy: "Außerhalb des Zeitfensters",
    policies: {
      enforce: "Freie Texte ablehnen",
      warn: "Senden, mit Warnung",
      off: "Senden",
    },
    warning: "Warnung, Minuten vor dem Ende",
    reopen: "Wenn eine gelöste Konversation weitergeht",
    reopens: {
      reopen: "Sie bleibt bei ihrem Agenten",
      new: "Sie beginnt neu und gehört niemandem",
    },
  },
  survey: {
    title: "Umfrage",
    lead: "Bittet um eine Bewertung von 1 bis 5, nachdem eine Konversation gelöst wurde.",
    enabled: "Um eine Bewertung bitten",
    question: "Frage",
    comment: "Nach der Bewertung",
    thanks: "Dank",
    expiry: "Stunden, in denen eine Bewertung zählt",
    gap: "Stunden, bis dieselbe Person wieder gefragt wird",
  },
  broadcast: {
    title: "Broadcasts",
    lead: "Ein Tempo, das WhatsApp akzeptiert, und Limits für jeden Tag und jeden Kontakt.",
    shortest: "Kürzeste Pause (Millisekunden)",
    longest: "Längste Pause (Millisekunden)",
    daily: "Nachrichten pro Tag",
    dailyHint: "Für jede Sitzung; 0 heißt ohne Limit.",
    cap: "Stunden zwischen Marketing-Nachrichten an einen Kontakt",
    capHint: "0 heißt ohne Limit.",
  },
} satisfies Words["business"];
