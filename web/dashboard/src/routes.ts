// Every page with its address. To add one: a folder in pages/, an entry here, words in strings.ts.
// Pages come with the first visit to them, not with the dashboard.
import type { Component } from "svelte";
import type { IconName } from "./components/icons";
import { strings } from "./strings";

/** What a page is given: the values in its address. */
export interface PageProps {
  params: Record<string, string>;
}

/** A page that looks at its address, or one that needs not. */
export type PageComponent = Component<PageProps> | Component<Record<string, never>>;

export interface Route {
  /** Behind `#/`, with `:name` for what varies. */
  pattern: string;
  /** In the language of the page, which is known later than this file. */
  title: () => string;
  icon: IconName;
  /** Whether it stands in the navigation; a page within another names that one. */
  nav: boolean;
  within?: string;
  /** The part of the navigation that it stands in; the first page stands in none. */
  group?: Group;
  /** Asks for a credential even on the gateway's own machine, as the APIs of people's work do. */
  needsCredential?: boolean;
  /** Is about the person who is signed in: there is no such page for a key of nobody's. */
  isPersonal?: boolean;
  /** What the page cannot do without: a key that may not read it is not led to the page. */
  asks?: string;
  /** Takes the whole room beside the navigation, and scrolls within itself. */
  fills?: boolean;
  load: () => Promise<{ default: PageComponent }>;
}

/** The parts of the navigation, in their order. */
export const GROUPS = ["work", "business", "gateway", "workspace"] as const;
export type Group = (typeof GROUPS)[number];

// The ways in: addresses of the sign-in, which are no pages.
export const SIGN_IN = "sign-in";
export const JOIN = "join";
export const WELCOME = "welcome";
export const FORGOT = "forgot-password";
export const RESET = "reset-password";
const DOORS = [SIGN_IN, JOIN, WELCOME, FORGOT, RESET];

/** Whether an address is one of a way in, to whom it may concern who is in already. */
export const isDoor = ([first, ...rest]: string[]): boolean =>
  first !== undefined && rest.length === 0 && DOORS.includes(first);

export const OVERVIEW = "";
export const TEAM = "team";
export const ACCOUNT = "account";
export const SESSIONS = "sessions";
export const SESSION = "sessions/:id";
export const INBOX = "inbox";
export const WORK = "work";
export const CHAT = "chat";
export const BOTS = "bots";
export const BOT = "bots/:id";
export const CONTACTS = "contacts";
export const CONTACT_IMPORT = "contacts/import";
export const CONTACT = "contacts/:id";
export const BROADCASTS = "broadcasts";
export const BROADCAST_NEW = "broadcasts/new";
export const BROADCAST = "broadcasts/:id";
export const BROADCAST_EDIT = "broadcasts/:id/edit";
export const TEMPLATES = "templates";
export const AUTOMATIONS = "automations";
export const RULE_NEW = "automations/:bot/new";
export const RULE = "automations/:bot/:id";
export const FLOW_NEW = "flows/new";
export const FLOW = "flows/:id";
export const ANALYTICS = "analytics";
export const BUSINESS = "business";
export const EVENTS = "events";
export const WEBHOOKS = "webhooks";
export const WEBHOOK = "webhooks/:id";
export const SETTINGS = "settings";
export const AUDIT = "audit";

/** What administrators alone may read. */
export const ADMINISTRATION = "api/v1/api-keys";
/** What owners alone may read. */
export const AUDIT_LOG = "api/v1/audit?limit=1";
/** What takes the scope conversations. */
export const CONVERSATIONS = "api/v1/chat/conversations?per_page=1";
/** The settings of the business. */
export const BUSINESS_SETTINGS = "api/whatsapp-api/settings";
/** What takes the scope bots. There is no such bot: who may change bots is answered so. */
export const BOT_CHANGES = "api/v1/webhooks/00000000-0000-0000-0000-000000000000";

