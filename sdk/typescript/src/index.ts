/** Client for a wagate gateway: typed calls, sends that happen once, events that resume, verified webhooks. */
export { Session, Wagate, type Options, type SendOptions } from "./client.js";
export { WagateError } from "./errors.js";
export type { Event, EventName, EventOf, StreamOptions } from "./events.js";
export { verifyWebhook } from "./webhooks.js";
export type { components, operations, paths } from "./schema.js";
