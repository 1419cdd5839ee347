// Words for what goes wrong, by the gateway's own codes.

/** What happened, and what a person can do about it. */
export interface Explained {
  title: string;
  advice: string;
}

export const ADVICE: [RegExp, string][] = [
  [/scanned the QR code/, "Start it again for a new code, and have the phone ready."],
  [
    /account did not load/,
    "Start it again. A phone without a connection, or a very full account, makes it slow: raise "
    + "sessions.auth_timeout_seconds if it happens again.",
  ],
  [/did not open within/, "The machine may be overloaded. wagate doctor tries the browser."],
  [/not available here/, "Choose the other engine: remove the session and create it again."],
  [/proxy|ERR_PROXY|ERR_TUNNEL/i, "Check the address and the password of the proxy."],
  [
    /ended without a word|crash/i,
    "The browser ended by itself, mostly for want of memory. See the memory on the overview.",
  ],
  [/ERR_|net::|resolve/i, "The machine does not reach WhatsApp. wagate doctor looks closer."],
];

export const FAILURES: Record<string, Explained> = {
  UNREACHABLE: {
    title: "The gateway does not answer",
    advice: "Is it running? This page tries again by itself where it can.",
  },
  UNREADABLE: {
    title: "The answer could not be read",
    advice: "Something between this page and the gateway may have answered in its place.",
  },
  UNAUTHORIZED: { title: "You are not signed in", advice: "Sign in with an API key." },
  UNAUTHENTICATED: { title: "You are not signed in", advice: "Sign in with an API key." },
  SESSION_NOT_FOUND: {
    title: "There is no such session",
    advice: "It may have been removed meanwhile.",
  },
  SESSION_ALREADY_EXISTS: {
    title: "A session of this name is there already",
    advice: "Choose another name.",
  },
  SESSION_NOT_READY: {
    title: "The session is not ready",
    advice: "Wait until it is ready, or restart it.",
  },
  MAX_SESSIONS_REACHED: {
    title: "No more sessions are allowed",
    advice: "Remove one, or raise sessions.max in the settings.",
  },
  SESSION_START_FAILED: {
    title: "The browser did not start",
    advice: "The log of the session says why; wagate doctor checks the machine.",
  },
  QR_NOT_AVAILABLE: {
    title: "There is no code to scan at the moment",
    advice: "Restart the session to get a new one.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "The session is not connected",
    advice: "Wait until it is, or restart it.",
  },
  CONVERSATION_NOT_FOUND: {
    title: "There is no such conversation",
    advice: "It may have been deleted meanwhile.",
  },
  MESSAGE_NOT_FOUND: {
    title: "There is no such message",
    advice: "It may have been deleted meanwhile.",
  },
  MEDIA_NOT_FOUND: {
    title: "The file is not there any more",
    advice: "The phone may have removed it.",
  },
  EDIT_NOT_ALLOWED: {
    title: "This message cannot be changed any more",
    advice: "WhatsApp allows it for 15 minutes, and for own texts alone.",
  },
  DELETE_NOT_ALLOWED: {
    title: "This message cannot be deleted for everyone",
    advice: "WhatsApp allows it for 60 hours, and for own messages alone.",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "The file is not what its name says",
    advice: "Send it as a document.",
  },
  FILE_UNREADABLE: { title: "The file could not be read", advice: "Choose it again." },
  SEND_FAILED: {
    title: "WhatsApp did not take it",
    advice: "Try again in a while. The log of the session says more.",
  },
  SEND_TIMEOUT: {
    title: "WhatsApp did not answer in time",
    advice: "Look on the phone whether it is there before you send it again.",
  },
  SENDING_ON_HOLD: {
    title: "WhatsApp takes no messages of this account for now",
    advice: "What is queued goes out when it takes them again.",
  },
  ACCOUNT_RESTRICTED: {
    title: "WhatsApp restricts this account",
    advice: "Send less for a while, and to people who know you.",
  },
  RECIPIENT_INVALID: {
    title: "Nobody can be reached there",
    advice: "Check the number, with its country code.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "This number is not on WhatsApp",
    advice: "Check it, with its country code.",
  },
  INSUFFICIENT_STORAGE: {
    title: "The gateway's disk is nearly full",
    advice: "Free some room: until then nothing can be sent or created.",
  },
  STORAGE_UNAVAILABLE: {
    title: "The gateway's disk fails",
    advice: "Look at its log; it starts again by itself.",
  },
  WHATSAPP_NOT_READY: {
    title: "WhatsApp Web is not ready for this",
    advice: "Try again in a moment. If it lasts, restart the session.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "There is no such webhook or delivery",
    advice: "It may have been deleted meanwhile.",
  },
  SHUTTING_DOWN: { title: "The gateway is stopping", advice: "Try again when it is back." },
};

/** What a key lacks, by the gateway's own sentence, and what to ask for. */
export function forbidden(message: string): Explained {
  const scope = /lacks the scope '([\w*]+)'/.exec(message)?.[1];
  if (scope) {
    return {
      title: `Your key lacks the scope ${scope}`,
      advice: "Sign in with a key that has it. Somebody whose key has the scope admin makes such "
        + "keys in the settings.",
    };
  }
  if (message.includes("for one session")) {
    return {
      title: "Your key is for one session alone",
      advice: "What belongs to all sessions, such as tags, takes a key for all of them: ask for "
        + "such a key, or for the change itself.",
    };
  }
  return { title: message || "Your key does not allow this", advice: "" };
}
