// Languages that a bot can be set to. Any tag is good: one from elsewhere stays a choice.
import { bots as words } from "../../strings/bots";

export function languageOptions(chosen: string): { value: string; label: string }[] {
  const known = Object.entries(words.languages).map(([value, label]) => ({ value, label }));
  const isKnown = chosen in words.languages;
  return isKnown ? known : [...known, { value: chosen, label: chosen }];
}
