// How the states of broadcasts and of their recipients look.
import type { Broadcast, BroadcastStatus, RecipientStatus } from "../../lib/api/broadcasts";
import { broadcasts as words } from "../../strings/broadcasts";
import { listed } from "../../strings/language";

export const STATUS_TONES = {
  DRAFT: "quiet",
  SCHEDULED: "warn",
  SENDING: "busy",
  COMPLETED: "good",
  CANCELLED: "quiet",
  FAILED: "bad",
} as const satisfies Record<BroadcastStatus, string>;

export const RECIPIENT_TONES = {
  PENDING: "quiet",
  QUEUED: "busy",
  SENT: "quiet",
  DELIVERED: "quiet",
  READ: "good",
  FAILED: "bad",
  SKIPPED: "warn",
} as const satisfies Record<RecipientStatus, string>;

/** In a request, and shown, this stands for all contacts. */
export const EVERYBODY = "*";

export const audienceOf = ({ tags }: Broadcast): string =>
  tags.includes(EVERYBODY) ? words.compose.everybody : listed(tags);

/** Whether it was not started: it can be changed. */
export const isWaiting = ({ status }: Broadcast): boolean =>
  status === "DRAFT" || status === "SCHEDULED";
