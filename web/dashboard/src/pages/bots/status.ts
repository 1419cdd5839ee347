// How the states of bots and of what they know look.
import type { Bot, BotStatus, Document } from "../../lib/api/bots";
import { bots as words } from "../../strings/bots";
import { listed } from "../../strings/language";

export const STATUS_TONES = {
  draft: "quiet",
  active: "good",
  inactive: "warn",
} as const satisfies Record<BotStatus, string>;

export const DOCUMENT_TONES = {
  processing: "busy",
  ready: "good",
  failed: "bad",
} as const satisfies Record<Document["status"], string>;

/** Where a bot answers, in one line. */
export function placesOf({ channels }: Bot): string {
  const names = channels.map(({ type, session_id: session }) =>
    (type === "web" ? words.web : (session ?? "")));
  return names.length ? listed(names) : words.nowhere;
}
