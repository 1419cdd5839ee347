// What the gateway answers, as far as the dashboard looks at it. The whole of it is described in
// docs/openapi.json.

/** A word of the closed list of `GET /api/v1/sessions`. */
export type SessionWord =
  | "initializing"
  | "qr_ready"
  | "authenticated"
  | "ready"
  | "failed"
  | "terminated";

export interface Proxy {
  protocol?: string | undefined;
  address: string;
  username?: string | null | undefined;
  password?: string | null | undefined;
}

export interface Recovery {
  stage: "reinject" | "reload" | "restart";
  outcome: "under_way" | "recovered" | "failed" | "abandoned";
  reason: string;
  startedAt: string;
  endedAt: string | null;
}

/** Messages that wait, by what they wait for. */
export interface Waiting {
  total: number;
  sendAt: number;
  sessionNotReady: number;
  turn: number;
  lookup: number;
}

export interface Session {
  sessionId: string;
  uuid: string;
  status: SessionWord;
  /** Fails its probes and is being brought back. */
  degraded: boolean;
  connected: boolean;
  hasQRCode: boolean;
  phoneNumber: string | null;
  pushname: string | null;
  createdAt: string;
  lastActivity: string;
  lastError: string | null;
  lastRecovery: Recovery | null;
  restarts: number;
  /** Bytes of the engine; null where nobody knows. */
  memory: number | null;
  /** Missing where the gateway could not say. */
  waiting?: Waiting;
  config: {
    engine: "browser" | "simulated";
    headless: boolean;
    qrTimeout: number;
    authTimeout: number;
    restartOnCrash: boolean;
    proxyServerCredentials?: Proxy;
  };
}

export interface SessionDraft {
  sessionId: string;
  waitForQR?: boolean;
  config?: {
    engine?: string | undefined;
    headless?: boolean | undefined;
    qrTimeout?: number | undefined;
    restartOnCrash?: boolean | undefined;
    proxyServerCredentials?: Proxy | undefined;
  };
}

export interface QrCode {
  qrText: string;
  expiresAt: string;
  attempt: number;
}

export interface PairingCode {
  code: string;
  expiresAt: string;
}

export interface LogLine {
  ts: string;
  level: string;
  message: string;
}

/** Lists with an entry for each sample, oldest first. */
export interface History {
  /** Seconds between two samples. */
  interval: number;
  /** Seconds since 1970. */
  times: number[];
  messagesIn: number[];
  messagesOut: number[];
  sendsFailed: number[];
  delivered: number[];
  attemptsFailed: number[];
  requests: number[];
  requestsFailed: number[];
  sessions: number[];
  sessionsReady: number[];
  waitingSendAt: number[];
  waitingSessionNotReady: number[];
  waitingTurn: number[];
  waitingLookup: number[];
  memoryGateway: number[];
  memorySessions: number[];
}

/** What `wagate doctor` looked at. */
export interface Check {
  name: string;
  verdict: CheckWord;
  found: string;
  remedy: string | null;
}

export interface Info {
  version: string;
  maxSessions: number;
  activeSessions: number;
  /** Seconds. */
  uptime: number;
  memory: { used: string; total: string };
  engine: "browser" | "simulated";
  network: "whatsapp" | "simulated";
}

export type CheckWord = "ok" | "warn" | "error";

export interface Health {
  status: "healthy" | "degraded" | "unhealthy";
  checks: Record<string, CheckWord>;
  warnings: string[];
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  sessionId: string | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  /** Only in the answer to its making. */
  key?: string;
}

export interface ApiKeyDraft {
  name: string;
  scopes: string[];
  sessionId?: string | undefined;
  expiresAt?: string | undefined;
}

/** A frame of the event stream. */
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
