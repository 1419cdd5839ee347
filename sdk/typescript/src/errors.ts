/** An answer that is no success. `code` is one of the codes of the OpenAPI document. */
export class WagateError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "WagateError";
  }

  /** Reads the envelope of an error; what is none, such as a page of a proxy, becomes its text. */
  static of(status: number, body: unknown): WagateError {
    const error = (body as { error?: unknown } | undefined)?.error;
    if (typeof error !== "object" || error === null) {
      return new WagateError(status, "HTTP_ERROR", typeof body === "string" ? body : `HTTP ${status}`);
    }
    const { code, message, details } = error as Record<string, unknown>;
    const fields = typeof details === "object" && details !== null ? details : {};
    return new WagateError(status, String(code), String(message), fields as Record<string, unknown>);
  }
}
