// Messages on their way out. The answer tells the gateway of each: the page's own event of it says
// nothing more, and what becomes of it is told after the answer, since before nobody knows of what.

/** Answers and events go different ways: by so many milliseconds no event overtakes its answer. */
const HEAD_START = 5;
/** An answer that is longer in coming may never come. What happened is told all the same. */
const LONGEST = 60_000;

type Tell = () => void;

interface Held {
  /** The page's event of the message, told only where no answer says that it was sent. */
  message: Tell | null;
  /** What became of it meanwhile. */
  after: Tell[];
}

/** The messages that are being sent, by key. */
const underWay = new Map<string, Held>();

export async function sending<T>(key: string, act: () => Promise<T>): Promise<T> {
  const held: Held = { message: null, after: [] };
  const release = () => {
    // The same message may be on its way once more.
    if (underWay.get(key) === held) underWay.delete(key);
    held.message?.();
    held.after.splice(0).forEach((tell) => tell());
    held.message = null;
  };
  underWay.set(key, held);
  const timer = setTimeout(release, LONGEST);
  try {
    const sent = await act();
    held.message = null;
    return sent;
  } finally {
    clearTimeout(timer);
    setTimeout(release, HEAD_START);
  }
}

/** Tells of an own message, unless the answer to its send does. */
export function tellSent(id: string, tell: Tell): void {
  const held = underWay.get(keyOf(id));
  if (held) held.message = tell;
  else tell();
}

/** Tells what became of a message, not before the answer to its send. */
export function tellAfter(id: string, tell: Tell): void {
  const held = underWay.get(keyOf(id));
  if (held) held.after.push(tell);
  else tell();
}

/** Whether a message is on its way out. */
export function isUnderWay(id: string): boolean {
  return underWay.has(keyOf(id));
}

function keyOf(id: string): string {
  return id.split("_")[2] ?? "";
}
