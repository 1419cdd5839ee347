// Commands that listeners of the page's main screen carry out. The page's `Cmd` only emits an
// event, which is lost without a listener. The listeners follow about a second after the main
// screen, and do not come back after a crash of the interface.
import { AgentError } from "./failure";
import { wpp } from "./page";
import { attempt } from "./people";

const EVENTS = ["send_revoke_msgs", "archive_chat"] as const;
type ScreenEvent = (typeof EVENTS)[number];

/** Events of the main screen without a listener. */
export function eventsWithoutListener(): ScreenEvent[] {
  return EVENTS.filter((event) => !hasListener(event));
}

/** Fails where a command would be lost. */
export function assertListener(event: ScreenEvent): void {
  if (hasListener(event)) return;
  const reason = `nothing on WhatsApp Web's main screen listens for ${event}`;
  throw new AgentError("unavailable", `${reason}: try again, or restart the session`);
}

function hasListener(event: ScreenEvent): boolean {
  const count = attempt(() => {
    type Counting = { getListenersCount?: (event: string) => unknown } | undefined;
    return (wpp().whatsapp.Cmd as unknown as Counting)?.getListenersCount?.(event);
  });
  // A page that cannot count listeners is assumed to have them.
  return typeof count !== "number" || 0 < count;
}
