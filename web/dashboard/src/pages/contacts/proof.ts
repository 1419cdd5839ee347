// The proof of an opt-in: a time (RFC 3339) with words behind it, or words alone.

export interface Proof {
  /** Milliseconds since 1970; null for a proof without a time. */
  at: number | null;
  words: string;
}

const TIME = /^(\d{4}-\d{2}-\d{2}T\S+)(?:\s+(.*))?$/s;

export function proofOf(text: string): Proof {
  const found = TIME.exec(text);
  const at = Date.parse(found?.[1] ?? "");
  return Number.isFinite(at) ? { at, words: found?.[2] ?? "" } : { at: null, words: text };
}
