// The event log: pages of it, and the commands that follow it elsewhere.
import { currentKey } from "../credential.svelte";
import { EventReader } from "../sse";
import { address, fetchAnswer, type Query } from "./client";
import { isRecord } from "./failure";
import { inPath } from "./gateway";
import type { GatewayEvent } from "./types";

/** The names that the gateway knows, in the order in which people look for them. */
export const EVENT_NAMES = [
  "message",
  "message_sent",
  "ack",
  "message_edit",
  "message_revoked",
  "message_cancelled",
  "sending_held",
  "sending_resumed",
  "reaction",
  "poll_vote",
  "qr",
  "authenticated",
  "ready",
  "disconnected",
  "failed",
  "state_changed",
  "group_join",
  "group_leave",
  "group_update",
  "chat_updated",
  "contact_updated",
  "identity_learned",
  "presence",
  "call",
  "history_gap",
  "unknown",
  "webhook.disabled",
];

/** What the gateway itself can choose by; the empty text stands for all. */
export interface Choice {
  session: string;
  name: string;
}

export interface LogPage {
  events: GatewayEvent[];
  /** The first number that the log still holds, where it was asked for more than that. */
  oldest: number | null;
}

const DEADLINE = 30_000;

/** The events after one number up to another, oldest first. */
export async function readLog(
  choice: Choice,
  since: number,
  until: number,
  signal?: AbortSignal,
): Promise<LogPage> {
  const headers = { accept: "text/event-stream" };
  const query = { ...queryOf(choice), since, until };
  const options = { headers, query, signal, deadline: DEADLINE };
  const response = await fetchAnswer(streamPath(choice), options);
  const page: LogPage = { events: [], oldest: null };
  for (const { name, data } of new EventReader().read(await response.text())) {
    const parsed: unknown = JSON.parse(data);
    if (!isRecord(parsed)) continue;
    if (name === "reset") page.oldest = Number(parsed["oldest"]);
    else page.events.push(parsed as unknown as GatewayEvent);
  }
  return page;
}

/** The lines for a terminal that give the same stream. A WebSocket follows one session. */
export function commands(choice: Choice): { curl: string; websocat?: string; wscat?: string } {
  const url = address(streamPath(choice), queryOf(choice));
  // The command reads the key from the environment, so that no key is copied.
  const header = currentKey() ? '"Authorization: Bearer $WAGATE_KEY"' : "";
  const curl = ["curl -N", header && `-H ${header}`, quoted(url.href)];
  const found = { curl: joined(curl) };
  if (!choice.session) return found;
  const socket = address(`ws/${inPath(choice.session)}`, queryOf(choice));
  socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
  const place = quoted(socket.href);
  const websocat = joined(["websocat", header && `-H=${header}`, place]);
  const wscat = joined(["wscat", header && `-H ${header}`, `-c ${place}`]);
  return { ...found, websocat, wscat };
}

/** A text as one word for a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const joined = (parts: string[]) => parts.filter((part) => part !== "").join(" ");

const queryOf = ({ name }: Choice): Query => ({ events: name });

function streamPath({ session }: Choice): string {
  return session ? `api/v1/sessions/${inPath(session)}/events` : "api/v1/events";
}
