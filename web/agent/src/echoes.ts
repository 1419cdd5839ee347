// Echo suppression: the page's events for the gateway's own actions are not reported again.

/** How long an event may follow its action. */
const LIFE = 30_000;

const expected = new Map<string, number>();

/** Runs an action whose event on the message is named `what`. */
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

/** Whether the event was expected. Removes the expectation. */
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
