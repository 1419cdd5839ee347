// What was begun to be written in each conversation: its text, and the files that are to go with
// it. Texts outlive a reload, and all tabs that share a sign-in have the same; files live as long
// as the page. The sign-out erases both.
import { currentKey, isRemembered, onSignOut, PERSONAL } from "../../lib/credential.svelte";
import { currentMe } from "../../lib/me.svelte";

const PLACE = `${PERSONAL}note.`;
/** Conversations whose texts are kept; the oldest go first. */
const MOST = 50;

interface Note {
  text: string;
  /** Milliseconds since 1970. */
  at: number;
}

const texts = new Map<string, string>();
const files = new Map<string, File[]>();
const listeners = new Set<(place: string, text: string) => void>();

/** People who share a device have each their own. */
const placeOf = (conversation: string): string =>
  `${PLACE}${currentMe()?.user.id ?? "key"}.${conversation}`;

/** Where the credential is, so that neither outlives the other. */
const storage = (): Storage => (isRemembered() ? localStorage : sessionStorage);

export function noteOf(conversation: string): string {
  const place = placeOf(conversation);
  return texts.get(place) ?? read(storage().getItem(place))?.text ?? "";
}

export function keepNote(conversation: string, text: string): void {
  const place = placeOf(conversation);
  if (text === noteOf(conversation)) return;
  texts.set(place, text);
  try {
    if (text === "") storage().removeItem(place);
    else storage().setItem(place, JSON.stringify({ text, at: Date.now() } satisfies Note));
    makeRoom();
  } catch {
    // No room is left: it lives as long as the page.
  }
}

/** Hears of what another tab wrote, until what is returned is called. */
export function followNote(conversation: string, hear: (text: string) => void): () => void {
  const place = placeOf(conversation);
  const listener = (changed: string, text: string) => changed === place && hear(text);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const attachedTo = (conversation: string): File[] =>
  files.get(placeOf(conversation)) ?? [];

export function attach(conversation: string, list: File[]): void {
  if (list.length) files.set(placeOf(conversation), list);
  else files.delete(placeOf(conversation));
}

function makeRoom(): void {
  const places = Object.keys(storage()).filter((place) => place.startsWith(PLACE));
  if (places.length <= MOST) return;
  const age = (place: string) => read(storage().getItem(place))?.at ?? 0;
  places.sort((one, other) => age(one) - age(other));
  for (const place of places.slice(0, places.length - MOST)) storage().removeItem(place);
}

function read(stored: string | null): Note | undefined {
  try {
    const { text, at } = JSON.parse(stored ?? "") as Partial<Note>;
    return typeof text === "string" && typeof at === "number" ? { text, at } : undefined;
  } catch {
    return undefined;
  }
}

addEventListener("storage", ({ key, newValue, storageArea }) => {
  if (storageArea !== localStorage || !key?.startsWith(PLACE) || currentKey() === "") return;
  const text = read(newValue)?.text ?? "";
  texts.set(key, text);
  listeners.forEach((listener) => listener(key, text));
});

onSignOut(() => {
  texts.clear();
  files.clear();
});
