// Puts the words of the language in the place of the English ones, which stand in the files that
// ask for it. A translation comes with the first page that uses its words.
import ar from "./ar";
import de from "./de";
import es from "./es";
import hi from "./hi";
import { language, type Language } from "./language";
import type { Pack, Part } from "./pack";
import pt from "./pt";

export const PACKS: Record<Exclude<Language, "en">, Pack> = { de, es, pt, ar, hi };

const coming: Promise<unknown>[] = [];

/** The words of a part: English, until those of the language have come. */
export function translated<Texts extends object>(part: Part, english: Texts): Texts {
  if (language !== "en") {
    const load = PACKS[language][part];
    coming.push(load().then((loaded) => Object.assign(english, loaded.default)));
  }
  return english;
}

/** Gives what was loaded once its words have come, too: nothing is shown in English first. */
export async function withWords<Loaded>(loading: Promise<Loaded>): Promise<Loaded> {
  const loaded = await loading;
  await Promise.all(coming);
  return loaded;
}
