// Sends in flight. The answer of a send replaces the page's event of the message. Receipts are
// reported after the answer, since the gateway does not know the message before.

/** Delay in milliseconds after an answer, so that no event overtakes it. */
const HEAD_START = 5;
/** Longest wait for an answer; after it the events are reported without one. */
const LONGEST = 60_000;

type Tell = () => void;

interface Held {
  /** The page's event of the message, reported only if the send has no answer. */
  message: Tell | null;
  /** Events of the message that wait for the answer. */
  after: Tell[];
}

/** Sends in flight, by key. */
const underWay = new Map<string, Held>();

export async function sending<T>(key: string, act: () => Promise<T>): Promise<T> {
  const held: Held = { message: null, after: [] };
  const release = () => {
    // The same message may be in flight twice.
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

/** Reports an own message, unless the answer to its send does. */
export function tellSent(id: string, tell: Tell): void {
  const held = underWay.get(keyOf(id));
  if (held) held.message = tell;
  else tell();
}

/** Reports an event of a message, after the answer to its send. */
export function tellAfter(id: string, tell: Tell): void {
  const held = underWay.get(keyOf(id));
  if (held) held.after.push(tell);
  else tell();
}

/** Whether a message is being sent. */
export function isUnderWay(id: string): boolean {
  return underWay.has(keyOf(id));
}

function keyOf(id: string): string {
  return id.split("_")[2] ?? "";
}
