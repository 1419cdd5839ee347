// What the browser keeps of a visit, so that it goes on after the page is loaded again. Where a
// browser keeps nothing for frames, it lasts as long as the page.
import { token } from "./api";

/** A message that is not known to have arrived. */
export interface Waiting {
  id: string;
  text: string;
}

export interface Visit {
  session: string;
  token: string;
  /** The newest message that was seen. */
  seen: number;
}

export interface Kept {
  visit: Visit | null;
  queue: Waiting[];
}

const NAME = `wagate:${token}`;
/** Messages that wait at most. */
export const MOST_WAITING = 50;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** What is there, as far as it is what was once written. */
export function load(): Kept {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Kept>;
    const { visit, queue } = found;
    const isVisit = visit && isText(visit.session) && isText(visit.token);
    const waiting = Array.isArray(queue) ? queue : [];
    return {
      visit: isVisit ? { ...visit, seen: typeof visit.seen === "number" ? visit.seen : 0 } : null,
      queue: waiting.filter((one) => isText(one.id) && isText(one.text)).slice(0, MOST_WAITING),
    };
  } catch {
    return { visit: null, queue: [] };
  }
}

export function save(kept: Kept): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // It lasts as long as the page, then.
  }
}
