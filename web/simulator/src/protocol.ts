// What a linked device and the simulated network say to each other, as JSON over a WebSocket.
// Mirrors src/simulator/protocol.rs and the domain types of the gateway; change both together.

/** RFC 3339. */
export type Timestamp = string;
export type Jid = string;
export type MessageId = string;
export type Ack = "failed" | "pending" | "sent" | "delivered" | "read" | "played";
export type MediaKind = "image" | "video" | "audio" | "voice" | "document" | "sticker";
export type MessageKind =
  | "text"
  | MediaKind
  | "location"
  | "contactCard"
  | "poll"
  | "menuReply"
  | "revoked"
  | "groupNotice"
  | "unknown";
export type PresenceWord = "typing" | "recording" | "paused" | "available" | "unavailable";

export interface Me {
  id: Jid;
  lid: Jid | null;
  pushName: string | null;
  platform: string | null;
}

export interface Contact {
  id: Jid;
  lid: Jid | null;
  name: string | null;
  shortName: string | null;
  pushName: string | null;
  inAddressBook: boolean;
  onWhatsapp: boolean;
  business?: boolean;
  blocked?: boolean;
  picture: { id: string | null; url: string | null; thumbnail: string | null } | null;
}

export interface Chat {
  id: Jid;
  name: string;
  unread: number;
  archived?: boolean;
  pinned?: boolean;
  mutedUntil: Timestamp | null;
  lastActivity: Timestamp;
  lastMessage: { preview: string; timestamp: Timestamp; fromMe: boolean } | null;
}

export interface Group {
  id: Jid;
  name: string;
  description: string | null;
  owner: Jid | null;
  createdAt: Timestamp | null;
  participants: { id: Jid; admin?: boolean; owner?: boolean }[];
}

export interface ParticipantOutcome {
  id: Jid;
  status: number;
  inviteCode: string | null;
}

export interface Reaction {
  sender: Jid;
  emoji: string;
  timestamp: Timestamp;
}

export interface Message {
  id: MessageId;
  author: Jid;
  kind: MessageKind;
  body: string;
  timestamp: Timestamp;
  ack: Ack;
  pushName: string | null;
  media: { mime: string; size: number; filename: string | null } | null;
  quoted: MessageId | null;
  mentions?: Jid[];
  forwarded?: boolean;
  edited?: boolean;
  reactions?: Reaction[];
  details?: Details;
  groupName?: string;
  /** Of a kind that the gateway does not know: what the page shows of it. */
  raw?: Record<string, unknown>;
}

/** What a message holds beyond its text and its file. */
export interface Details {
  location?: {
    latitude: number;
    longitude: number;
    name: string | null;
    address: string | null;
    live?: boolean;
  };
  contacts?: { name: string; phones: string[]; organization?: string; vcard: string }[];
  poll?: { question: string; options: string[]; selectable: number; votes?: Vote[] };
  menuReply?: {
    menu: "list" | "buttons" | "template" | "interactive";
    id: string | null;
    title: string | null;
  };
  ad?: {
    source: string | null;
    id: string | null;
    url: string | null;
    title: string | null;
    body: string | null;
    mediaUrl: string | null;
    clickId: string | null;
  };
  linkPreview?: { url: string; title: string | null; description: string | null };
  seconds?: number;
  animated?: boolean;
  viewOnce?: boolean;
  ephemeralSeconds?: number;
}

export interface Vote {
  sender: Jid;
  options: string[];
  timestamp: Timestamp;
}

/** How far a message has come with one of its recipients. */
export interface Receipt {
  participant: Jid;
  ack: Ack;
  deliveredAt: Timestamp | null;
  readAt: Timestamp | null;
  playedAt: Timestamp | null;
}

