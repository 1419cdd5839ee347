// All sessions, live: read when the line to the gateway stands, and again after what happens.
import { listSessions } from "./api/gateway";
import type { GatewayEvent, Session } from "./api/types";
import { listen } from "./live.svelte";
import { Loaded } from "./load.svelte";

/** Memory and queues change without an event. */
const EVERY = 15_000;
/** The gateway counts requests: events that come together lead to one reading. */
const SOON = 250;
const LATER = 3_000;
/** What changes how a session stands, as against messages, which only move its numbers. */
const STATES = new Set([
  "qr", "authenticated", "ready", "disconnected", "failed", "state_changed",
]);

const loaded = new Loaded<Session[]>(listSessions);
let followers = 0;
let due: { timer: ReturnType<typeof setTimeout>; at: number } | undefined;

/** The sessions as last read. */
export function sessions(): Loaded<Session[]> {
  return loaded;
}

/** Keeps them up to date until what is returned is called: for an effect of a page. */
export function followSessions(): () => void {
  followers += 1;
  const stop = listen({ event: take, fresh: () => void loaded.load() });
  const timer = setInterval(() => void loaded.load(), EVERY);
  void loaded.load();
  return () => {
    stop();
    clearInterval(timer);
    followers -= 1;
  };
}

/** Loads the sessions again after a command to one of them. */
export function refreshSessions(): Promise<void> {
  return loaded.load();
}

function take(event: GatewayEvent): void {
  const wait = STATES.has(event.event) ? SOON : LATER;
  const at = Date.now() + wait;
  if (due && due.at <= at) return;
  if (due) clearTimeout(due.timer);
  const timer = setTimeout(() => {
    due = undefined;
    if (0 < followers) void loaded.load();
  }, wait);
  due = { timer, at };
}
