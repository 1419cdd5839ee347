// What a composer offers while somebody types: texts behind a slash, people behind an at sign.

export interface Offer {
  key: string;
  label: string;
  hint?: string;
  /** The text that takes the place of what was typed. */
  take: () => string | Promise<string>;
}

/** Finds offers for what stands behind a sign, by the sign. */
export type Offers = Partial<Record<"/" | "@", (words: string) => Promise<Offer[]>>>;

export interface Asked {
  sign: "/" | "@";
  words: string;
  /** Where the sign stands. */
  from: number;
}

/** What is asked for by the text before the cursor: a slash begins the text, an at sign a word. */
export function askedBy(before: string): Asked | null {
  const slash = /^\/(\S{0,40})$/.exec(before);
  if (slash) return { sign: "/", words: slash[1] ?? "", from: 0 };
  const at = /(?:^|\s)@([^\s@]{0,40})$/.exec(before);
  if (!at) return null;
  const words = at[1] ?? "";
  return { sign: "@", words, from: before.length - words.length - 1 };
}
