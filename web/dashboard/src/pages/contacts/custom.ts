// Custom fields as lines of text, each with a name, a colon and a value.

type Fields = Record<string, unknown>;

/** A text is written as it is, anything else as JSON. */
export function linesOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/**
 * The change that leads from these fields to those lines: null for one that is gone. What was no
 * text, and whose line is as it was, stays what it is. Null where a line cannot be read.
 */
export function changeOf(before: Fields, lines: string): Fields | null {
  const after: Fields = {};
  for (const line of lines.split("\n").filter((each) => each.trim() !== "")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    if (colon < 1 || !name) return null;
    after[name] = line.slice(colon + 1).trim();
  }
  const change: Fields = {};
  for (const name of Object.keys(before)) if (!(name in after)) change[name] = null;
  for (const [name, text] of Object.entries(after)) {
    const old = before[name];
    const wasWritten = typeof old === "string" ? old.trim() : JSON.stringify(old);
    if (!(name in before) || wasWritten !== text) change[name] = text;
  }
  return change;
}
