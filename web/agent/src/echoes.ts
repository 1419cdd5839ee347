// What the gateway did itself comes back as an event of the page: it is not told a second time.

/** How long an event may take to follow what caused it. */
const LIFE = 30_000;

const expected = new Map<string, number>();

/** Carries out what will be heard of as `what` happening to a message. */
export async function silently(
  what: "edit" | "react",
  message: string,
  value: string,
  act: () => Promise<unknown>,
): Promise<void> {
  const name = nameOf(what, message, value);
  forgetOld();
  expected.set(name, Date.now() + LIFE);
  try {
    await act();
  } catch (error) {
    expected.delete(name);
    throw error;
  }
}

/** Whether this was expected; it is no longer then. */
export function isEcho(what: "edit" | "react", message: string, value: string): boolean {
  forgetOld();
  return expected.delete(nameOf(what, message, value));
}

function nameOf(what: string, message: string, value: string): string {
  return `${what} ${message} ${value.trim()}`;
}

function forgetOld(): void {
  for (const [name, until] of expected) if (until <= Date.now()) expected.delete(name);
}
