/** Calls of the gateway, and the session that most of them are about. */
import createClient, { type Client } from "openapi-fetch";

import { WagateError } from "./errors.js";
import { type EventName, type EventOf, follow, type StreamOptions } from "./events.js";
import { type Fetch, retrying, sleep } from "./retry.js";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Sent = Schemas["SentView"];
type Body<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody: { content: { "application/json": infer Json } } };
} ? Json : never;

const SESSION = "/api/v1/sessions/{sessionId}";
const LOOK_INTERVAL = 500;

export interface Options {
  /** Where the gateway is. */
  url?: string;
  /** An API key; none is needed by the gateway's own user on its machine. */
  key?: string;
  /** In place of the global `fetch`. */
  fetch?: Fetch;
}

export interface SendOptions {
  /** Names the send: whoever sends with the same text again sends once. Random by default. */
  once?: string;
  /** Gives up. */
  signal?: AbortSignal;
}

export class Wagate {
  /** Every endpoint of the OpenAPI document, typed. */
  readonly api: Client<paths>;
  private readonly fetch: Fetch;

  constructor({ url = "http://127.0.0.1:8080", key, fetch }: Options = {}) {
    this.fetch = fetch ?? ((request) => globalThis.fetch(request));
    const headers = key === undefined ? {} : { "x-api-key": key };
    this.api = createClient<paths>({ baseUrl: url, headers, fetch: retrying(this.fetch) });
  }

  /** A session by its name, be it there or not. */
  session(name: string): Session {
    return new Session(this, name);
  }

  /** Events of all sessions. */
  events<Name extends EventName = EventName>(
    options: StreamOptions<Name> = {},
  ): AsyncGenerator<EventOf<Name>> {
    return follow(async (since, signal) => {
      const query = queryOf(options.events, since);
      return (await this.api.GET("/api/v1/events", { params: { query }, ...stream(signal) })).response;
    }, options);
  }
}

export class Session {
  constructor(private readonly gateway: Wagate, readonly name: string) {}

  private get path() {
    return { sessionId: this.name };
  }

  /** Makes the session, and gives what the gateway says of it. One that is alive already is no error. */
  async create(config: Omit<Schemas["CreateBody"], "sessionId"> = {}): Promise<{ status: string }> {
    const body = { sessionId: this.name, ...config };
    const made = await this.gateway.api.POST("/api/v1/sessions", { body });
    if (made.data) return made.data.data;
    const error = WagateError.of(made.response.status, made.error);
    if (error.code !== "SESSION_ALREADY_EXISTS") throw error;
    return { status: await this.status() };
  }

  async status(): Promise<string> {
    const answer = await this.gateway.api.GET(`${SESSION}/status`, { params: { path: this.path } });
    return data(answer).status;
  }

  /** The text of the code that a phone scans. */
  async qrText(): Promise<string> {
    const params = { path: this.path, query: { format: "text" } } as const;
    const { qrText } = data(await this.gateway.api.GET(`${SESSION}/qr`, { params }));
    if (qrText === undefined) throw new TypeError("the gateway gave no text of the code");
    return qrText;
  }

  /** Waits until the session takes sends. */
  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    while (await this.status() !== "ready") {
      signal?.throwIfAborted();
      await sleep(LOOK_INTERVAL);
    }
  }

  sendText(
    chatId: string,
    content: string,
    { once, signal, ...more }: SendOptions & Omit<Body<`${typeof SESSION}/send-text`>, "chatId" | "content"> = {},
  ): Promise<Sent> {
    return this.send("send-text", { chatId, content, ...more }, { ...(once && { once }), ...(signal && { signal }) });
  }

  /** Sends by any of the endpoints `send-…`. A lost answer is asked for again, and sends nothing twice. */
  async send<Kind extends SendKind>(
    kind: Kind,
    body: Body<`${typeof SESSION}/${Kind}`>,
    { once = crypto.randomUUID(), signal }: SendOptions = {},
  ): Promise<Sent> {
    const params = { path: this.path, header: { "Idempotency-Key": once } };
    const url = `${SESSION}/${kind}` as `${typeof SESSION}/send-text`;
    // The body fits the endpoint of its kind, which the compiler cannot follow through the name.
    const fitting = body as unknown as Body<typeof url>;
    const options = { params, body: fitting, ...(signal && { signal }) };
    return data(await this.gateway.api.POST(url, options));
  }

  /** Events of this session. */
  events<Name extends EventName = EventName>(
    options: StreamOptions<Name> = {},
  ): AsyncGenerator<EventOf<Name>> {
    return follow(async (since, signal) => {
      const params = { path: this.path, query: queryOf(options.events, since) };
      return (await this.gateway.api.GET(`${SESSION}/events`, { params, ...stream(signal) })).response;
    }, options);
  }
}

export type SendKind =
  | "send-text" | "send-image" | "send-file" | "send-audio" | "send-location" | "send-contact" | "send-poll"
  | "send-message";

function queryOf(events: readonly string[] | undefined, since: number | undefined) {
  return { ...(events && { events: events.join(",") }), ...(since !== undefined && { since }) };
}

function stream(signal: AbortSignal | undefined) {
  return { parseAs: "stream" as const, ...(signal && { signal }) };
}

/** What a successful answer carries; anything else is thrown. */
function data<Data>(answer: { data?: { data: Data }; error?: unknown; response: Response }): Data {
  if (answer.data) return answer.data.data;
  throw WagateError.of(answer.response.status, answer.error);
}
