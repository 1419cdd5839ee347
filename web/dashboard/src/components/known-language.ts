// Gives the browser a language that Intl accepts, for libraries that hand it over unseen: a browser
// that was started without a language says "en-US@posix" or "C". Loaded before those libraries.
import { locale } from "../strings/language";

function isKnown(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

if (!isKnown(navigator.language)) {
  Object.defineProperty(navigator, "language", { configurable: true, value: locale });
}
