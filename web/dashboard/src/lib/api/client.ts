// The one place that calls the gateway: address, credential, envelope, failures.
//
// The key travels in a header, never in an address. Browsers are kept from adding credentials of
// their own, and so from answering a 401 with their own dialog.
import { failureOf, isRecord, unreachable } from "./failure";
import { currentKey, refused } from "../credential.svelte";
import { learnTime } from "../time.svelte";

/** Where the gateway is: beside this page, even below a path that a proxy adds. */
export const ROOT = new URL(".", document.baseURI);

/** How long an answer is waited for. Creating a session waits for a browser. */
const DEADLINE = 45_000;
/** A reading that came too often is repeated by itself when the gateway names a wait this short. */
const LONGEST_WAIT_SECONDS = 10;

const JSON_TYPE = "application/json";

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Call {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  /** JSON, or a form with files. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Milliseconds; none for a stream. */
  deadline?: number | null;
  /** A status that is no success, and whose body is wanted all the same. */
  takes?: number;
  /** A refusal says nothing of the present credential: it is of one that the body bears. */
  isSignIn?: boolean;
}

/** The `data` of a success. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const body = await readJson(await fetchAnswer(path, options));
  return (isRecord(body) ? body["data"] : undefined) as T;
}

/** The whole answer of a surface without an envelope: the workspace and business APIs. */
export async function ask<T>(path: string, options: Call = {}): Promise<T> {
  return (await readJson(await fetchAnswer(path, options))) as T;
}

/** A file, such as a picture, as the address of an object: see `URL.revokeObjectURL`. */
export async function blobUrl(path: string, options: Call = {}): Promise<string> {
  const response = await fetchAnswer(path, options);
  try {
    return URL.createObjectURL(await response.blob());
  } catch {
    throw unreachable();
  }
}

/** A successful response with its body unread; throws a `Failure` for all others. */
export async function fetchAnswer(path: string, options: Call = {}): Promise<Response> {
  const { method = "GET", deadline = DEADLINE, signal } = options;
  const signals = [signal, deadline === null ? undefined : AbortSignal.timeout(deadline)];
  const init: RequestInit = {
    method,
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    headers: headersOf(options),
    signal: AbortSignal.any(signals.filter((each) => each !== undefined)),
  };
  const { body } = options;
  if (body !== undefined) init.body = body instanceof FormData ? body : JSON.stringify(body);
  for (let isSecond = false; ; isSecond = true) {
    const key = currentKey();
    const response = await reach(address(path, options.query), init, signal);
    learnTime(response.headers.get("date"));
    if (response.ok || response.status === options.takes) return response;
    const answer = await readJson(response).catch(() => undefined);
    const failure = failureOf(response.status, answer, response.headers.get("retry-after"));
    if (failure.status === 401 && !options.isSignIn) refused(key);
    const wait = failure.retryAfter ?? Infinity;
    const isWorthwhile = failure.status === 429 && method === "GET" && !isSecond;
    if (!isWorthwhile || LONGEST_WAIT_SECONDS < wait) throw failure;
    await pause(wait * 1000, signal);
  }
}

export function address(path: string, query: Query = {}): URL {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") {
      url.searchParams.set(name, String(value));
    }
  }
  return url;
}

function headersOf({ body, headers = {} }: Call): Record<string, string> {
  const key = currentKey();
  return {
    accept: JSON_TYPE,
    // Counted apart from programs, so that an open page takes nothing from a bot.
    "x-wagate-dashboard": "1",
    ...(key && { authorization: `Bearer ${key}` }),
    // The browser says of a form where its parts end.
    ...(body !== undefined && !(body instanceof FormData) && { "content-type": JSON_TYPE }),
    ...headers,
  };
}

async function reach(url: URL, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    // A caller who gave up knows why.
    if (signal?.aborted) throw error;
    throw unreachable();
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw failureOf(response.status, undefined, null);
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(new DOMException("given up", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
}
