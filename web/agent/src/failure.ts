// Failures of calls, by the kinds that the gateway knows.
import type { Failure, FailureKind } from "./wire";

export class AgentError extends Error {
  constructor(
    readonly kind: FailureKind,
    reason: string,
    /** WhatsApp's code of what it refused. */
    readonly code?: number,
  ) {
    super(reason);
  }
}

/** The codes of wa-js with a kind of their own. */
const KINDS: ReadonlyMap<unknown, FailureKind> = new Map([
  ["msg_not_found", "unknownMessage"],
  ["message_not_found", "unknownMessage"],
  ["chat_not_found", "unknownChat"],
  ["message_not_contains_media", "unknownMedia"],
  ["media_not_found", "unknownMedia"],
  ["group_not_exist", "unknownGroup"],
  ["not_a_group", "unknownGroup"],
  ["contact_not_found", "unknownContact"],
  ["participant_not_exists", "notOnWhatsapp"],
  ["group_you_are_not_admin", "notAdmin"],
  ["group_you_are_restricted_member", "notAdmin"],
  ["not_a_admin", "notAdmin"],
  ["you_are_not_allowed_set_group_description", "notAdmin"],
  ["edit_message_error", "notAllowed"],
  ["quoted_msg_can_not_reply", "notAllowed"],
  ["group_participant_is_not_a_group_member", "notAllowed"],
  ["can_not_send_message_to_this_groupType", "notAllowed"],
  ["cannot_get_code_for_already_authenticated", "notAllowed"],
  ["file_too_large", "invalid"],
  ["mentioned_is_not_user", "invalid"],
  ["send_the_phone_number_to_connect", "invalid"],
] satisfies [string, FailureKind][]);

const UNANSWERED = /time[d ]*.?out|no answer|no line|line .* lost|disconnect|offline/i;

/** Whether an error is a timeout, which leaves the outcome open. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof AgentError) return error.kind === "timeout";
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return UNANSWERED.test(`${String(name)} ${String(message)}`);
}

/** The error of a change that may have been carried out although it failed. */
export function unknownOutcome(error: unknown): unknown {
  const { kind, reason } = failureOf(error);
  if (kind !== "failed" || !isUnanswered(error)) return error;
  return new AgentError("timeout", `${reason}; the outcome is unknown`);
}

/** The failure of an error. wa-js names some of its own errors by a code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AgentError) {
    const failure = { kind: error.kind, reason: error.message };
    return error.code === undefined ? failure : { ...failure, code: error.code };
  }
  const { code, message, status } = (error ?? {}) as {
    code?: unknown;
    message?: unknown;
    status?: unknown;
  };
  const reason = typeof message === "string" && message !== "" ? message : String(error);
  // WhatsApp's server uses status codes of HTTP.
  const refused = status === 403 || status === 405 ? "notAllowed" : "failed";
  return { kind: KINDS.get(code) ?? refused, reason };
}
