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

/** The choices of a field, in the order of their words. */
export const optionsOf = (words: Record<string, string>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

/** What was chosen, as one of these words. */
export const oneOf = <Word extends string>(
  words: Record<Word, string>, chosen: string,
): Word | null => (chosen in words ? (chosen as Word) : null);

/** A moment as a field for a time of this device has it: `2026-03-24T10:31`. */
export function localTime(at: string): string {
  const moment = new Date(at);
  return isoTime(moment.getTime() - moment.getTimezoneOffset() * 60_000).slice(0, 16);
}

/** Milliseconds since 1970 as RFC 3339. */
export const isoTime = (moment: number): string => new Date(moment).toISOString();
