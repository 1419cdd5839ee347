// What a translation consists of. The English files are its shape: a word that another language
// lacks, or has without need, is a type error.
import type { strings } from "../strings";
import type { account, team } from "./account";
import type { analytics } from "./analytics";
import type { audit } from "./audit";
import type { automations } from "./automations";
import type { bots } from "./bots";
import type { broadcasts } from "./broadcasts";
import type { business } from "./business";
import type { words as chat } from "./chat";
import type { contacts } from "./contacts";
import type { events } from "./events";
import type { FAILURES, REASONS } from "./failures";
import type { words as inbox } from "./inbox";
import type { operations } from "./operations";
import type { words as signIn } from "./sign-in";
import type { replies, templates } from "./templates";
import type { timeline } from "./timeline";
import type { webhooks } from "./webhooks";
import type { work } from "./work";

/** The texts of each part, by its name. */
export interface Words {
  common: typeof strings;
  failures: typeof FAILURES;
  reasons: typeof REASONS;
  signIn: typeof signIn;
  account: typeof account;
  team: typeof team;
  analytics: typeof analytics;
  audit: typeof audit;
  automations: typeof automations;
  bots: typeof bots;
  broadcasts: typeof broadcasts;
  business: typeof business;
  chat: typeof chat;
  contacts: typeof contacts;
  events: typeof events;
  inbox: typeof inbox;
  operations: typeof operations;
  replies: typeof replies;
  templates: typeof templates;
  timeline: typeof timeline;
  webhooks: typeof webhooks;
  work: typeof work;
}

export type Part = keyof Words;

/** A language: each part in a file of its own, which is loaded when it is first needed. */
export type Pack = { [P in Part]: () => Promise<{ default: Words[P] }> };
