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
    chat: "Chat",
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

  chat: {
    today: "Today",
    yesterday: "Yesterday",
    you: "You",
    conversations: "Conversations",
    search: "Search names, numbers and messages",
    clearSearch: "Clear the search",
    filter: "Show",
    all: "All",
    unread: "Unread",
    archived: "Archive",
    allTags: "All tags",
    allInstances: "All sessions",
    tag: "Tag",
    instance: "Session",
    unreadCount: (value: number) => count(value, "unread message", "unread messages"),
    messagesFound: "Messages",
    moreFound: "Show more",
    nothingFound: "Nothing was found",
    nothingFoundText: "Names and numbers are searched for parts of words, messages for whole words.",
    indexing: "The index of messages is being built: there may be more.",
    none: "No conversations yet",
    noneText: "Write to somebody, or wait until somebody writes. Every message shows up here by itself.",
    noneHere: "Nothing here",
    noneHereText: "No conversation is in this view.",
    noInstance: "No session yet",
    noInstanceText: "Link a phone first: its conversations are shown here then.",
    toSessions: "To the sessions",
    choose: "Choose a conversation",
    chooseText: "Up and down go through the list, Ctrl+K searches.",
    gone: "This conversation is not there any more",
    new: "New conversation",
    recipient: "Telephone number",
    recipientHint: "With its country code, such as +49 30 1234567",
    firstMessage: "Message",
    begin: "Send",
    menu: "What to do with this conversation",
    archive: "Archive",
    unarchive: "Take out of the archive",
    archivedDone: "Put into the archive",
    unarchivedDone: "Taken out of the archive",
    tags: "Tags",
    editTags: "Choose tags",
    newTag: "New tag",
    addTag: "Add",
    noTags: "There are no tags yet.",
    save: "Save",
    pause: "Pause automation",
    resume: "Resume automation",
    paused: "Automation is paused",
    remove: "Delete here",
    removeTitle: "Delete this conversation here?",
    removeText: "The gateway forgets it and its messages. The phone keeps them.",
    group: "Group",
    typing: "is writing …",
    recording: "is recording …",
    offline: "The session is not connected",
    messages: (name: string) => `Messages with ${name}`,
    beginning: "This is where the conversation begins, as far as it is known here.",
    unreadHere: "Unread",
    newest: "To the newest message",
    newestWith: (value: number) => count(value, "new message", "new messages"),
    empty: "No messages yet",
    arrived: (name: string, text: string) => `${name}: ${text}`,
    actions: (name: string, time: string) => `What to do with the message by ${name}, ${time}`,
    reply: "Reply",
    react: "React",
    reactWith: (emoji: string) => `React with ${emoji}`,
    reaction: (emoji: string, value: number, isMine: boolean) =>
      `${emoji}, ${count(value, "reaction", "reactions")}${isMine ? ", one of them yours" : ""}`,
    copyText: "Copy text",
    edit: "Edit",
    deleteForAll: "Delete for everyone",
    deleteForMe: "Delete for me",
    deleteTitle: "Delete this message?",
    deleteForAllText: "It disappears for everybody. They may have read it already.",
    deleteForMeText: "It disappears from your own account alone.",
    deleted: "This message was deleted",
    edited: "edited",
    quoteUnknown: "A message that is not here",
    toQuoted: (name: string) => `To the message by ${name} that this one answers`,
    ticks: {
      pending: "on its way",
      waiting: "waits for the gateway",
      queued: "waits to be sent",
      sent: "sent",
      delivered: "delivered",
      read: "read",
      played: "played",
      failed: "not sent",
    },
    failed: "Not sent.",
    again: "Try again",
    discard: "Discard",
    kinds: {
      text: "Text",
      image: "Picture",
      video: "Video",
      audio: "Audio",
      document: "Document",
      sticker: "Sticker",
      location: "Location",
      contact: "Contact",
      poll: "Poll",
      notice: "Notice",
      unsupported: "Message of a kind that is not shown here",
    },
    voiceNote: "Voice note",
    play: "Play",
    pauseSound: "Pause",
    position: "Position",
    speed: (value: number) => `Speed ${value}`,
    openPicture: "Show the picture large",
    showMedia: (size: string) => `Show (${size})`,
    mediaFailed: "The file could not be loaded.",
    download: (name: string) => `Download ${name}`,
    unnamedFile: "File",
    write: "Write a message",
    caption: "Add a caption",
    send: "Send",
    saveEdit: "Save the change",
    attach: "Attach files",
    emoji: "Emoji",
    emojiGroups: {
      faces: "Faces",
      gestures: "Gestures",
      hearts: "Hearts and joy",
      things: "Things",
    },
    replyingTo: (name: string) => `Reply to ${name}`,
    editing: "Edit the message",
    cancelReply: "Do not reply to it",
    cancelEdit: "Leave it as it was",
    removeFile: (name: string) => `Remove ${name}`,
    dropHere: "Drop files to send them",
    tooLarge: (name: string, most: string) => `${name} is larger than ${most}`,
    tooLong: (most: number) => `At most ${number.format(most)} characters`,
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
  SHUTTING_DOWN: { title: "The gateway is stopping", advice: "Try again when it is back." },
};
