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
  chosen: "chosen",
  loading: "Loading",
  dismiss: "Dismiss",
  back: "Back",
  save: "Save",
  saved: "Saved",
  edit: "Edit",
  remove: "Delete",
  add: "Add",
  bars: {
    table: "Show as table",
    download: (title: string) => `Download ${title} as CSV`,
    empty: "Nothing in this period.",
  },
  pager: {
    label: "Pages",
    previous: "Previous page",
    next: "Next page",
    shown: (first: number, last: number, total: number) => {
      const [from, to, all] = [first, last, total].map((value) => number.format(value));
      return total === 0 ? "" : `${from ?? ""}–${to ?? ""} of ${all ?? ""}`;
    },
  },
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
    all: "All pages",
    overview: "Overview",
    sessions: "Sessions",
    chat: "Chat",
    events: "Events",
    webhooks: "Webhooks",
    bots: "Bots",
    automations: "Automations",
    contacts: "Contacts",
    broadcasts: "Broadcasts",
    templates: "Templates",
    analytics: "Analytics",
    business: "Business",
    settings: "Settings",
    inbox: "Inbox",
    work: "Tickets",
    team: "Team",
    account: "Account",
    more: "More",
    waiting: (value: number) => `${number.format(value)} waiting`,
    groups: {
      work: "Conversations",
      business: "Business",
      gateway: "Gateway",
      workspace: "Workspace",
    },
  },
  alerts: {
    title: "Notifications",
    open: (value: number) =>
      value ? `Notifications, ${number.format(value)} unread` : "Notifications",
    choices: "Alerts on this device",
    sound: "A sound for each new message",
    desktop: "Desktop notifications while this page is not in sight",
    notSecure: "Browsers have these on pages by HTTPS and on this machine alone.",
    refused: "The browser does not allow it: change that in its settings for this page.",
    none: "No notifications yet.",
    readAll: "Mark all as read",
    noText: "A file",
  },
  presence: {
    label: "Your status",
    online: "Online",
    away: "Away",
    busy: "Busy",
    offline: "Appear offline",
    gone: "Offline",
  },
  roles: { OWNER: "Owner", ADMIN: "Administrator", AGENT: "Agent", VIEWER: "Viewer" },
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
    waiting: "Connection lost, reconnecting",
    denied: "No live updates",
  },
  lineDenied: "Your key lacks the scope read, which live updates need.",
  overview: {
    title: "Overview",
    range: "Time range",
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
      waiting: "Queued messages",
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
      waiting: "Queued messages",
      waitingSession: "Session not ready",
      waitingTime: "Scheduled",
      waitingTurn: "In queue",
      waitingLookup: "Checking outcome",
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
    unwell: "The gateway needs attention",
    checks: {
      database: "The database does not work.",
      disk: "The disk is filling up.",
      eventLog: "The event log is larger than it should be.",
      sessions: "A session has failed or is being recovered.",
      memory: "The machine is low on memory.",
    } as Record<string, string>,
  },
  settings: {
    title: "Settings",
    keys: {
      title: "API keys",
      lead: "Programs, and people on other machines, use an API key to call the gateway.",
      create: "New key",
      empty: "No API keys yet.",
      column: {
        name: "Name",
        scopes: "Permissions",
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
      nameHint: "Who uses it: a program or a person.",
      scopes: "Permissions",
      scope: {
        "*": "Everything",
        read: "Read sessions, chats and messages, and follow live events",
        send: "Send messages",
        conversations: "Read and organize conversations (Chat API); add read for live updates",
        contacts: "Contacts of the business (business API)",
        broadcasts: "Broadcasts, with the contacts that they go to (business API)",
        bots: "Change bots and what they know (workspace API)",
        mcp: "Tools for assistants (MCP); each tool needs its own permission, too",
        admin: "Manage sessions, QR codes, webhooks and keys (for all sessions: no limits)",
      },
      session: "For",
      allSessions: "All sessions",
      expires: "Expires",
      never: "Never",
      days: (days: number) => `In ${count(days, "day", "days")}`,
      action: "Create",
      made: "Your new API key",
      madeText: "Copy it now: it is shown only once, and the gateway stores only its hash.",
      done: "Done",
      noScope: "Choose at least one permission.",
    },
    assistant: {
      title: "Connect an assistant",
      network: "Over the network",
      older: "Over the network, by the older transport (SSE)",
      machine: "On the gateway's own machine",
      copy: (name: string) => `Copy: ${name}`,
    },
    health: {
      title: "Health",
      lead: "The checks of wagate doctor, run by this gateway.",
      again: "Check again",
      verdict: { ok: "OK", warn: "Warning", error: "Error" },
      busy: "Checking. Starting a browser takes a few seconds.",
    },
    services: {
      title: "Services",
      lead: "Providers that the gateway uses. Which they are stands in its configuration.",
      change: "Change secrets",
      sms: "Text messages",
      payments: "Payment links",
      on: "Connected",
      off: "Not configured",
      secret: "Secret is set",
      noSecret: "No secret",
      signed: "Webhooks are checked with their signing secret",
      unsigned: "No signing secret for webhooks",
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
    here: "This browser",
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
      offline: "Offline",
      failed: "Failed",
      terminated: "Logged out",
    },
    column: {
      name: "Session",
      state: "Status",
      activity: "Last activity",
      waiting: "Waiting",
      memory: "Memory",
    },
    open: "Open",
    restart: "Restart",
    restarted: (name: string) => `${name} is restarting`,
    logOut: "Log out",
    remove: "Remove",
    noPhone: "not linked",
    actionsFor: (name: string) => `Actions for ${name}`,
    empty: {
      title: "Link your first phone",
      text: "A session is one WhatsApp account on this gateway. Linking takes a minute.",
      steps: [
        "Name the session: every API call uses this name.",
        "Scan its QR code with the phone, as for any linked device.",
        "Send a first message, from here or with one curl command.",
      ],
    },
    draft: {
      title: "New session",
      name: "Name",
      nameHint: "Letters, digits, - and _. It is part of the URL of every call.",
      more: "Proxy and options",
      proxy: "Proxy",
      proxyNone: "None",
      proxyAddress: "Proxy address",
      proxyAddressHint: "host:port. All traffic of this session goes through the proxy.",
      proxyUser: "User",
      proxyPassword: "Password",
      engine: "Engine",
      engineUsual: "Default",
      engineBrowser: "Browser",
      engineSimulated: "Simulated, without a browser",
      timeout: "QR timeout (seconds)",
      timeoutHint: "How long to wait for a scan; 0 waits without a limit.",
      action: "Create",
    },
    link: {
      title: "Link a phone",
      scan: "Scan QR code",
      type: "Use pairing code",
      alt: (name: string) => `The QR code that links ${name}`,
      steps: [
        "Open WhatsApp on the phone.",
        "Go to Settings, Linked devices, Link a device.",
        "Point the phone at this code.",
      ],
      left: (seconds: number) => `A new code comes in ${count(seconds, "second", "seconds")}.`,
      renewing: "Waiting for a new code.",
      simulatedTitle: "This is the simulated network",
      simulatedText: "You need no real phone: use a simulated one.",
      simulatedScan: "Scan with a simulated phone",
      simulatedOpen: "Open the phone page",
      phone: "Phone number",
      phoneHint: "With its country code, such as +49 170 1234567.",
      ask: "Get pairing code",
      codeLabel: "Enter this code on the phone",
      codeSteps: "On the phone: Linked devices, Link a device, Link with phone number instead.",
      codeLeft: (seconds: number) => `Valid for another ${count(seconds, "second", "seconds")}.`,
      codeOver: "This code has expired: get a new one.",
    },
    progress: {
      initializing: "The session is starting. A browser takes a few seconds.",
      authenticated: "The phone is linked. The account is being loaded.",
      degraded: "The engine stopped answering and is being restarted. Nothing is lost.",
    },
    problem: {
      failed: "This session has failed",
      terminated: "This session is not linked",
      offline: "This session is not connected to WhatsApp at the moment",
      lastError: "Last error",
      again: "Restart",
    },
    first: {
      title: "Send a message",
      lead: "Try the session from here.",
      simulated: "On the simulated network this number echoes every message.",
      to: "To",
      toHint: "A phone number with its country code.",
      text: "Message",
      usual: "Hello from wagate",
      action: "Send",
      sent: "Sent",
      reply: "Reply received",
      curl: "The same with curl",
    },
    detail: {
      tabs: "Session details",
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
      waiting: "Queued messages",
      recovery: "Last recovery",
      recoveryWords: (stage: string, outcome: string) => {
        const stages: Record<string, string> = {
          reinject: "scripts injected again",
          reload: "page reloaded",
          restart: "engine restarted",
        };
        const outcomes: Record<string, string> = {
          under_way: "in progress",
          recovered: "successful",
          failed: "failed",
          abandoned: "cancelled",
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
        [waiting.sessionNotReady, "until the session is ready"],
        [waiting.sendAt, "scheduled"],
        [waiting.turn, "in queue"],
        [waiting.lookup, "being checked"],
      ];
      const said = parts.filter(([value]) => 0 < value);
      return said.map(([value, words]) => `${number.format(value)} ${words}`).join(", ");
    },
    log: {
      empty: "No log lines since the gateway started.",
      time: "Time",
      level: "Level",
      message: "Message",
      note: "The newest lines since the gateway started, without message texts and phone numbers.",
    },
    logOutDialog: {
      title: (name: string) => `Log ${name} out?`,
      text:
        "The phone unlinks this device. The session and its webhooks stay. To send again, link a "
        + "phone again.",
      done: (name: string) => `${name} is logged out`,
    },
    removeDialog: {
      title: (name: string) => `Remove ${name}?`,
      text:
        "This cannot be undone. The session, its webhooks and its login are removed. Queued "
        + "messages are not sent.",
      logout: "Unlink the device on the phone too",
      keep: "Keep the profile folder with the login",
      done: (name: string) => `${name} is removed`,
    },
    /** What to do about the reason of a failure, in the gateway's words. */
    advice: (reason: string): string => {
      const found = ADVICE.find(([pattern]) => pattern.test(reason));
      return found ? found[1] : "Restart it. If it fails again, see its log.";
    },
  },
  notFound: {
    title: "Page not found",
    text: "The address may be wrong, or the page has moved.",
    action: "Go to overview",
  },
  broken: {
    title: "This page could not be loaded",
    text: "The gateway may have been updated since this tab was opened.",
  },
  signIn: {
    title: "Sign in",
    lead: "This gateway requires an API key.",
    label: "API key",
    hint: "Stored for this tab only, never in a URL.",
    action: "Sign in",
    wrong: "The gateway does not accept this key.",
    where: "Where is my key?",
    whereText:
      "The first key is in the file bootstrap.key in the data folder. In Docker, show it with:",
    another:
      "To create another key, run this as the gateway's user on its machine, with the same --data "
      + "as the gateway:",
    out: "Sign out",
    none: "You are signed in without a key because you are on the gateway's machine.",
  },

  /** Words for the gateway's codes. `message` is the gateway's own sentence, for all others. */
  failure: (
    code: string, message: string, retryAfter: number | null, isPerson = false,
  ): Explained => {
    const known = FAILURES[code];
    if (code === "RATE_LIMIT_EXCEEDED") {
      const wait = retryAfter === null ? "a moment" : count(retryAfter, "second", "seconds");
      return { title: "Too many requests", advice: `Try again in ${wait}.` };
    }
    if (code === "FORBIDDEN") return forbidden(message, isPerson);
    if (known) return { title: known.title, advice: known.advice };
    return { title: message || "Something went wrong", advice: message ? "" : "Try again." };
  },
} as const;
