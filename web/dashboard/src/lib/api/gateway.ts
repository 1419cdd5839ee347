// The ways to the gateway, one function for each: pages name no paths. A page of its own adds its
// functions in a file of its own beside this one.
import { blobUrl, call } from "./client";
import type {
  ApiKey,
  ApiKeyDraft,
  Check,
  Health,
  History,
  Info,
  LogLine,
  PairingCode,
  QrCode,
  Session,
  SessionDraft,
} from "./types";

const SESSIONS = "api/v1/sessions";
const KEYS = "api/v1/api-keys";

/** Every id goes through here: it is a stranger's text and may hold anything. */
export const inPath = encodeURIComponent;

const sessionPath = (id: string, rest = "") => `${SESSIONS}/${inPath(id)}${rest}`;

export const readInfo = (signal?: AbortSignal) => call<Info>("api/v1/info", { signal });
export const examine = () => call<Check[]>("api/v1/doctor");

/** A gateway that is unwell answers 503, and says all the same how it is. */
export const readHealth = () => call<Health>("api/v1/health", { takes: 503 });

export const readHistory = (minutes: number) =>
  call<History>("api/v1/metrics/history", { query: { minutes } });

export const listSessions = () => call<Session[]>(SESSIONS);
export const readSession = (id: string) => call<Session>(sessionPath(id));

export const createSession = (draft: SessionDraft) =>
  call<Session>(SESSIONS, { method: "POST", body: draft });

export const restartSession = (id: string) =>
  call<unknown>(sessionPath(id, "/restart"), { method: "POST", body: { waitForQR: false } });

/** The session stays, and shows a code to scan again. */
export const logOutSession = (id: string) =>
  call<unknown>(sessionPath(id, "/logout"), { method: "POST" });

/** Without `keepProfile` the profile folder goes; with `logout` the phone forgets the device. */
export const removeSession = (id: string, options: { logout: boolean; keepProfile?: boolean }) =>
  call<unknown>(sessionPath(id), {
    method: "DELETE",
    query: { logout: options.logout, keepData: options.keepProfile ?? false },
  });

export const readQr = (id: string, signal?: AbortSignal) =>
  call<QrCode>(sessionPath(id, "/qr"), { query: { format: "text" }, signal });

/** The address of an object with the picture of the code. */
export const qrPicture = (id: string, pixels: number, signal?: AbortSignal) =>
  blobUrl(sessionPath(id, "/qr/image"), { query: { size: pixels }, signal });

/** The address of an object with a picture of the session's browser, as it looks now. */
export const sessionScreenshot = (id: string, signal?: AbortSignal) =>
  blobUrl(sessionPath(id, "/screenshot"), { signal });

export const askPairingCode = (id: string, phone: string) =>
  call<PairingCode>(sessionPath(id, "/pairing-code"), { method: "POST", body: { phone } });

export const readSessionLog = (id: string, limit: number) =>
  call<LogLine[]>(sessionPath(id, "/logs"), { query: { limit } });

export const sendText = (id: string, chat: string, text: string) =>
  call<unknown>(sessionPath(id, "/send-text"), {
    method: "POST",
    body: { chatId: chat, content: text },
  });

/** Scans a code with a phone of the simulated network. */
export const scanWithPhone = (phone: string, code: string, name: string) =>
  call<unknown>(`_simulator/v1/accounts/${inPath(phone)}/scan`, {
    method: "POST",
    body: { code, name },
  });

export const listKeys = () => call<ApiKey[]>(KEYS);

export const createKey = (draft: ApiKeyDraft) =>
  call<ApiKey>(KEYS, { method: "POST", body: draft });

export const revokeKey = (id: string) =>
  call<unknown>(`${KEYS}/${inPath(id)}`, { method: "DELETE" });
