// Every English text there is, by its part: for the checks that compare other languages with it.
import { strings } from "../strings";
import { account, team } from "./account";
import { analytics } from "./analytics";
import { audit } from "./audit";
import { automations } from "./automations";
import { bots } from "./bots";
import { broadcasts } from "./broadcasts";
import { business } from "./business";
import { words as chat } from "./chat";
import { contacts } from "./contacts";
import { events } from "./events";
import { FAILURES, REASONS } from "./failures";
import { words as inbox } from "./inbox";
import { operations } from "./operations";
import type { Words } from "./pack";
import { words as signIn } from "./sign-in";
import { replies, templates } from "./templates";
import { timeline } from "./timeline";
import { webhooks } from "./webhooks";
import { work } from "./work";

export const ENGLISH: Words = {
  common: strings, failures: FAILURES, reasons: REASONS, signIn, account, team, analytics,
  audit, automations, bots, broadcasts, business, chat, contacts, events, inbox, operations,
  replies, templates, timeline, webhooks, work,
};
