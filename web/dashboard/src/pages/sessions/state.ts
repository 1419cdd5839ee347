// How a session stands, in one word and one colour.
import type { Session } from "../../lib/api/types";
import { strings } from "../../strings";

/** What can be done to a session. */
export type Action = "restart" | "logOut" | "remove";
export type Tone = "good" | "warn" | "bad" | "quiet" | "busy";
export type Standing = keyof typeof strings.sessions.state;

const TONES: Record<Standing, Tone> = {
  initializing: "busy",
  qr_ready: "warn",
  authenticated: "busy",
  degraded: "warn",
  ready: "good",
  offline: "warn",
  failed: "bad",
  terminated: "quiet",
};

export function standingOf(session: Session): Standing {
  if (session.degraded) return "degraded";
  if (session.status === "ready" && !session.connected) return "offline";
  return session.status;
}

export function badgeOf(session: Session): { tone: Tone; text: string } {
  const standing = standingOf(session);
  return { tone: TONES[standing], text: strings.sessions.state[standing] };
}

/** A telephone number as people write it. */
export function phoneWords(phone: string | null): string {
  return phone ? `+${phone}` : strings.sessions.noPhone;
}