/** Where coming in leads, to the first that the credential opens; else to any page. */
export const LANDINGS = [OVERVIEW, INBOX, CHAT, SESSIONS];

/** What is asked for to learn which pages a key opens, and what may be done on them. */
export const allAsked = (): string[] =>
  [...new Set([...routes.flatMap(({ asks }) => asks ?? []), ADMINISTRATION, BOT_CHANGES])];

export const routes: Route[] = [
  {
    pattern: OVERVIEW,
    title: () => strings.nav.overview,
    icon: "overview",
    nav: true,
    asks: "api/v1/metrics/history?minutes=1",
    load: () => import("./pages/overview/Overview.svelte"),
  },
  {
    pattern: INBOX,
    title: () => strings.nav.inbox,
    icon: "inbox",
    nav: true,
    group: "work",
    needsCredential: true,
    asks: "api/whatsapp-api/chats?limit=1",
    fills: true,
    load: () => import("./pages/inbox/Inbox.svelte"),
  },
  {
    pattern: CHAT,
    title: () => strings.nav.chat,
    icon: "chat",
    nav: true,
    group: "work",
    asks: CONVERSATIONS,
    fills: true,
    load: () => import("./pages/chat/Chat.svelte"),
  },
  {
    pattern: CONTACTS,
    title: () => strings.nav.contacts,
    icon: "people",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/whatsapp-api/contacts?limit=1",
    load: () => import("./pages/contacts/Contacts.svelte"),
  },
  {
    // Before the page of one contact, whose pattern it fits.
    pattern: CONTACT_IMPORT,
    title: () => strings.nav.contacts,
    icon: "people",
    nav: false,
    within: CONTACTS,
    load: () => import("./pages/contacts/ImportPage.svelte"),
  },
  {
    pattern: CONTACT,
    title: () => strings.nav.contacts,
    icon: "people",
    nav: false,
    within: CONTACTS,
    load: () => import("./pages/contacts/ContactPage.svelte"),
  },
  {
    pattern: WORK,
    title: () => strings.nav.work,
    icon: "tasks",
    nav: true,
    group: "work",
    needsCredential: true,
    asks: "api/v1/tasks?per_page=1",
    load: () => import("./pages/work/Work.svelte"),
  },
  {
    pattern: BROADCASTS,
    title: () => strings.nav.broadcasts,
    icon: "megaphone",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/whatsapp-api/broadcasts?limit=1",
    load: () => import("./pages/broadcasts/Broadcasts.svelte"),
  },
  {
    // Before the page of one broadcast, whose pattern it fits.
    pattern: BROADCAST_NEW,
    title: () => strings.nav.broadcasts,
    icon: "megaphone",
    nav: false,
    within: BROADCASTS,
    load: () => import("./pages/broadcasts/Compose.svelte"),
  },
  {
    pattern: BROADCAST,
    title: () => strings.nav.broadcasts,
    icon: "megaphone",
    nav: false,
    within: BROADCASTS,
    load: () => import("./pages/broadcasts/BroadcastPage.svelte"),
  },
  {
    pattern: BROADCAST_EDIT,
    title: () => strings.nav.broadcasts,
    icon: "megaphone",
    nav: false,
    within: BROADCASTS,
    load: () => import("./pages/broadcasts/EditPage.svelte"),
  },
  {
    pattern: TEMPLATES,
    title: () => strings.nav.templates,
    icon: "template",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/whatsapp-api/templates?limit=1",
    load: () => import("./pages/templates/Templates.svelte"),
  },
  {
    pattern: BOTS,
    title: () => strings.nav.bots,
    icon: "bot",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/v1/bots",
    load: () => import("./pages/bots/Bots.svelte"),
  },
  {
    pattern: BOT,
    title: () => strings.nav.bots,
    icon: "bot",
    nav: false,
    within: BOTS,
    load: () => import("./pages/bots/BotPage.svelte"),
  },
  {
    pattern: AUTOMATIONS,
    title: () => strings.nav.automations,
    icon: "automations",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/v1/bots",
    load: () => import("./pages/automations/Automations.svelte"),
  },
  {
    // Before the page of one rule, whose pattern it fits.
    pattern: RULE_NEW,
    title: () => strings.nav.automations,
    icon: "automations",
    nav: false,
    within: AUTOMATIONS,
    load: () => import("./pages/automations/RulePage.svelte"),
  },
  {
    pattern: RULE,
    title: () => strings.nav.automations,
    icon: "automations",
    nav: false,
    within: AUTOMATIONS,
    load: () => import("./pages/automations/RulePage.svelte"),
  },
  {
    // Before the page of one flow, whose pattern it fits.
    pattern: FLOW_NEW,
    title: () => strings.nav.automations,
    icon: "automations",
    nav: false,
    within: AUTOMATIONS,
    load: () => import("./pages/automations/FlowPage.svelte"),
  },
  {
    pattern: FLOW,
    title: () => strings.nav.automations,
    icon: "automations",
    nav: false,
    within: AUTOMATIONS,
    load: () => import("./pages/automations/FlowPage.svelte"),
  },
  {
    pattern: ANALYTICS,
    title: () => strings.nav.analytics,
    icon: "analytics",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: "api/whatsapp-api/analytics/ctwa",
    load: () => import("./pages/analytics/Analytics.svelte"),
  },
  {
    pattern: BUSINESS,
    title: () => strings.nav.business,
    icon: "business",
    nav: true,
    group: "business",
    needsCredential: true,
    asks: BUSINESS_SETTINGS,
    load: () => import("./pages/business/Business.svelte"),
  },
  {
    pattern: SESSIONS,
    title: () => strings.nav.sessions,
    icon: "sessions",
    nav: true,
    group: "gateway",
    asks: "api/v1/sessions",
    load: () => import("./pages/sessions/Sessions.svelte"),
  },
  {
    pattern: SESSION,
    title: () => strings.nav.sessions,
    icon: "sessions",
    nav: false,
    within: SESSIONS,
    load: () => import("./pages/sessions/SessionPage.svelte"),
  },
  {
    pattern: EVENTS,
    title: () => strings.nav.events,
    icon: "events",
    nav: true,
    group: "gateway",
    // Events are of the same scope, but a stream of them does not end.
    asks: "api/v1/info",
    load: () => import("./pages/events/Events.svelte"),
  },
  {
    pattern: WEBHOOKS,
    title: () => strings.nav.webhooks,
    icon: "webhooks",
    nav: true,
    group: "gateway",
    asks: "api/v1/gateway-webhooks?all=true",
    load: () => import("./pages/webhooks/Webhooks.svelte"),
  },
  {
    pattern: WEBHOOK,
    title: () => strings.nav.webhooks,
    icon: "webhooks",
    nav: false,
    within: WEBHOOKS,
    load: () => import("./pages/webhooks/WebhookPage.svelte"),
  },
  {
    pattern: TEAM,
    title: () => strings.nav.team,
    icon: "team",
    nav: true,
    group: "workspace",
    needsCredential: true,
    asks: "api/v1/users",
    load: () => import("./pages/team/Team.svelte"),
  },
  {
    pattern: ACCOUNT,
    title: () => strings.nav.account,
    icon: "person",
    nav: true,
    group: "workspace",
    needsCredential: true,
    isPersonal: true,
    load: () => import("./pages/account/Account.svelte"),
  },
  {
    pattern: AUDIT,
    title: () => strings.nav.audit,
    icon: "audit",
    nav: false,
    within: SETTINGS,
    asks: AUDIT_LOG,
    load: () => import("./pages/audit/Audit.svelte"),
  },
  {
    pattern: SETTINGS,
    title: () => strings.nav.settings,
    icon: "settings",
    nav: true,
    group: "workspace",
    load: () => import("./pages/settings/Settings.svelte"),
  },
];
