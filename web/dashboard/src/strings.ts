// Every word that the dashboard says, in one place. Another language is another file of this shape:
// texts that depend on a value are functions, so that each language can count in its own way. Pages
// with many words have a file of their own in strings/, which comes with the page.
import { ADVICE, type Explained, FAILURES, forbidden } from "./strings/failures";
import { count, number } from "./strings/language";

export type { Explained } from "./strings/failures";
export { language, locale } from "./strings/language";

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
    chat: "Chat",
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
    denied: "No live updates",
  },
  lineDenied: "Your key lacks the scope read, which follows events as they happen.",
  overview: {
    title: "Overview",
    range: "How far back",
    ranges: { 15: "15 min", 60: "1 hour", 360: "6 hours", 1440: "24 hours" },
    note: (minutes: number) =>
      "From the gateway's own metrics, kept in memory since it started: "
      + `a sample each ${minutes <= 60 ? "10 seconds" : "minute"}.`,
    since: (span: string) => `Running for ${span}.`,
    span: (seconds: number): string => {
      if (seconds < 3_600) return count(Math.floor(seconds / 60), "minute", "minutes");
      if (seconds < 86_400) return count(Math.floor(seconds / 3_600), "hour", "hours");
      return count(Math.floor(seconds / 86_400), "day", "days");
    },
    in: (words: string) => `in ${words}`,
    tile: {
      sessions: "Sessions ready",
      sessionsOf: (ready: number, all: number) =>
        `${number.format(ready)} of ${number.format(all)}`,
      incoming: "Messages in",
      outgoing: "Messages out",
      delivered: "Webhook deliveries",
      waiting: "Waiting to be sent",
      failures: "Failures",
    },
    chart: {
      messages: "Messages",
      incoming: "In",
      outgoing: "Out",
      messagesSaid: (incoming: number, outgoing: number) =>
        `${number.format(incoming)} in, ${number.format(outgoing)} out`,
      deliveries: "Webhook deliveries",
      delivered: "Delivered",
      attempts: "Failed attempts",
      deliveriesSaid: (delivered: number, failed: number) =>
        `${number.format(delivered)} delivered`
        + (failed ? `, ${count(failed, "attempt", "attempts")} failed` : ""),
      waiting: "Waiting to be sent",
      waitingSession: "For the session",
      waitingTime: "For their time",
      waitingTurn: "For their turn",
      waitingLookup: "For their outcome",
      waitingSaid: (now: number, most: number) =>
        `${number.format(now)} now, ${number.format(most)} at most`,
      errors: "Failures",
      sends: "Sends",
      requests: "Requests (5xx)",
      errorsSaid: (sends: number, requests: number, all: number) =>
        `${count(sends, "send", "sends")} failed, `
        + `${number.format(requests)} of ${count(all, "request", "requests")}`,
      memory: "Memory",
      gateway: "Gateway",
      engines: "Engines",
      memorySaid: (own: string, engines: string) => `${own} the gateway, ${engines} the engines`,
    },
    unwell: "The gateway asks for attention",
    checks: {
      database: "Its store does not work.",
      disk: "Its disk is filling up.",
      eventLog: "Its event log is larger than it should be.",
      sessions: "A session has failed or is being recovered.",
      memory: "The machine's memory is nearly used up.",
    } as Record<string, string>,
  },
  settings: {
    title: "Settings",
    keys: {
      title: "API keys",
      lead: "A key is what programs, and people elsewhere, call the gateway with.",
      create: "New key",
      empty: "There is no key yet.",
      column: {
        name: "Name",
        scopes: "May",
        session: "Session",
        used: "Last used",
        expires: "Expires",
      },
      all: "everything",
      allSessions: "all",
      never: "never",
      revoked: "Revoked",
      revoke: "Revoke",
      revokeLabel: (name: string) => `Revoke ${name}`,
      revokeTitle: (name: string) => `Revoke ${name}?`,
      revokeText:
        "Requests with this key are refused from now on, and its open streams end. " +
        "This cannot be undone.",
      revokeDone: (name: string) => `${name} is revoked`,
      showRevoked: (total: number) => `Show ${count(total, "revoked key", "revoked keys")}`,
    },
    draft: {
      title: "New API key",
      name: "Name",
      nameHint: "What it is for: a program, a person.",
      scopes: "What it may do",
      scope: {
        "*": "Everything",
        read: "Look at sessions, chats and messages, and follow events as they happen",
        send: "Send messages",
        conversations: "Read and sort conversations (Chat API); add read for live updates",
        admin: "Administer sessions, QR codes, webhooks and keys (of all sessions: no limits)",
      },
      session: "For",
      allSessions: "All sessions",
      expires: "Expires",
      never: "Never",
      days: (days: number) => `In ${count(days, "day", "days")}`,
      action: "Create",
      made: "Your new key",
      madeText: "Copy it now: it is shown this once, and kept nowhere in readable form.",
      done: "Done",
      noScope: "Choose at least one.",
    },
    health: {
      title: "Health",
      lead: "What wagate doctor looks at, as the running gateway sees it.",
      again: "Look again",
      verdict: { ok: "Well", warn: "Doubtful", error: "Broken" },
      busy: "Looking. A browser is tried too, which takes a few seconds.",
    },
    about: {
      title: "This gateway",
      version: "Version",
      uptime: "Running for",
      engine: "Engine",
      network: "Network",
      networkWord: { whatsapp: "WhatsApp", simulated: "Simulated" },
      sessions: "Sessions",
      memory: "Memory",
      memoryOf: (used: string, total: string) => `${used} of ${total}`,
      docs: "API documentation",
      openapi: "OpenAPI document",
      phone: "Phone page of the simulated network",
    },
    look: "This browser",
  },
  sessions: {
    title: "Sessions",
    create: "New session",
    state: {
      initializing: "Starting",
      qr_ready: "Waiting for a scan",
      authenticated: "Loading the account",
      degraded: "Recovering",
      ready: "Ready",
      offline: "No line to WhatsApp",
      failed: "Failed",
      terminated: "Logged out",
    },
    column: {
      name: "Session",
      state: "State",
      activity: "Last activity",
      waiting: "Waiting",
      memory: "Memory",
    },
    open: "Open",
    restart: "Restart",
    restarted: (name: string) => `${name} is starting again`,
    logOut: "Log out",
    remove: "Remove",
    noPhone: "not linked",
    actionsFor: (name: string) => `Actions for ${name}`,
    empty: {
      title: "Link your first phone",
      text: "A session is one WhatsApp account that the gateway holds for you. It takes a minute.",
      steps: [
        "Name the session: you will use the name in every call.",
        "Scan its code with the phone, like any linked device.",
        "Send a first message, from here or by a single curl line.",
      ],
    },
    draft: {
      title: "New session",
      name: "Name",
      nameHint: "Letters, digits, - and _. It stands in the address of every call.",
      more: "Proxy and options",
      proxy: "Proxy",
      proxyNone: "None",
      proxyAddress: "Address of the proxy",
      proxyAddressHint: "host:port. All traffic of this session goes through it.",
      proxyUser: "User",
      proxyPassword: "Password",
      engine: "Engine",
      engineUsual: "As the gateway is configured",
      engineBrowser: "A browser of its own",
      engineSimulated: "Simulated, without a browser",
      timeout: "Seconds that its code is waited for",
      timeoutHint: "0 for as long as it takes.",
      action: "Create",
    },
    link: {
      title: "Link a phone",
      scan: "Scan a code",
      type: "Type a code",
      alt: (name: string) => `The QR code that links ${name}`,
      steps: [
        "Open WhatsApp on the phone.",
        "Go to Settings, Linked devices, Link a device.",
        "Point the phone at this code.",
      ],
      left: (seconds: number) => `A new code comes in ${count(seconds, "second", "seconds")}.`,
      renewing: "A new code is on its way.",
      simulatedTitle: "This is the simulated network",
      simulatedText: "No real phone is needed: one is at hand here.",
      simulatedScan: "Scan with a simulated phone",
      simulatedOpen: "Open the phone page",
      phone: "Telephone number of the phone",
      phoneHint: "With its country code, such as +49 170 1234567.",
      ask: "Get a code",
      codeLabel: "Type this on the phone",
      codeSteps: "On the phone: Linked devices, Link a device, Link with phone number instead.",
      codeLeft: (seconds: number) => `Good for another ${count(seconds, "second", "seconds")}.`,
      codeOver: "This code is over: get a new one.",
    },
    progress: {
      initializing: "The session is starting. A browser takes a few seconds.",
      authenticated: "The phone is linked. The account is being loaded.",
      degraded: "The engine stopped answering and is being brought back. Nothing is lost.",
    },
    problem: {
      failed: "This session does not run",
      terminated: "This session is not linked",
      offline: "There is no line to WhatsApp at the moment",
      lastError: "Last error",
      again: "Start again",
    },
    first: {
      title: "Send a message",
      lead: "Try the session from here.",
      simulated: "On the simulated network this number echoes what it gets.",
      to: "To",
      toHint: "A telephone number with its country code.",
      text: "Message",
      usual: "Hello from wagate",
      action: "Send",
      sent: "Sent",
      heard: "Answered",
      curl: "The same from a program",
    },
    detail: {
      tabs: "Parts of the session",
      facts: "Details",
      log: "Log",
      phone: "Phone",
      account: "Account",
      created: "Created",
      activity: "Last activity",
      engine: "Engine",
      engineWord: { browser: "Chromium", simulated: "Simulated" },
      proxy: "Proxy",
      memory: "Memory of the engine",
      restarts: "Restarts",
      waiting: "Waiting to be sent",
      recovery: "Last recovery",
      recoveryWords: (stage: string, outcome: string) => {
        const stages: Record<string, string> = {
          reinject: "its scripts were put in anew",
          reload: "its page was loaded anew",
          restart: "its engine was started anew",
        };
        const outcomes: Record<string, string> = {
          under_way: "under way",
          recovered: "successful",
          failed: "in vain",
          abandoned: "not needed any more",
        };
        return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
      },
    },
    waitingFor: (waiting: {
      sendAt: number;
      sessionNotReady: number;
      turn: number;
      lookup: number;
    }): string => {
      const parts: [number, string][] = [
        [waiting.sessionNotReady, "for the session"],
        [waiting.sendAt, "for their time"],
        [waiting.turn, "for their turn"],
        [waiting.lookup, "for their outcome"],
      ];
      const said = parts.filter(([value]) => 0 < value);
      return said.map(([value, words]) => `${number.format(value)} ${words}`).join(", ");
    },
    log: {
      empty: "Nothing was logged since the gateway started.",
      time: "Time",
      level: "Level",
      message: "Message",
      note: "The newest lines since the gateway started. They hold no texts and no numbers.",
    },
    logOutDialog: {
      title: (name: string) => `Log ${name} out?`,
      text:
        "The phone forgets this device. The session and its webhooks stay; to send again, a phone "
        + "must be linked anew.",
      done: (name: string) => `${name} is logged out`,
    },
    removeDialog: {
      title: (name: string) => `Remove ${name}?`,
      text:
        "This cannot be undone. The session, its webhooks and its login are removed, and what "
        + "still waits to be sent will not be.",
      logout: "Unlink the device on the phone too",
      keep: "Keep the profile folder with the login",
      done: (name: string) => `${name} is removed`,
    },
    /** What to do about the reason of a failure, in the gateway's words. */
    advice: (reason: string): string => {
      const found = ADVICE.find(([pattern]) => pattern.test(reason));
      return found ? found[1] : "Start it again. If it fails again, its log says more.";
    },
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
      "The first key lies in bootstrap.key in the gateway's data folder. In Docker this shows it:",
    another:
      "While the gateway runs, another one is made by its user on its machine, with the --data of "
      + "the gateway where it has one:",
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
    if (code === "FORBIDDEN") return forbidden(message);
    if (known) return { title: known.title, advice: known.advice };
    return { title: message || "Something went wrong", advice: message ? "" : "Try again." };
  },
} as const;
