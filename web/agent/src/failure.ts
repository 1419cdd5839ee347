// Failures that the gateway can tell apart.
import type { Failure, FailureKind } from "./wire";

export class AgentError extends Error {
  constructor(
    readonly kind: FailureKind,
    reason: string,
  ) {
    super(reason);
  }
}

/** What went wrong, in the gateway's words. wa-js names some of its own errors by a code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AgentError) return { kind: error.kind, reason: error.message };
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const reason = typeof message === "string" && message !== "" ? message : String(error);
  switch (code) {
    case "msg_not_found":
      return { kind: "unknownMessage", reason };
    case "chat_not_found":
      return { kind: "unknownChat", reason };
    case "message_not_contains_media":
      return { kind: "unknownMedia", reason };
    case "group_not_exist":
      return { kind: "unknownGroup", reason };
    case "group_you_are_not_admin":
    case "not_a_admin":
      return { kind: "notAdmin", reason };
    case "edit_message_error":
      return { kind: "notAllowed", reason };
    default:
      return { kind: "failed", reason };
  }
}
