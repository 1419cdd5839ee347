// Webhooks and what was delivered to them. Those of a session, and those for all sessions, stand
// under two prefixes that are otherwise alike.
import { call } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

/** Null for all sessions. */
export type Scope = string | null;
export type Webhook = Schemas["WebhookView"];
export type WebhookStats = Schemas["StatsView"];
export type Retries = Webhook["retries"];
export type WebhookChange = Schemas["ChangeBody"];
export type Delivery = Schemas["DeliveryView"];
export type DeliveryStatus = Delivery["status"];
export type Attempt = Schemas["AttemptView"];

/** All that the page asks for, where the gateway would have defaults. */
export interface WebhookDraft {
  url: string;
  events: string[];
  headers: Record<string, string>;
  retries: Retries;
  secret?: string | undefined;
}

/** What the gateway shows in place of a header's value, and takes for "as it is". */
export const MASK = "****";

/** A delivery is tried by a request that may hang for as long as the gateway lets it. */
const TEST_DEADLINE = 60_000;
const RECOVERY_DEADLINE = 120_000;

const collection = (scope: Scope) =>
  scope === null ? "api/v1/gateway-webhooks" : `api/v1/sessions/${inPath(scope)}/webhooks`;
const place = (scope: Scope, id: string, rest = "") =>
  `${collection(scope)}/${inPath(id)}${rest}`;

export const listWebhooks = () =>
  call<Webhook[]>("api/v1/gateway-webhooks", { query: { all: true } });
export const readWebhook = (scope: Scope, id: string) => call<Webhook>(place(scope, id));

export const createWebhook = (scope: Scope, draft: WebhookDraft) =>
  call<Webhook>(collection(scope), { method: "POST", body: draft });

export const changeWebhook = (scope: Scope, id: string, change: WebhookChange) =>
  call<Webhook>(place(scope, id), { method: "PATCH", body: change });

export const removeWebhook = (scope: Scope, id: string) =>
  call<unknown>(place(scope, id), { method: "DELETE" });

export const testWebhook = (scope: Scope, id: string) =>
  call<Attempt>(place(scope, id, "/test"), { method: "POST", deadline: TEST_DEADLINE });

/** The new secret. The former ones sign for so many seconds more. */
export const rotateSecret = async (scope: Scope, id: string, overlapSeconds: number) => {
  const path = place(scope, id, "/rotate-secret");
  const answer = await call<{ secret: string }>(path, { method: "POST", body: { overlapSeconds } });
  return answer.secret;
};

/** Newest first. */
export const listDeliveries = (
  scope: Scope,
  id: string,
  query: { status?: string; before?: string | undefined; limit: number },
) => call<Delivery[]>(place(scope, id, "/deliveries"), { query });

export const redeliver = (scope: Scope, id: string, delivery: string) =>
  call<Delivery>(place(scope, id, `/deliveries/${inPath(delivery)}/redeliver`), { method: "POST" });

/** How many dead letters since then are in line again. */
export const recoverSince = async (scope: Scope, id: string, since: Date) => {
  const options = { method: "POST", body: { since: since.toISOString() } } as const;
  const path = place(scope, id, "/recover");
  const deadline = RECOVERY_DEADLINE;
  return (await call<{ recovered: number }>(path, { ...options, deadline })).recovered;
};
