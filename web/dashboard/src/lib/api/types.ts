// What the gateway takes and answers, by the dashboard's names. The types are those of
// docs/openapi.json: `npm run types` generates schema.d.ts from it.
import type { components } from "./schema";

export type Schemas = components["schemas"];

export type Session = Schemas["SessionView"];
/** A word of the closed list of `GET /api/v1/sessions`. */
export type SessionWord = Session["status"];
export type Proxy = Schemas["ProxyView"];
export type Recovery = Schemas["RecoveryView"];
/** Messages that wait, by what they wait for. */
export type Waiting = Schemas["WaitingView"];
export type SessionDraft = Schemas["CreateBody"];
export type PairingCode = Schemas["PairingView"];
export type LogLine = Schemas["LogView"];
/** Lists with an entry for each sample, oldest first. */
export type History = Schemas["HistoryView"];
/** What `wagate doctor` looked at. */
export type Check = Schemas["CheckView"];
export type CheckWord = Check["verdict"];
export type Info = Schemas["InfoView"];
export type Health = Schemas["HealthView"];
export type ApiKey = Schemas["KeyView"];
export type ApiKeyDraft = Schemas["KeyDraft"];
export type KeyScope = ApiKeyDraft["scopes"][number];

/** A code that was asked for as a text, which is then always there. */
export type QrCode = Schemas["QrView"] & { qrText: string };

/** A frame of the event stream, of whatever kind. */
export interface GatewayEvent {
  event: string;
  /** Null for an event of the gateway as a whole. */
  sessionId: string | null;
  data: Record<string, unknown>;
  /** Seconds since 1970. */
  timestamp: number;
  id: string;
  seq: number;
}
