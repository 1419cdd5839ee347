// Every word that the dashboard says, in one place. Another language is another file of this shape:
// texts that depend on a value are functions, so that each language can count in its own way.

export const language = "en";

const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });

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
    events: "Events",
    webhooks: "Webhooks",
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

  events: {
    lead: "What happens in the sessions, as it is written to the log.",
    list: "Events, newest first",
    filters: "Filters",
    session: "Session",
    allSessions: "All sessions",
    name: "Event",
    allNames: "All events",
    chat: "Chat",
    chatHint: "A part of its id",
    text: "Text",
    textHint: "Anything in the event",
    clear: "Clear the filters",
    pause: "Pause",
    resume: "Resume",
    paused: (value: number) =>
      value === 0
        ? "Paused. Nothing came since."
        : `Paused. ${count(value, "came", "came")} since.`,
    past: "You are looking at an earlier part of the log.",
    toPresent: "Back to the present",
    newer: "Load newer",
    older: "Load older",
    toNewest: "To the newest",
    jump: "Jump to number",
    jumpAction: "Jump",
    jumpFault: "Give a number from 1 on.",
    notThere: (seq: number) =>
      `Number ${number.format(seq)} is not in the log, or is filtered away.`,
    start: "The log begins here.",
    reset: (seq: number) =>
      `What was before number ${number.format(seq)} is past its retention, and gone.`,
    nothing: "No event here matches",
    nothingText: "What comes is shown as soon as it matches. Older ones may, too.",
    empty: "Nothing has happened yet",
    emptyText: "Link a session: its code, its state and every message appear here at once.",
    heard: (value: number) => count(value, "new event", "new events"),
    detail: (seq: number) => `Event ${number.format(seq)}`,
    choose: "Choose an event to see all of it.",
    copyJson: "Copy as JSON",
    onlyChat: "Only this chat",
    onlyName: "Only this event",
    terminal: "From a terminal",
    terminalLead:
      "These lines follow the same stream. The filters for chat and text are this page's own.",
    terminalKey: "Set WAGATE_KEY to your API key first: the key itself is never written here.",
    terminalSocket: "A WebSocket follows one session: choose one in the filters to get its line.",
    fields: (value: number) => count(value, "field", "fields"),
    items: (value: number) => count(value, "item", "items"),
  },
  webhooks: {
    lead: "The gateway posts events to your addresses, signed, in the order of each chat.",
    create: "New webhook",
    empty: "Nobody is told yet",
    emptyText:
      "A webhook posts each event to an address of yours. It is tried again for days when your "
      + "server is away, and nothing is lost meanwhile.",
    list: "Webhooks",
    url: "Address",
    urlHint: "Where each event is posted to, such as https://example.org/hook",
    scope: "Events of",
    allSessions: "All sessions",
    session: (id: string) => `Session ${id}`,
    state: "State",
    lastAnswer: "Last answer",
    noAnswer: "no answer",
    never: "never",
    events: "Events",
    everyEvent: "Every event",
    chosenEvents: "Only these",
    someEvents: (names: string[]) =>
      names.length < 3
        ? names.join(", ")
        : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`,
    headers: "Headers",
    headersHint: "Added to each request, such as a token that your server asks for.",
    headerName: "Name",
    headerValue: "Value",
    headerKept: "kept as it is",
    addHeader: "Add a header",
    removeHeader: (name: string) => (name ? `Remove the header ${name}` : "Remove this header"),
    retries: "Tries",
    retriesFull: "Eleven, over three days",
    retriesShort: "Four, over minutes",
    secret: "Signing secret",
    secretHint: "Left empty, a good one is made.",
    createAction: "Create",
    save: "Save",
    saved: "Saved",
    created: "The webhook is there",
    known: "This address was known already: its webhook was changed and keeps its secret.",
    secretTitle: "The signing secret",
    secretLead:
      "It is shown this once. Keep it where your server reads it: with it the server tells the "
      + "gateway's requests from anybody else's.",
    secretDone: "I have kept it",
    on: "On",
    off: "Switched off",
    failing: "Failing",
    resting: "Left alone for a while",
    offByHand: "Switched off by hand. What happens meanwhile waits.",
    offBecause: (reason: string) => `The gateway switched it off: ${reason}.`,
    offAdvice: "Repair the receiver, then switch the webhook on: what waits goes out at once.",
    failingSince: "Nothing could be delivered since",
    failingAdvice: "Each try and its answer stands below. What fails is tried again by itself.",
    restingUntil: "The receiver asked to be left alone. The next try comes",
    oldSecret: "The former secret still signs, too. Its end comes",
    test: "Send a test",
    testTitle: "The test",
    testGood: "The receiver took it.",
    testBad: "The receiver did not take it.",
    testAdvice: "A test is posted once, is no delivery and changes no count.",
    enable: "Switch on",
    disable: "Switch off",
    enabled: "Switched on",
    disabled: "Switched off",
    rotate: "New secret",
    rotateTitle: "A new signing secret",
    rotateLead:
      "Both secrets sign while your servers change over, so that none refuses a request.",
    overlap: "How long the former secret still signs",
    overlaps: [
      { value: "3600", label: "An hour" },
      { value: "86400", label: "A day" },
      { value: "604800", label: "A week" },
      { value: "0", label: "Not at all: it has leaked" },
    ],
    rotateAction: "Make the secret",
    remove: "Delete",
    removeTitle: "Delete this webhook?",
    removeLead: (waiting: number) =>
      waiting === 0
        ? "Its address gets nothing more. Its deliveries and its secret are forgotten for good."
        : `${count(waiting, "event that waits is", "events that wait are")} never delivered. `
          + "Its deliveries and its secret are forgotten for good.",
    removed: "The webhook is deleted",
    gone: "There is no such webhook",
    goneText: "It may have been deleted meanwhile.",
    toList: "To all webhooks",
    about: "About this webhook",
    stats: {
      accepted: "Events",
      waiting: "Waiting",
      delivered: "Delivered",
      failed: "Dead letters",
      missed: "Missed",
      missedHint: "Past their retention before they could be delivered",
      success: "Success",
    },
    percent: (share: number) => percent.format(share),
    tabs: { deliveries: "Deliveries", settings: "Settings", verify: "Check the signature" },
    filter: "Show",
    all: "All",
    statuses: { waiting: "Waiting", delivered: "Delivered", dead: "Dead letter" },
    noDeliveries: "No deliveries yet",
    noDeliveriesText: "The next event that it asks for appears here. A test does not.",
    noneOfThese: "None of these",
    older: "Load older",
    deliveries: "Deliveries, newest first",
    attempts: (value: number) => count(value, "try", "tries"),
    attempt: (value: number) => `Try ${number.format(value)}`,
    took: (milliseconds: number) => `${number.format(milliseconds)} ms`,
    answer: "The receiver's answer",
    noBody: "The answer was empty.",
    nextTry: "Next try",
    dueNow: "Next try at once",
    redeliver: "Deliver again",
    redelivered: "It is in line again",
    recover: "Recover",
    recoverTitle: "Deliver dead letters once more",
    recoverLead:
      "Puts every dead letter since then back in line, beside what comes now and in its old order.",
    recoverSince: "Since",
    recoverSpans: [
      { value: "3600", label: "The last hour" },
      { value: "86400", label: "The last day" },
      { value: "604800", label: "The last week" },
      { value: "2592000", label: "The last 30 days" },
      { value: "at", label: "A time of your choice" },
    ],
    recoverAt: "Time",
    recoverAtFault: "Give a day and a time.",
    recovered: (value: number) =>
      value === 0
        ? "There was no dead letter since then"
        : `${count(value, "dead letter is", "dead letters are")} in line again`,
    eventNumber: (seq: number) => `Event ${number.format(seq)}`,
    verifyLead:
      "Anybody can post to your address. A request is the gateway's if its signature is right, as "
      + "Standard Webhooks has it: these programs answer 204 to those and 401 to all others.",
    verifySecret: "Each reads the signing secret from SECRET.",
    needs: "It needs",
    language: "Language",
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
  WEBHOOK_NOT_FOUND: {
    title: "There is no such webhook or delivery",
    advice: "It may have been deleted meanwhile.",
  },
  SHUTTING_DOWN: { title: "The gateway is stopping", advice: "Try again when it is back." },
};
