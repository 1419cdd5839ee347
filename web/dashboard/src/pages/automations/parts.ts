// Parts of a rule or a flow as forms have them: a type, and texts for the fields of that type.
// What a form does not know stays as it is while the type does.
import { wordsOf } from "../../lib/words";

export interface Spec {
  name: string;
  kind: "text" | "lines" | "number" | "choice" | "person" | "webhook" | "step" | "words" | "yes"
  | "file";
  /** Of a choice, in the language that has come by the time they are asked for. */
  options?: () => Record<string, string>;
  isOptional?: boolean;
  most?: number;
}
export type Specs = Record<string, readonly Spec[]>;

export interface Part {
  /** What a list knows it by. */
  readonly key: symbol;
  type: string;
  values: Record<string, string>;
  /** Fields that no form has. */
  kept: Record<string, unknown>;
}

export const YES = "yes";

export const emptyPart = (type: string): Part =>
  ({ key: Symbol(type), type, values: {}, kept: {} });

/** `known` are names that are shown elsewhere. */
export function partOf(
  specs: Specs, body: { type: string; [name: string]: unknown }, known: readonly string[] = [],
): Part {
  const part = emptyPart(body.type);
  const names = (specs[body.type] ?? []).map(({ name }) => name);
  for (const [name, value] of Object.entries(body)) {
    if (name === "type" || known.includes(name) || value === null || value === undefined) continue;
    if (names.includes(name)) part.values[name] = textOf(value);
    else part.kept[name] = value;
  }
  return part;
}

/** The part as requests have it; what is empty is left out. */
export function bodyOf(specs: Specs, part: Part): { type: string } & Record<string, unknown> {
  const body: { type: string } & Record<string, unknown> = { ...part.kept, type: part.type };
  for (const spec of specs[part.type] ?? []) {
    const value = valueOf(spec, part.values[spec.name] ?? "");
    if (value !== undefined) body[spec.name] = value;
  }
  return body;
}

/** The same part as another type: only the fields that both have stay. */
export function turnInto(part: Part, type: string): void {
  part.type = type;
  part.kept = {};
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "boolean") return value ? YES : "";
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function valueOf({ kind }: Spec, text: string): unknown {
  if (kind === "yes") return text === YES;
  if (text.trim() === "") return undefined;
  if (kind === "number") return Number(text);
  return kind === "words" ? wordsOf(text) : text;
}

/** Moves an entry of a list by so many places. */
export function move(list: unknown[], place: number, by: number): void {
  const [entry] = list.splice(place, 1);
  if (entry !== undefined) list.splice(place + by, 0, entry);
}
