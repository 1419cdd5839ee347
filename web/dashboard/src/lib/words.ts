// What is written into fields, as the gateway takes it: lists of words with commas or line breaks
// between them, texts that may be empty, times.

export const unique = (words: readonly string[]): string[] => [...new Set(words)];

export function wordsOf(text: string): string[] {
  const words = text.split(/[,،\n]/).map((word) => word.trim());
  return unique(words).filter((word) => word !== "");
}

export const inOneField = (words: readonly string[]): string => words.join(", ");

/** A text that may be left empty: empty stands for none. */
export const orNull = (text: string): string | null => (text.trim() === "" ? null : text);

/** Milliseconds since 1970 as RFC 3339. */
export const isoTime = (moment: number): string => new Date(moment).toISOString();
