// The control API of the simulated network, and the two calls of the session API that a scan needs.
import type { Chat, Message } from "../protocol";

export interface Account {
  phone: string;
  name: string;
}
export interface Device {
  id: string;
  linkedAt: string;
  connected: boolean;
}

export const key = {
  get: (): string => sessionStorage.getItem("api-key") ?? "",
  set: (value: string): void => sessionStorage.setItem("api-key", value),
};

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key.get()) headers["x-api-key"] = key.get();
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text.slice(0, 300)}`);
  return (text ? JSON.parse(text) : {}) as T;
}

const ROOT = "/_simulator/v1/accounts";
const of = (phone: string, rest = ""): string => `${ROOT}/${encodeURIComponent(phone)}${rest}`;

export const control = {
  accounts: () => call<{ accounts: Account[] }>("GET", ROOT),
  open: (phone: string, name: string) => call("POST", ROOT, { phone, name }),
  scan: (phone: string, code: string) => call("POST", of(phone, "/scan"), { code }),
  pair: (phone: string, code: string) => call("POST", of(phone, "/pairing-code"), { code }),
  devices: (phone: string) => call<{ devices: Device[] }>("GET", of(phone, "/devices")),
  removeDevice: (phone: string, id: string) => call("DELETE", of(phone, `/devices/${encodeURIComponent(id)}`)),
  chats: (phone: string) => call<{ chats: Chat[] }>("GET", of(phone, "/chats")),
  messages: (phone: string, chat: string) => call<{ messages: Message[] }>("GET", of(phone, `/chats/${encodeURIComponent(chat)}/messages`)),
  write: (phone: string, message: Record<string, unknown>) => call("POST", of(phone, "/messages"), message),
  sessions: () => call<unknown>("GET", "/api/v1/sessions"),
  qrText: (session: string) => call<unknown>("GET", `/api/v1/sessions/${encodeURIComponent(session)}/qr?format=text`),
};
