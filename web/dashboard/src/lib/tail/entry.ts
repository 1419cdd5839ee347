// An event as a line of the tail. What it holds was written by strangers: it is only ever text.
import { isRecord } from "../api/failure";
import type { GatewayEvent } from "../api/types";

export interface Entry {
  kind: "event";
  seq: number;
  session: string;
  name: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The chat that it is of; empty where it is of none. */
  chat: string;
  /** What it says, in a line. */
  summary: string;
  /** The whole of it as compact JSON. */
  json: string;
}

/** The log does not hold what was before this number any more. */
export interface Reset {
  kind: "reset";
  seq: number;
}

export type Row = Entry | Reset;

/** What is looked for among the events; the empty text stands for all. */
export interface Filter {
  session: string;
  name: string;
  chat: string;
  text: string;
}

const SUMMARY = 200;
/** Of the fields that tell what happened the first that there is. */
const TELLING = [
  "body", "emoji", "presence", "status", "state", "reason", "change", "action", "name",
  "pushname", "phone", "type",
];

export function entryOf(event: GatewayEvent): Entry {
  const { seq, event: name, sessionId: session, data, timestamp } = event;
  const telling = TELLING.map((field) => data[field]);
  const main = telling.find((value) => typeof value === "string" && value !== "");
  return {
    kind: "event",
    seq,
    session: session ?? "",
    name,
    at: timestamp * 1000,
    chat: chatOf(name, data),
    summary: typeof main === "string" ? main.slice(0, SUMMARY) : "",
    json: JSON.stringify(event),
  };
}

function chatOf(name: string, data: Record<string, unknown>): string {
  const fields: Record<string, string> = {
    message: "from",
    message_sent: "to",
    chat_updated: "id",
    call: "from",
  };
  const chat = data["chatId"] ?? data[fields[name] ?? ""];
  if (isRecord(chat) && typeof chat["_serialized"] === "string") return chat["_serialized"];
  return typeof chat === "string" ? chat : "";
}

/** Whether an entry is what is looked for. Markers always are. */
export function matches(row: Row, filter: Filter): boolean {
  if (row.kind === "reset") return true;
  const { session, name, chat, text } = filter;
  return (
    (!session || row.session === session)
    && (!name || row.name === name)
    && (!chat || contains(row.chat, chat))
    && (!text || contains(row.json, text) || contains(row.summary, text))
  );
}

function contains(whole: string, part: string): boolean {
  return whole.toLowerCase().includes(part.trim().toLowerCase());
}

/** Both, newest first, each number once. */
export function merged(rows: Row[], more: Row[]): Row[] {
  const found = new Map<string, Row>();
  for (const row of [...rows, ...more]) found.set(keyOf(row), row);
  return [...found.values()].sort((one, other) => place(other) - place(one));
}

export function keyOf(row: Row): string {
  return `${row.kind} ${row.seq}`;
}

/** A marker stands just before the first event that there is. */
const place = (row: Row) => (row.kind === "reset" ? row.seq - 0.5 : row.seq);

/** As many of the first rows as may be kept. */
export function bounded(rows: Row[], most: number, mostLetters: number): Row[] {
  let letters = 0;
  const end = rows.findIndex((row, index) => {
    letters += row.kind === "event" ? row.json.length : 0;
    return index === most || (mostLetters < letters && 0 < index);
  });
  return end === -1 ? rows : rows.slice(0, end);
}
