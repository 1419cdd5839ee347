// Client of the simulated network's control API, and of two calls of the session API for a scan.
// Answers are validated: an envelope with `data`, or one with `error`.
import type { Account, Behaviour, Chat, Device, Draft, Jid, Message, MessageId } from "./types";

/** A session that waits for a scan. */
export interface WaitingSession {
  sessionId: string;
}

/** The failure of a call; its status is 0 when there was no answer. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  get needsKey(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** The API key, for as long as this tab lives. */
export const key = {
  get: (): string => sessionStorage.getItem("api-key") ?? "",
  set: (value: string): void => {
    sessionStorage.setItem("api-key", value);
  },
};

type Fields = Record<string, unknown>;

const PATIENCE = 30_000;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function parsed(text: string): Fields {
  try {
    return fields(JSON.parse(text) as unknown);
  } catch {
    return {};
  }
}

function failure(answer: Response, envelope: Fields): Failure {
  const { message } = fields(envelope["error"]);
  const reason = typeof message === "string" ? message : `${answer.status} ${answer.statusText}`;
  return new Failure(answer.status, reason.trim());
}

async function call(method: string, path: string, body?: object): Promise<Fields> {
  const headers = new Headers();
  if (body) headers.set("content-type", "application/json");
  if (key.get()) headers.set("x-api-key", key.get());
  const request: RequestInit = {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
    // Without this a browser shows a dialog of its own for a 401.
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE),
  };
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, request);
    text = await answer.text();
  } catch {
    throw new Failure(0, "The gateway does not answer.");
  }
  const envelope = parsed(text);
  if (!answer.ok || envelope["success"] !== true) throw failure(answer, envelope);
  return envelope;
}

function listed<T>(value: unknown): T[] {
  if (!Array.isArray(value)) throw new Failure(0, "The gateway gave an answer without a list.");
  return value as T[];
}

async function list<T>(path: string, name: string): Promise<T[]> {
  const { data } = await call("GET", path);
  return listed<T>(fields(data)[name]);
}

const ACCOUNTS = "/_simulator/v1/accounts";
const SESSIONS = "/api/v1/sessions";

function of(phone: string, rest: string): string {
  return `${ACCOUNTS}/${encodeURIComponent(phone)}/${rest}`;
}

export function accounts(): Promise<Account[]> {
  return list<Account>(ACCOUNTS, "accounts");
}

export async function open(phone: string, name: string): Promise<void> {
  await call("POST", ACCOUNTS, { phone, name });
}

export async function behave(phone: string, behaviour: Behaviour): Promise<void> {
  await call("PUT", of(phone, "behaviour"), { behaviour });
}

export async function scan(phone: string, code: string): Promise<void> {
  await call("POST", of(phone, "scan"), { code });
}

export async function typePairingCode(phone: string, code: string): Promise<void> {
  await call("POST", of(phone, "pairing-code"), { code });
}

export function devices(phone: string): Promise<Device[]> {
  return list<Device>(of(phone, "devices"), "devices");
}

export async function removeDevice(phone: string, device: string): Promise<void> {
  await call("DELETE", of(phone, `devices/${encodeURIComponent(device)}`));
}

export function chats(phone: string): Promise<Chat[]> {
  return list<Chat>(of(phone, "chats"), "chats");
}

export function messages(phone: string, chat: Jid): Promise<Message[]> {
  return list<Message>(of(phone, `chats/${encodeURIComponent(chat)}/messages`), "messages");
}

export async function write(phone: string, draft: Draft): Promise<void> {
  await call("POST", of(phone, "messages"), draft);
}

/** An empty emoji takes the reaction back. */
export async function react(phone: string, message: MessageId, emoji: string): Promise<void> {
  await call("POST", of(phone, "reactions"), { message, emoji });
}

export async function edit(phone: string, message: MessageId, text: string): Promise<void> {
  await call("POST", of(phone, "edits"), { message, text });
}

export async function remove(phone: string, message: MessageId): Promise<void> {
  await call("POST", of(phone, "revocations"), { message });
}

export async function read(phone: string, chat: Jid): Promise<void> {
  await call("POST", of(phone, "read"), { chat });
}

/**
 * Cuts or restores the connection of a phone's devices. Returns the number of connected devices.
 */
export async function setConnected(phone: string, connected: boolean): Promise<number> {
  const { data } = await call("POST", of(phone, "line"), { connected });
  return Number(fields(data)["devices"] ?? 0);
}

/** Waits for a newer change on the phones, for a limited time. Returns its number. */
export async function changeAfter(revision: number): Promise<number> {
  const { data } = await call("GET", `/_simulator/v1/changes?after=${revision}`);
  return Number(fields(data)["revision"] ?? 0);
}

export async function waitingSessions(): Promise<WaitingSession[]> {
  const { data } = await call("GET", `${SESSIONS}?status=qr_ready`);
  return listed<WaitingSession>(data);
}

export async function codeOf(session: string): Promise<string> {
  const { data } = await call("GET", `${SESSIONS}/${encodeURIComponent(session)}/qr?format=text`);
  const code = fields(data)["qrText"];
  if (typeof code !== "string") throw new Failure(0, "This session shows no QR code now.");
  return code;
}
