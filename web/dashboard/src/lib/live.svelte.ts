// What happens at the gateway, as it happens: one stream for the whole dashboard.
//
// Where the line breaks it is taken up again after the last event that came, so that nothing is
// missed. Who listens reads the present once the line stands and lets events change it; when the
// gateway no longer holds what was missed, or the page was away too long, `fresh` is called again.
import { fetchAnswer } from "./api/client";
import { Failure, isRecord } from "./api/failure";
import type { GatewayEvent } from "./api/types";
import { EventReader, type ServerEvent } from "./sse";

/** Changes of conversations, notes and colleagues. The log does not list them. */
const OF_INBOX = new Set([
  "conversation.changed", "conversation.message", "note.added", "presence.changed",
]);

export function isOfInbox({ event }: GatewayEvent): boolean {
  return OF_INBOX.has(event);
}

/** `denied`: the key may not follow events, and asking again would not help. */
export type LineState = "closed" | "connecting" | "open" | "waiting" | "denied";

export interface Listener {
  event?(event: GatewayEvent): void;
  /** Events were missed: load the current state again. */
  fresh?(): void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** The gateway gives a sign of life every 15 s: a line that is silent for longer is dead. */
const SILENCE = 40_000;

let state = $state<LineState>("closed");
// Nothing is shown of it, so nothing need follow it.
// eslint-disable-next-line svelte/prefer-svelte-reactivity
const listeners = new Set<Listener>();
let lastId: string | null = null;
let stopper: AbortController | null = null;
let withInbox = false;

export function lineState(): LineState {
  return state;
}

/** The number of the newest event that is known of; 0 before the line stood. */
export function newestNumber(): number {
  return Number(lastId ?? 0);
}

/** Hears everything from now on, until what is returned is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** With `inbox`, what becomes of conversations in the inbox comes too: that needs its own scope. */
export function openLine(inbox: boolean): void {
  if (stopper) return;
  withInbox = inbox;
  stopper = new AbortController();
  void keepOpen(stopper.signal);
}

export function closeLine(): void {
  stopper?.abort();
  stopper = null;
  lastId = null;
  state = "closed";
}

async function keepOpen(stopped: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  while (!stopped.aborted) {
    state = "connecting";
    const wasOpen = await follow(stopped);
    // TypeScript takes what was true before the wait for true still.
    if ((stopped as { aborted: boolean }).aborted || lineState() === "denied") return;
    pause = wasOpen ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
    state = "waiting";
    await pauseOrOnline(pause, stopped);
  }
}

/** Follows one line to its end; whether it ever stood. */
async function follow(stopped: AbortSignal): Promise<boolean> {
  const dead = new AbortController();
  const end = AbortSignal.any([stopped, dead.signal]);
  let isOpen = false;
  let watch = setTimeout(() => dead.abort(), SILENCE);
  try {
    const headers = { accept: "text/event-stream", ...(lastId && { "last-event-id": lastId }) };
    const query = { inbox: withInbox || null };
    const options = { headers, query, signal: end, deadline: null };
    const response = await fetchAnswer("api/v1/events", options);
    const body = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const reader = new EventReader();
    while (body) {
      const { done, value } = await body.read();
      if (done) break;
      clearTimeout(watch);
      watch = setTimeout(() => dead.abort(), SILENCE);
      const events = reader.read(value);
      const isFirst = lastId === null;
      // Where the stream begins: broken before anything came, it goes on from there.
      lastId ??= reader.id;
      if (!isOpen) {
        isOpen = true;
        state = "open";
        if (isFirst) tellFresh();
      }
      events.forEach(take);
    }
  } catch (error) {
    // Signed out: the next sign-in opens a new connection.
    if (error instanceof Failure && error.status === 401) closeLine();
    if (error instanceof Failure && error.status === 403) state = "denied";
  } finally {
    clearTimeout(watch);
  }
  return isOpen;
}

function take(event: ServerEvent): void {
  if (event.id) lastId = event.id;
  if (event.name === "reset") {
    tellFresh();
    return;
  }
  const parsed = parse(event.data);
  if (parsed) listeners.forEach((listener) => listener.event?.(parsed));
}

function tellFresh(): void {
  listeners.forEach((listener) => listener.fresh?.());
}

function parse(text: string): GatewayEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value["event"] !== "string") return null;
    return isRecord(value["data"]) ? (value as unknown as GatewayEvent) : null;
  } catch {
    return null;
  }
}

/** A pause with some chance in it, so that many pages do not come back at once. */
function pauseOrOnline(milliseconds: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      stopped.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds * (0.75 + Math.random() / 2));
    addEventListener("online", finish);
    stopped.addEventListener("abort", finish);
  });
}
