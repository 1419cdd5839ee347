// Words for what went wrong, by the gateway's codes and, where it matters, its sentence.
import { CAUSES, type Explained, FAILURES, REASONS } from "../strings/failures";

const known = (code: string): Explained | undefined =>
  (Object.hasOwn(FAILURES, code) ? FAILURES[code as keyof typeof FAILURES] : undefined);

/** Words for the gateway's codes. `message` is the gateway's own sentence, for all others. */
export function explain(
  code: string, message: string, retryAfter: number | null, isPerson = false,
): Explained {
  if (code === "RATE_LIMIT_EXCEEDED") return REASONS.tooMany(retryAfter);
  if (code === "FORBIDDEN") return forbidden(message, isPerson);
  return known(code)
    ?? { title: sentence(message) || REASONS.unknown, advice: message ? "" : REASONS.again };
}

/** The gateway's messages begin with a small letter. */
const sentence = (message: string): string => message.charAt(0).toUpperCase() + message.slice(1);

/** What a key or a role lacks, by the gateway's own sentence, and what to ask for. */
function forbidden(message: string, isPerson: boolean): Explained {
  const scope = /lacks the scope '([\w*]+)'/.exec(message)?.[1];
  if (scope) return isPerson ? REASONS.role : REASONS.scope(scope);
  if (message.includes("for one session")) return REASONS.oneSession;
  return { title: sentence(message) || REASONS.notAllowed, advice: "" };
}

/** What to do about the reason why a session failed, in the gateway's words. */
export function adviceOn(reason: string): string {
  const found = CAUSES.find(([pattern]) => pattern.test(reason));
  return REASONS.session[found?.[1] ?? "other"];
}
