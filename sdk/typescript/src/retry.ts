/** Retries of requests that may be repeated: those without an answer, and those answered with "not now". */
const TRIES = 5;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const NOT_NOW = new Set([429, 503, 504]);

export type Fetch = (request: Request) => Promise<Response>;

/** Repeats a request until it is answered; the last answer, or the last failure, is the caller's. */
export function retrying(fetch: Fetch, pause: (milliseconds: number) => Promise<void> = sleep): Fetch {
  return async (request) => {
    const isSafe = request.method === "GET" || request.headers.has("idempotency-key");
    for (let attempt = 1; ; attempt += 1) {
      const isLast = !isSafe || attempt === TRIES;
      // A body can be read once: each attempt gets a copy.
      const copy = isLast ? request : request.clone();
      const answer = await fetch(copy).catch((error: unknown) => {
        if (isLast || request.signal.aborted) throw error;
        return undefined;
      });
      if (answer && (isLast || !NOT_NOW.has(answer.status))) return answer;
      await answer?.body?.cancel();
      const asked = Number(answer?.headers.get("retry-after")) * 1_000;
      const usual = FIRST_PAUSE * 2 ** (attempt - 1);
      await pause(Math.min(LONGEST_PAUSE, asked || usual));
      request.signal.throwIfAborted();
    }
  };
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
