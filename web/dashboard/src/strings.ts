// Every word that the dashboard says, in one place. Another language is another file of this shape:
// texts that depend on a value are functions, so that each language can count in its own way.

export const language = "en";

const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

const count = (value: number, one: string, other: string): string =>
  `${number.format(value)} ${plural.select(value) === "one" ? one : other}`;

/** What happened, and what a person can do about it. */
export interface Explained {
  title: string;
  advice: string;
}

export const strings = {
  product: "wagate",
  skip: "Skip to the content",
  close: "Close",
  cancel: "Cancel",
  retry: "Try again",
  reload: "Reload",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "The browser did not allow copying",
  menu: "Menu",
  optional: "optional",
  none: "none",
  unknown: "unknown",
  actions: "Actions",
  loading: "Loading",
  dismiss: "Dismiss",
  back: "Back",
  seconds: (value: number) => count(value, "second", "seconds"),
  bytes: (value: number) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), units.length - 1);
    const scaled = value / 1024 ** power;
    const digits = scaled < 10 && power > 0 ? 1 : 0;
    return `${scaled.toFixed(digits)} ${units[power] ?? ""}`;
  },
  number: (value: number) => number.format(value),

  nav: {
    label: "Main",
    overview: "Overview",
    sessions: "Sessions",
    settings: "Settings",
  },
  theme: {
    label: "Appearance",
    system: "As the system",
    light: "Light",
    dark: "Dark",
  },
  line: {
    closed: "Not connected",
    connecting: "Connecting",
    open: "Live",
    waiting: "Connection lost, trying again",
  },
  notFound: {
    title: "There is no such page",
    text: "The address may be mistyped, or the page has moved.",
    action: "To the overview",
  },
  broken: {
    title: "This page could not be loaded",
    text: "The gateway may have been updated since this tab was opened.",
  },
  signIn: {
    title: "Sign in",
    lead: "This gateway asks for an API key.",
    label: "API key",
    hint: "It is kept for this tab only, and never in an address.",
    action: "Sign in",
    wrong: "The gateway does not accept this key.",
    where: "Where is my key?",
    whereText:
      "The first key was printed when the gateway was started for the first time, and lies in "
      + "bootstrap.key in its data folder. Another is made on the machine by:",
    out: "Sign out",
    none: "You are signed in without a key, since you are on the gateway's own machine.",
  },

  /** Words for the gateway's codes. `message` is the gateway's own sentence, for all others. */
  failure: (code: string, message: string, retryAfter: number | null): Explained => {
    const known = FAILURES[code];
    if (code === "RATE_LIMIT_EXCEEDED") {
      const wait = retryAfter === null ? "a moment" : count(retryAfter, "second", "seconds");
      return { title: "Too many requests", advice: `Try again in ${wait}.` };
    }
    if (known) return { title: known.title, advice: known.advice };
    return { title: message || "Something went wrong", advice: message ? "" : "Try again." };
  },
} as const;

const FAILURES: Record<string, Explained> = {
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
  FORBIDDEN: {
    title: "Your key does not reach this far",
    advice: "Sign in with a key that has the scope admin.",
  },
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
    advice: "The log of the session says why; `wagate doctor` checks the machine.",
  },
  QR_NOT_AVAILABLE: {
    title: "There is no code to scan at the moment",
    advice: "Restart the session to get a new one.",
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
  SHUTTING_DOWN: { title: "The gateway is stopping", advice: "Try again when it is back." },
};
