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
  hours: {
    title: "Öffnungszeiten",
    lead: (zone) =>
      `Wann Personen arbeiten, in der Zeitzone ${zone}. Eine Woche ohne Zeiten gilt als immer `
      + "geöffnet.",
    days: {
      mon: "Montag",
      tue: "Dienstag",
      wed: "Mittwoch",
      thu: "Donnerstag",
      fri: "Freitag",
      sat: "Samstag",
      sun: "Sonntag",
    },
    closed: "Geschlossen",
    from: (day, place) => `${day}, öffnet (${place})`,
    to: (day, place) => `${day}, schließt (${place})`,
    add: (day) => `Zeiten am ${day} hinzufügen`,
    drop: (day, place) => `Zeiten ${place} am ${day} entfernen`,
    copy: (day) => `${day} auf alle Werktage übertragen`,
    copied: "Auf Dienstag bis Freitag übertragen: Speichern Sie, damit es gilt",
    midnight: "Um am Ende des Tages zu schließen, wählen Sie 00:00.",
    away: "Nachricht außerhalb dieser Zeiten",
    awayHint:
      "Ein Kontakt erhält sie einmal, bis Sie wieder geöffnet haben. Leer wird keine gesendet.",
  },
  assignment: {
    title: "Zuweisung",
    lead: "Wer Konversationen erhält, die auf eine Person warten.",
    strategy: "Neue Konversationen",
    strategies: {
      none: "Warten, bis jemand sie annimmt",
      round_robin: "Gehen reihum an Personen, die online sind",
      least_loaded: "Gehen an die Person online, die am wenigsten hat",
    },
    capacity: "Konversationen pro Person",
    capacityHint: "Wer so viele hat, erhält von selbst keine weiteren.",
  },
  secrets: {
    title: "Geheimnisse der Anbieter",
    lead:
      "Sie werden verschlüsselt gespeichert und nie wieder angezeigt. Welchen Anbieter es gibt, "
      + "steht in der Konfiguration des Gateways.",
    isSet: "Gesetzt. Leer bleibt es, wie es ist.",
    notSet: "Nicht gesetzt.",
    names: {
      authToken: "Textnachrichten: Geheimnis des Kontos",
      sharedKey: "Textnachrichten: gemeinsamer Schlüssel der Webhooks",
      stripeSecretKey: "Stripe: geheimer Schlüssel",
      stripeWebhookSecret: "Stripe: Signaturgeheimnis der Webhooks",
    },
  },
  reset: {
    action: "Konfiguration verwenden",
    title: (group) => `Für „${group}“ die Konfiguration verwenden?`,
    text: "Was hier geändert wurde, wird verworfen, und die Werte aus der Konfiguration des "
      + "Gateways gelten wieder.",
    done: "Die Konfiguration gilt wieder",
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
    afterBot: "Auch fragen, wenn ein Bot oder ein Ablauf die Konversation gelöst hat",
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
