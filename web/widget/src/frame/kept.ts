// What the browser keeps of a visit, so that it goes on after the page is loaded again. Many
// browsers keep nothing for a frame of another site: then the page around keeps it.
import { token } from "./api";

/** A message that is not known to have arrived. */
export interface QueuedMessage {
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
  queue: QueuedMessage[];
}

const NAME = `wagate:${token}`;
/** Messages that are queued at most. */
export const MOST_QUEUED = 50;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** How long the page around may take to say what it keeps. */
const PATIENCE = 2_000;

/** Says something to the page around; `hear` gives what it says under a name. */
export interface Around {
  tell: (message: Record<string, unknown>) => void;
  hear: (name: string, handle: (message: Record<string, unknown>) => void) => void;
}

export class VisitStore {
  private constructor(
    private readonly own: Storage | null, private readonly around: Around, readonly kept: Kept,
  ) {}

  static async open(around: Around): Promise<VisitStore> {
    const own = ownStorage();
    const text = own ? own.getItem(NAME) : await askAround(around);
    return new VisitStore(own, around, read(text ?? ""));
  }

  save(): void {
    const text = JSON.stringify(this.kept);
    try {
      if (this.own) this.own.setItem(NAME, text);
      // That there is something, so that the frame is loaded with the page.
      this.around.tell({ wagate: "keep", value: this.own ? "own" : text });
    } catch {
      // The storage is full: it lasts as long as the page.
    }
  }
}

function ownStorage(): Storage | null {
  try {
    localStorage.setItem(`${NAME}?`, "");
    localStorage.removeItem(`${NAME}?`);
    return localStorage;
  } catch {
    return null;
  }
}

function askAround(around: Around): Promise<string | null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), PATIENCE);
    around.hear("kept", ({ value }) => resolve(isText(value) ? value : null));
    around.tell({ wagate: "load" });
  });
}

/** What was written, as far as it is what is written here. */
function read(text: string): Kept {
  try {
    const { visit, queue } = JSON.parse(text) as Partial<Kept>;
    const isVisit = visit && isText(visit.session) && isText(visit.token);
    const seen = typeof visit?.seen === "number" ? visit.seen : 0;
    const waiting = Array.isArray(queue) ? queue : [];
    return {
      visit: isVisit ? { session: visit.session, token: visit.token, seen } : null,
      queue: waiting.filter((one) => isText(one.id) && isText(one.text)).slice(0, MOST_QUEUED),
    };
  } catch {
    return { visit: null, queue: [] };
  }
}
