// Commands that the page's main screen carries out: the page's `Cmd` only sends an event, and does
// nothing when nobody listens. The listeners come about a second after the main screen, and after a
// crash of the interface never, while everything else works.
import { AgentError } from "./failure";
import { wpp } from "./page";
import { attempt } from "./people";

const EVENTS = ["send_revoke_msgs", "archive_chat"] as const;
type ScreenEvent = (typeof EVENTS)[number];

/** Events of the main screen that nobody listens to now. */
export function unheardEvents(): ScreenEvent[] {
  return EVENTS.filter((event) => !isHeard(event));
}

/** Fails where a command would be lost without a word. */
export function assertHeard(event: ScreenEvent): void {
  if (isHeard(event)) return;
  const reason = `nothing on WhatsApp Web's main screen listens for ${event}`;
  throw new AgentError("unavailable", `${reason}: try again, or restart the session`);
}

function isHeard(event: ScreenEvent): boolean {
  const count = attempt(() => {
    type Counting = { getListenersCount?: (event: string) => unknown } | undefined;
    return (wpp().whatsapp.Cmd as unknown as Counting)?.getListenersCount?.(event);
  });
  // A page that does not count them is believed.
  return typeof count !== "number" || 0 < count;
}
