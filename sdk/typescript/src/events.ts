/** Events of the gateway's log, over server-sent events. */
import { WagateError } from "./errors.js";
import { sleep } from "./retry.js";
import type { components } from "./schema.js";

export type Event = components["schemas"]["Event"];
export type EventName = Event["event"];
export type EventOf<Name extends EventName> = Extract<Event, { event: Name }>;

export interface StreamOptions<Name extends EventName = EventName> {
  /** Names of the events wanted; all of them by default. */
  events?: readonly Name[];
  /** Begin behind this number of the log; with the present by default. Keep `seq` of the last event that you handled. */
  since?: number;
  /** Ends the stream. */
  signal?: AbortSignal;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

export interface Frame {
  id?: number;
  event?: string;
  data?: string;
}

/** Frames of a stream of server-sent events. */
export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of body) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield frameOf(block);
  }
}

function frameOf(block: string): Frame {
  const frame: Frame = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === "id") frame.id = Number(value);
    if (name === "event" && value !== undefined) frame.event = value;
    if (name === "data" && value !== undefined) frame.data = value;
  }
  return frame;
}

/**
 * Follows the log. A lost connection is made again, behind the last event that was given: none is missed or doubled.
 * Ends when the session is removed; throws where the key is refused.
 */
export async function* follow<Name extends EventName>(
  open: (since: number | undefined, signal: AbortSignal | undefined) => Promise<Response>,
  { since, signal }: StreamOptions<Name>,
): AsyncGenerator<EventOf<Name>> {
  let position = since;
  let failures = 0;
  while (!signal?.aborted) {
    try {
      const answer = await open(position, signal);
      if (!answer.ok) throw WagateError.of(answer.status, await answer.json().catch(() => undefined));
      if (!answer.body) throw new TypeError("the stream has no body");
      for await (const frame of framesOf(answer.body)) {
        failures = 0;
        if (frame.event === "closed") return;
        if (frame.data !== undefined && frame.id !== undefined) {
          yield JSON.parse(frame.data) as EventOf<Name>;
        }
        // After the event was handled: one that was not is read again. The stream names its place at the beginning.
        if (frame.id !== undefined) position = frame.id;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof WagateError && isFinal(error.status)) throw error;
    }
    failures += 1;
    await sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)));
  }
}

function isFinal(status: number): boolean {
  return status !== 429 && 400 <= status && status < 500;
}