/** Events that a device handles; others are ignored. */
export type EventBody =
  | { type: "message" | "message_sent"; message: Message }
  | { type: "ack"; message: MessageId; ack: Ack; participant: Jid | null }
  | { type: "message_edited"; message: MessageId; text: string }
  | { type: "message_revoked"; message: MessageId; by: Jid }
  | { type: "reaction"; message: MessageId; sender: Jid; emoji: string }
  | { type: "poll_vote"; message: MessageId; sender: Jid; options: string[] }
  | {
    type: "group_joined";
    group: Jid;
    groupName: string | null;
    participants: Jid[];
    by: Jid | null;
    action: "create" | "add" | "invite";
  }
  | {
    type: "group_left";
    group: Jid;
    participants: Jid[];
    by: Jid | null;
    action: "remove" | "leave";
  }
  | { type: "group_updated"; group: Jid; change: string; value: string | null; by: Jid | null }
  | { type: "chat_updated"; chat: Chat }
  | { type: "contact_updated"; contact: Contact }
  | ({ type: "identity_learned" } & Pair)
  | { type: "presence"; chat: Jid; sender: Jid; presence: PresenceWord }
  | { type: "call"; id: string; from: Jid; video: boolean; group: boolean };

/** The two ids of one person. */
export interface Pair {
  lid: Jid;
  phone: Jid;
}

export interface Snapshot {
  me: Me;
  contacts: Contact[];
  chats: Chat[];
  groups: Group[];
  messages: Message[];
  /** Hidden identities whose telephone number the network reveals. */
  identities: Pair[];
}

/** Faults that only a page can act out. */
export type PageFault = "hang" | "crash" | "reload" | "deaf" | "emptied";

export type Push =
  | { push: "reference"; reference: string; attempt: number; expiresAt: Timestamp }
  | { push: "referencesExhausted" }
  | { push: "linked"; credential: string; me: Me }
  | ({ push: "snapshot" } & Snapshot)
  | { push: "happened"; event: EventBody }
  | { push: "line"; connected: boolean }
  | { push: "clock"; standsAt: Timestamp | null }
  | { push: "unlinked" }
  | { push: "fault"; fault: PageFault };

export type DeviceContent =
  | { type: "text"; body: string }
  | {
    type: "media";
    media: string;
    kind: MediaKind;
    mime: string;
    filename: string | null;
    caption: string | null;
  }
  | {
    type: "location";
    latitude: number;
    longitude: number;
    name: string | null;
    address: string | null;
  }
  | { type: "contactCards"; contacts: { id: Jid; name: string | null; vcard: string }[] }
  | { type: "poll"; question: string; options: string[]; selectable: number };

export type Request =
  | { request: "hello"; credential: string | null }
  | { request: "refreshReferences" | "logOut" }
  | { request: "pairingCode"; phone: string }
  | {
    request: "send";
    key: string;
    chat: Jid;
    content: DeviceContent;
    quoted: MessageId | null;
    mentions: Jid[];
  }
  | { request: "edit"; message: MessageId; text: string }
  | { request: "revoke"; message: MessageId; forEveryone: boolean }
  | { request: "react"; message: MessageId; emoji: string }
  | { request: "markRead"; chat: Jid }
  | { request: "archive"; chat: Jid; archived: boolean }
  | { request: "presence"; chat: Jid; presence: PresenceWord }
  | { request: "history"; chat: Jid; before: MessageId | null; limit: number }
  | { request: "media" | "receipts"; message: MessageId }
  | { request: "exists" | "group"; id: Jid }
  | { request: "createGroup"; name: string; description: string | null; participants: Jid[] }
  | { request: "describeGroup"; group: Jid; description: string }
  | { request: "addParticipants" | "removeParticipants"; group: Jid; participants: Jid[] };

export interface Answers {
  done: object;
  pairingCode: { code: string; expiresAt: Timestamp };
  sent: { sent: { id: MessageId; timestamp: Timestamp; ack: Ack }; message: Message };
  messages: { messages: Message[] };
  media: { media: string; mime: string; size: number };
  receipts: { receipts: Receipt[] };
  exists: { contact: Contact | null };
  group: { group: Group };
  groupCreated: { group: Group; participants: ParticipantOutcome[] };
  participants: { participants: ParticipantOutcome[] };
}

export type Answer = { [K in keyof Answers]: { answer: K } & Answers[K] }[keyof Answers];

export interface Refusal {
  kind: string;
  code?: number;
  reason: string;
}

export type NumberedAnswer = { number: number } & ({ Ok: Answer } | { Err: Refusal });
