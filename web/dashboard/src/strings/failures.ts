// Words for what goes wrong, by the gateway's own codes.
import { count } from "./language";
import { translated } from "./translated";

/** What happened, and what a person can do about it. */
export interface Explained {
  title: string;
  advice: string;
}

/** What in the gateway's reason for the end of a session calls for which advice. */
export const CAUSES: [RegExp, keyof typeof REASONS.session][] = [
  [/scanned the QR code/, "scan"],
  [/account did not load/, "slow"],
  [/did not open within/, "overloaded"],
  [/not available here/, "engine"],
  [/proxy|ERR_PROXY|ERR_TUNNEL/i, "proxy"],
  [/ended without a word|crash/i, "crash"],
  [/ERR_|net::|resolve/i, "network"],
];

/** Advice and explanations that depend on more than a code. */
export const REASONS = translated("reasons", {
  session: {
    scan: "Restart it for a new code, and have the phone ready.",
    slow:
      "Restart it. A phone without a connection, or a very large account, makes it slow: raise "
      + "sessions.auth_timeout_seconds if it happens again.",
    overloaded: "The machine may be overloaded. Run wagate doctor to test the browser.",
    engine: "Remove the session and create it again with the other engine.",
    proxy: "Check the address and the password of the proxy.",
    crash:
      "The browser crashed, often because memory ran out. See the memory chart on the overview.",
    network: "The machine cannot reach WhatsApp. Run wagate doctor for details.",
    other: "Restart it. If it fails again, see its log.",
  },
  tooMany: (seconds: number | null) => ({
    title: "Too many requests",
    advice: `Try again in ${seconds === null ? "a moment" : count(seconds, "second", "seconds")}.`,
  }),
  role: {
    title: "Your role does not allow this",
    advice: "An administrator can change your role on the page Team.",
  },
  scope: (scope: string) => ({
    title: `Your key lacks the scope ${scope}`,
    advice: "Sign in with a key that has it. An administrator (scope admin) can create such "
      + "keys in the settings.",
  }),
  oneSession: {
    title: "Your key is for one session only",
    advice: "Shared data, such as tags, needs a key for all sessions: ask an administrator for "
      + "such a key, or for the change itself.",
  },
  notAllowed: "Your key does not allow this",
  unknown: "Something went wrong",
  again: "Try again.",
});

export const FAILURES = translated("failures", {
  UNREACHABLE: {
    title: "The gateway does not answer",
    advice: "Is it running? This page retries automatically where it can.",
  },
  UNREADABLE: {
    title: "The answer could not be read",
    advice: "A proxy between this page and the gateway may have answered instead.",
  },
  UNAUTHORIZED: { title: "You are not signed in", advice: "Sign in with an API key." },
  UNAUTHENTICATED: { title: "You are not signed in", advice: "Sign in with an API key." },
  NOT_FOUND: { title: "Not found", advice: "It may have been deleted." },
  SESSION_NOT_FOUND: {
    title: "Session not found",
    advice: "It may have been removed.",
  },
  SESSION_ALREADY_EXISTS: {
    title: "A session with this name exists already",
    advice: "Choose another name.",
  },
  SESSION_NOT_READY: {
    title: "The session is not ready",
    advice: "Wait until it is ready, or restart it.",
  },
  MAX_SESSIONS_REACHED: {
    title: "The limit of sessions is reached",
    advice: "Remove one, or raise sessions.max in the settings.",
  },
  SESSION_START_FAILED: {
    title: "The browser did not start",
    advice: "See the log of the session, and run wagate doctor on the machine.",
  },
  QR_NOT_AVAILABLE: {
    title: "No QR code at the moment",
    advice: "Restart the session to get a new one.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "The session is not connected",
    advice: "Wait until it is, or restart it.",
  },
  CONVERSATION_NOT_FOUND: {
    title: "Conversation not found",
    advice: "It may have been deleted.",
  },
  MESSAGE_NOT_FOUND: {
    title: "Message not found",
    advice: "It may have been deleted.",
  },
  MEDIA_NOT_FOUND: {
    title: "The file no longer exists",
    advice: "The phone may have removed it.",
  },
  EDIT_NOT_ALLOWED: {
    title: "This message can no longer be edited",
    advice: "WhatsApp allows it for 15 minutes, and only for your own texts.",
  },
  DELETE_NOT_ALLOWED: {
    title: "This message cannot be deleted for everyone",
    advice: "WhatsApp allows it for 60 hours, and only for your own messages.",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "The file does not match its type",
    advice: "Send it as a document.",
  },
  FILE_UNREADABLE: { title: "The file could not be read", advice: "Choose it again." },
  SEND_FAILED: {
    title: "WhatsApp refused the message",
    advice: "Try again later. See the log of the session.",
  },
  SEND_TIMEOUT: {
    title: "WhatsApp did not answer in time",
    advice: "Check on the phone whether it arrived before you send it again.",
  },
  SENDING_ON_HOLD: {
    title: "WhatsApp accepts no messages from this account for now",
    advice: "Queued messages are sent when it accepts them again.",
  },
  ACCOUNT_RESTRICTED: {
    title: "WhatsApp restricts this account",
    advice: "Send less for a while, and to people who know you.",
  },
  RECIPIENT_INVALID: {
    title: "This recipient is not valid",
    advice: "Check the number and its country code.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "This number is not on WhatsApp",
    advice: "Check the number and its country code.",
  },
  INSUFFICIENT_STORAGE: {
    title: "The gateway's disk is nearly full",
    advice: "Free some space: until then nothing can be sent or created.",
  },
  STORAGE_UNAVAILABLE: {
    title: "The gateway's disk has an error",
    advice: "See its log. It restarts automatically.",
  },
  WHATSAPP_NOT_READY: {
    title: "WhatsApp Web is not ready for this",
    advice: "Try again in a moment. If it lasts, restart the session.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "Webhook or delivery not found",
    advice: "It may have been deleted.",
  },
  SHUTTING_DOWN: { title: "The gateway is stopping", advice: "Try again when it is back." },
});
