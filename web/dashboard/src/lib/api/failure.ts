// Why a call came to nothing. Two surfaces share one envelope for errors; the workspace and
// business APIs have the sentence in `error` and the code beside it.

export class Failure extends Error {
  constructor(
    /** The gateway's own code, or one of ours: UNREACHABLE, UNREADABLE. */
    readonly code: string,
    /** The HTTP status; 0 where there was no answer. */
    readonly status: number,
    message: string,
    readonly details: Record<string, unknown> = {},
    /** Seconds to wait before another try, where the gateway says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** What is wrong with a field of the request, in the gateway's words. */
  field(name: string): string | undefined {
    const { fields } = this.details;
    const faults = isRecord(fields) ? fields[name] : undefined;
    const first: unknown = Array.isArray(faults) ? faults[0] : faults;
    return typeof first === "string" ? first : undefined;
  }
}

export function unreachable(): Failure {
  return new Failure("UNREACHABLE", 0, "");
}

/** Reads the body of an answer that was no success. */
export function failureOf(status: number, body: unknown, retryAfter: string | null): Failure {
  const wait = Number.parseInt(retryAfter ?? "", 10);
  const seconds = Number.isFinite(wait) ? wait : null;
  const error = isRecord(body) ? body["error"] : undefined;
  if (isRecord(body) && typeof error === "string") return flat(status, error, body, seconds);
  if (!isRecord(error)) return new Failure("UNREADABLE", status, "", {}, seconds);
  const { code, message, details } = error;
  const words = typeof message === "string" ? message : "";
  const rest = isRecord(details) ? details : {};
  return new Failure(typeof code === "string" ? code : "UNREADABLE", status, words, rest, seconds);
}

/** One code for one meaning: the business API writes its codes in small letters. */
function flat(
  status: number, words: string, body: Record<string, unknown>, seconds: number | null,
): Failure {
  const code = typeof body["code"] === "string" ? body["code"].toUpperCase() : "UNREADABLE";
  // What the workspace API has in `details`, the business API has beside the words.
  const details = isRecord(body["details"]) ? body["details"] : body;
  const known = code === "RATE_LIMITED" ? "RATE_LIMIT_EXCEEDED" : code;
  return new Failure(known, status, words, details, seconds);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
