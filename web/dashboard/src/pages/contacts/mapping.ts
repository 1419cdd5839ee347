// Which column of a file is which field of a contact, as the import wizard asks for it: a choice
// for each column. The gateway wants it the other way round.
import type { Mapping } from "../../lib/api/business";

export const FIELDS = ["phone", "name", "email", "tags", "optedIn"] as const;
export const CUSTOM = "custom.";

/** Columns with what they are; empty for one that is not imported. */
export type Choices = Record<string, string>;

export function choicesOf(columns: string[], mapping: Mapping): Choices {
  const fields = new Map(Object.entries(mapping).map(([field, column]) => [column, field]));
  return Object.fromEntries(columns.map((column) => [column, fields.get(column) ?? ""]));
}

export function mappingOf(choices: Choices): Mapping {
  const chosen = Object.entries(choices).filter(([, field]) => field !== "");
  return Object.fromEntries(chosen.map(([column, field]) => [field, column]));
}

/** What stands in the way of an import. */
export function faultOf(choices: Choices): "noPhone" | "twice" | null {
  const fields = Object.values(choices).filter((field) => field !== "");
  if (!fields.includes("phone")) return "noPhone";
  return new Set(fields).size < fields.length ? "twice" : null;
}
