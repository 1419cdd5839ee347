// Requests to the gateway that the frame comes from, and its streams of server-sent events.

/** An answer that is no success, or none at all: then its status is 0. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly wait = 0) {
    super(`the gateway answered ${status}`);
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** A stream that says nothing for so long has died: comments come each 15 seconds. */
const SILENCE = 40_000;

const [, base = "", bot = ""] = /^(.*)\/widget\/([^/]+)$/.exec(location.pathname) ?? [];
export const token = decodeURIComponent(bot);

async function request(
  method: string,
  path: string,
  { body, visitor, headers, signal }: {
    body?: unknown; visitor?: string; headers?: Record<string, string>; signal?: AbortSignal;
  } = {},
): Promise<Response> {
  const all: Record<string, string> = { ...headers };
  if (visitor) all["X-Visitor-Token"] = visitor;
  if (body !== undefined) all["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(`${base}/api/v1/widget/${bot}/${path}`, {
      method, headers: all, signal, body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", credentials: "omit",
    });
  } catch {
    throw new Refusal(0);
  }
  if (answer.ok) return answer;
  throw new Refusal(answer.status, Number(answer.headers.get("retry-after") ?? 0) * 1000);
}

export async function ask<T>(
  method: string, path: string, options: Parameters<typeof request>[2] = {},
): Promise<T> {
  const answer = await request(method, path, options);
  try {
    return (await answer.json()) as T;
  } catch {
    throw new Refusal(0);
  }
}

/** Reads a stream until its end, which may be a broken connection. */
export async function follow(
  method: string,
  path: string,
  options: NonNullable<Parameters<typeof request>[2]>,
  handle: (frame: Frame) => void,
): Promise<void> {
  const silence = new AbortController();
  options.signal?.addEventListener("abort", () => silence.abort());
  let timer = setTimeout(() => silence.abort(), SILENCE);
  try {
    const answer = await request(method, path, { ...options, signal: silence.signal });
    const reader = answer.body?.getReader();
    if (!reader) throw new Refusal(0);
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw new Refusal(0);
      });
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
      text += decoder.decode(value, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      parts.forEach((part) => read(part, handle));
    }
  } finally {
    clearTimeout(timer);
  }
}

function read(text: string, handle: (frame: Frame) => void): void {
  const frame: Frame = { id: "", event: "", data: "" };
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === "id" || name === "event") frame[name] = value;
    else if (name === "data") frame.data += value;
  }
  if (frame.event) handle(frame);
}
