/** Signatures of webhooks, as Standard Webhooks has them. */
import { createHmac, timingSafeEqual } from "node:crypto";

import type { Event } from "./events.js";

/** Seconds by which a delivery may be old, or ahead of this clock. */
const TOLERANCE = 300;

type Headers = Record<string, string | string[] | undefined>;

/**
 * The event of a delivery, if it is genuine; throws otherwise. `body` is the body as it came, not parsed. Deliveries are
 * repeated until they are answered with 2xx: `event.id` is the same each time.
 */
export function verifyWebhook(
  secret: string,
  headers: Headers,
  body: string | Uint8Array,
  now: number = Date.now(),
): Event {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const [id, at, given] = ["id", "timestamp", "signature"].map((name) => {
    const value = headers[`webhook-${name}`];
    if (typeof value !== "string") throw new Error(`the webhook has no header webhook-${name}`);
    return value;
  }) as [string, string, string];
  const age = Math.abs(now / 1_000 - Number(at));
  if (!(age <= TOLERANCE)) throw new Error("the webhook is too old, or the clocks differ");
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const digest = createHmac("sha256", key).update(`${id}.${at}.${text}`).digest("base64");
  const expected = Buffer.from(`v1,${digest}`);
  const isGenuine = given.split(" ").some((each) => {
    const signature = Buffer.from(each);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
  if (!isGenuine) throw new Error("the signature of the webhook is not genuine");
  return JSON.parse(text) as Event;
}
