// Raw form of unknown objects of the page: plain data of a bounded size.
import { idText } from "./ids";

/** In characters of JSON. */
const LARGEST = 16 * 1024;
const LONGEST_TEXT = 1_024;
const MOST_ENTRIES = 100;
const DEEPEST = 4;

/** Never fails, and never exceeds its bound. */
export function rawOf(given: object): unknown {
  const attributes = read(given, "attributes");
  const plain = plainOf(isObject(attributes) ? attributes : given, 0);
  const text = JSON.stringify(plain);
  if (text.length <= LARGEST) return plain;
  const [type, subtype] = [read(given, "type"), read(given, "subtype")].map((each) =>
    typeof each === "string" ? each.slice(0, LONGEST_TEXT) : null,
  );
  return { type, subtype, truncated: text.slice(0, LARGEST / 2) };
}

function plainOf(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return value.slice(0, LONGEST_TEXT);
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return String(value);
    case "object":
      return value === null ? null : plainObject(value, depth);
    default:
      return undefined;
  }
}

function plainObject(value: object, depth: number): unknown {
  if (typeof read(value, "_serialized") === "string" || typeof read(value, "$1") === "string")
    return idText(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (DEEPEST <= depth) return null;
  if (Array.isArray(value))
    return value.slice(0, MOST_ENTRIES).map((each) => plainOf(each, depth + 1) ?? null);
  // A model references all other models.
  if (0 < depth && isObject(read(value, "attributes"))) return null;
  const entries = names(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map((name) => [name, plainOf(read(value, name), depth + 1)]));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function names(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

/** Some properties of the page are getters that throw. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
