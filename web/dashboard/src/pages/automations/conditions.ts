// Conditions as rows of a form: what is compared, how, and with what.
import type { Condition } from "../../lib/api/automations";
import { wordsOf } from "../../lib/words";
import { automations } from "../../strings/automations";
import { YES } from "./parts";

export interface Row {
  /** What a list knows it by. */
  readonly key: symbol;
  field: string;
  op: string;
  value: string;
}

export const MOST = 20;
const NO = "no";

const TEXT = ["contains", "not_contains", "equals", "not_equals", "starts_with", "regex", "in"];
const WORD = ["equals", "not_equals", "in"];
const TAGS = ["contains", "not_contains", "in"];
const NUMBER = ["equals", "not_equals", "gt", "lt", "in"];
const OPS: Record<string, readonly string[]> = {
  "message.text": TEXT,
  "contact.phone": TEXT,
  "session.channel": WORD,
  "session.status": WORD,
  "session.tags": TAGS,
  "contact.tags": TAGS,
  rating: NUMBER,
  "time.hour": NUMBER,
  "time.weekday": NUMBER,
  is_first_message: ["equals"],
};

export const FIELDS = Object.keys(OPS);

export const newRow = (): Row =>
  ({ key: Symbol("condition"), field: "message.text", op: "contains", value: "" });

/** How a field can be compared; a way that it bears already is among them. */
export function opsOf({ field, op }: Row): readonly string[] {
  const own = OPS[field] ?? [];
  return own.includes(op) ? own : [...own, op];
}

/** The values of a field of which there are few; none where anything can be written. */
export function choicesOf({ field, op }: Row): Record<string, string> | undefined {
  if (field === "is_first_message") return { [YES]: automations.yes, [NO]: automations.no };
  if (op === "in") return undefined;
  if (field === "session.channel") return automations.condition.channels;
  return field === "session.status" ? automations.condition.statuses : undefined;
}

/** Another field: its ways and values take the place of those that it does not know. */
export function turnTo(row: Row, field: string): void {
  row.field = field;
  const ops = OPS[field] ?? [];
  if (!ops.includes(row.op)) row.op = ops[0] ?? row.op;
  settle(row);
}

/** The first choice where the value is none. */
export function settle(row: Row): void {
  const choices = choicesOf(row);
  if (choices && !(row.value in choices)) row.value = Object.keys(choices)[0] ?? "";
}

export function rowOf({ field, op, value }: Condition): Row {
  const key = Symbol("condition");
  if (Array.isArray(value)) return { key, field, op, value: value.join(", ") };
  if (typeof value === "boolean") return { key, field, op, value: value ? YES : NO };
  const isPlain = typeof value === "string" || typeof value === "number";
  return { key, field, op, value: isPlain ? String(value) : "" };
}

export function conditionOf({ field, op, value }: Row): Condition {
  return { field, op, value: valueOf(field, op, value) } as Condition;
}

function valueOf(field: string, op: string, text: string): unknown {
  if (field === "is_first_message") return text === YES;
  if (op === "in") return wordsOf(text);
  const isNumber = OPS[field] === NUMBER && text.trim() !== "" && Number.isFinite(Number(text));
  return isNumber ? Number(text) : text;
}
