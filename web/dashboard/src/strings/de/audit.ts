// The words of the audit log.
import type { Words } from "../pack";

export default {
  lead: "Wer an diesem Gateway was geändert hat. Geschriebene Inhalte werden nicht gespeichert.",
  list: "Änderungen",
  column: {
    at: "Wann",
    actor: "Wer",
    action: "Vorgang",
    outcome: "Ergebnis",
    address: "Von",
  },
  filter: {
    actor: "Wer",
    everybody: "Alle",
    key: (name) => `Schlüssel: ${name}`,
    action: "Vorgang",
    anyAction: "Jeder Vorgang",
    from: "Von",
    to: "Bis",
  },
  gateway: "Am Rechner des Gateways",
  goneKey: "Ein gelöschter Schlüssel",
  gonePerson: "Ein gelöschtes Konto",
  outcome: {
    done: "Erledigt", refused: "Abgelehnt", failed: "Fehlgeschlagen", unknown: "Unbekannt",
  },
  empty: "Noch keine Änderungen",
  emptyText: "Jede Änderung an Einstellungen, Schlüsseln, Konten oder Sitzungen steht hier.",
  noMatch: "Keine Änderung passt",
  noMatchText: "Wählen Sie andere Filter.",
} satisfies Words["audit"];
