// The words of the quick replies.
import { number } from "../language";
import type { Words } from "../pack";

export default {
  create: "Neue Schnellantwort",
  empty: "Noch keine Schnellantworten",
  emptyText:
    "Eine Schnellantwort ist ein Text unter einem Kürzel: Tippen Sie / in einer Konversation, um "
    + "sie zu finden.",
  list: "Schnellantworten",
  column: { shortcut: "Kürzel", content: "Text", used: "Verwendet" },
  used: (times) => `${number.format(times)}-mal`,
  shortcut: "Kürzel",
  shortcutHint: "Ein Schrägstrich, dann Buchstaben, Ziffern, _ oder -, zum Beispiel /zeiten.",
  content: "Text",
  contentHint:
    "Variablen: {{contact.firstName}}, {{contact.name}}, {{org.name}}, {{agent.name}}, {{date}}.",
  actions: (shortcut) => `Aktionen für ${shortcut}`,
  removeTitle: (shortcut) => `${shortcut} löschen?`,
  removeText: "Ihr Team kann sie nicht mehr verwenden.",
  saved: (shortcut) => `${shortcut} wurde gespeichert`,
} satisfies Words["replies"];
