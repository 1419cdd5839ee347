// What an entry of a timeline says beside its kind: the facts that its kind brings.
import type { Entry } from "../../lib/api/business";
import { contacts as words } from "../../strings/contacts";
import { proofOf } from "./proof";

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export function detailOf({ type, data }: Entry): string {
  const facts = data as Record<string, unknown> | null;
  if (!facts) return "";
  const channel = facts["channel"];
  const parts: unknown[] = [
    facts["tag"], facts["headline"], facts["name"], facts["reference"], facts["rating"],
    Array.isArray(facts["fields"]) ? facts["fields"].join(", ") : undefined,
    type === "opt_in" || type === "opt_out"
      ? [isText(channel) ? (words.channel[channel] ?? channel) : undefined, causeOf(facts)]
      : undefined,
    facts["comment"],
  ].flat();
  return parts
    .filter((part) => isText(part) || typeof part === "number")
    .map(String)
    .join(" · ");
}

/** How an opt-in or opt-out came about. */
function causeOf({ source, cause, proof }: Record<string, unknown>): string {
  const word = isText(source) ? (words.consent.sources[source] ?? source) : cause;
  // The entry itself says when.
  return [word, isText(proof) ? proofOf(proof).words : undefined].filter(isText).join(" · ");
}
