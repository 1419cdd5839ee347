// The words of the audit log.
import { translated } from "./translated";

export const audit = translated("audit", {
  lead: "Who changed what in this gateway. What was written is not stored.",
  list: "Changes",
  column: {
    at: "When",
    actor: "Who",
    action: "Operation",
    outcome: "Outcome",
    address: "From",
  },
  filter: {
    actor: "Who",
    everybody: "Everybody",
    key: (name: string) => `Key: ${name}`,
    action: "Operation",
    anyAction: "Every operation",
    from: "From",
    to: "Until",
  },
  gateway: "On the gateway's machine",
  goneKey: "A key that is gone",
  gonePerson: "Somebody who is gone",
  outcome: { done: "Done", refused: "Refused", failed: "Failed", unknown: "Unknown" },
  empty: "No changes yet",
  emptyText: "Each change of settings, keys, accounts or sessions is listed here.",
  noMatch: "No change matches",
  noMatchText: "Choose other filters.",
});
