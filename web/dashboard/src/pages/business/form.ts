// What each group of settings is given.
import type { Settings, SettingsChange } from "../../lib/api/settings";

export interface GroupProps {
  settings: Settings;
  save: (change: SettingsChange) => Promise<void>;
  /** Shown to those who may not change it. */
  fixed: boolean;
}

/** The fault of a field, as `FormCard` gives it. */
export type Fault = (field: string) => string | undefined;

export const optionsOf = (words: Record<string, string>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

/** What was chosen, as one of these words. */
export const oneOf = <Word extends string>(
  words: Record<Word, string>, chosen: string,
): Word | null => (chosen in words ? (chosen as Word) : null);
