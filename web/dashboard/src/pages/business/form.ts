// What each group of settings is given.
import type { Settings, SettingsChange } from "../../lib/api/settings";

interface Action {
  label: string;
  onchoose: () => void;
}

export interface GroupProps {
  settings: Settings;
  save: (change: SettingsChange) => Promise<void>;
  /** Shown to those who may not change it. */
  fixed: boolean;
  /** What lets the configuration hold again for these settings of a group, once it is confirmed. */
  reset: (group: string, change: SettingsChange) => Action;
}

/** The fault of a field, as `FormCard` gives it. */
export type Fault = (field: string) => string | undefined;
