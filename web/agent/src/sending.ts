// Messages on their way out. The answer tells the gateway of each: the page's own event of it says
// nothing more, and what becomes of it is told after the answer, since before nobody knows of what.

/** Answers and events go different ways: by so many milliseconds no event overtakes its answer. */
const HEAD_START = 5;

type Tell = () => void;

interface Held {
  /** The page's event of the message, told only where the answer is a failure. */
  message: Tell | null;
  /** What became of it meanwhile. */
  after: Tell[];
}

/** The messages that are being sent, by key. */
const underWay = new Map<string, Held>();

export async function sending<T>(key: string, act: () => Promise<T>): Promise<T> {
  const held: Held = { message: null, after: [] };
  underWay.set(key, held);
  try {
    const sent = await act();
    held.message = null;
    return sent;
  } finally {
    setTimeout(() => {
      underWay.delete(key);
      held.message?.();
      held.after.forEach((tell) => tell());
    }, HEAD_START);
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

function keyOf(id: string): string {
  return id.split("_")[2] ?? "";
}
