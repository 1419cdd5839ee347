// A step of a flow as a form has it: a part with a name, and what a menu or a check has besides.
import type { Step } from "../../lib/api/automations";
import { conditionOf, rowOf, type Row } from "./conditions";
import { bodyOf, emptyPart, partOf, type Part } from "./parts";
import { STEPS } from "./specs";

export interface Option {
  readonly key: symbol;
  id: string;
  title: string;
  /** Empty for the step that follows. */
  next: string;
}

export interface StepRow extends Part {
  id: string;
  options: Option[];
  conditions: Row[];
  match: string;
}

export const MOST_STEPS = 50;
export const MOST_OPTIONS = 10;
const ELSEWHERE = ["id", "options", "conditions", "match"];

export const newOption = (place: number): Option =>
  ({ key: Symbol("option"), id: String(place), title: "", next: "" });

/** A step whose name no other has. */
export function newStep(rows: readonly StepRow[], nameOf: (place: number) => string): StepRow {
  const names = new Set(rows.map(({ id }) => id));
  let place = rows.length + 1;
  while (names.has(nameOf(place))) place += 1;
  const own = { id: nameOf(place), options: [], conditions: [], match: "all" };
  return { ...emptyPart("message"), ...own };
}

export const stepRowOf = (step: Step): StepRow => ({
  ...partOf(STEPS, step, ELSEWHERE),
  id: step.id,
  options: (step.options ?? []).map(({ id, title, next }) =>
    ({ key: Symbol("option"), id, title, next: next ?? "" })),
  conditions: (step.conditions ?? []).map(rowOf),
  match: step.match ?? "all",
});

export const stepOf = (row: StepRow): Step => ({
  ...bodyOf(STEPS, row),
  id: row.id.trim(),
  ...(row.type === "menu" && {
    options: row.options.map(({ id, title, next }) => ({ id, title, ...(next && { next }) })),
  }),
  ...(row.type === "condition" && {
    conditions: row.conditions.map(conditionOf), match: row.match,
  }),
}) as Step;
