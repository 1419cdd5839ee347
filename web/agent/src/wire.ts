// What the agent and the gateway say to each other. Mirrors src/driver/browser/wire.rs, and for
// messages, chats and the rest the gateway's own domain types.

export type AckWord = "failed" | "pending" | "sent" | "delivered" | "read" | "played";

export type MessageKind =
    | "text"
    | "image"
    | "video"
    | "audio"
    | "voice"
    | "document"
    | "sticker"
    | "location"
    | "contactCard"
    | "poll"
    | "menuReply"
    | "revoked"
    | "groupNotice"
    | "unknown";

export interface Reaction {
  sender: string;
  emoji: string;
  timestamp: string;
}

export interface Message {
  id: string;
  author: string;
  kind: MessageKind;
  body: string;
  timestamp: string;
  ack: AckWord;
  pushName: string | null;
  media: { mime: string; size: number; filename: string | null } | null;
  quoted: string | null;
  mentions: string[];
  forwarded: boolean;
  edited: boolean;
  reactions: Reaction[];
  /** Somebody reacted, and the page could not say who. */
  reactionsUnknown?: boolean;
  /** Whom an own message in a group went to. */
  recipients?: string[];
  details?: Details;
  groupName?: string;
  raw?: unknown;
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
  /** The gateway reads the rest from the vCard. */
  contacts?: { name: string | null; vcard: string }[];
  /** `votes` is missing where the page cannot say. */
  poll?: { question: string; options: string[]; selectable: number; votes?: Vote[] };
  menuReply?: { menu: Menu; id: string | null; title: string | null };
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

export type Menu = "list" | "buttons" | "template" | "interactive";

export interface Vote {
  sender: string;
  options: string[];
  timestamp: string;
}

export interface Chat {
  id: string;
  name: string;
  unread: number;
  archived: boolean;
  pinned: boolean;
  mutedUntil: string | null;
  lastActivity: string;
  lastMessage: { preview: string; timestamp: string; fromMe: boolean; key: string | null } | null;
}

export interface Contact {
  id: string;
  lid: string | null;
  name: string | null;
  shortName: string | null;
  pushName: string | null;
  inAddressBook: boolean;
  onWhatsapp: boolean;
  business: boolean;
  blocked: boolean;
  picture: { id: string | null; url: string | null; thumbnail: string | null } | null;
}

export interface Me {
  id: string;
  lid: string | null;
  pushName: string | null;
  platform: string | null;
}

export type EventBody =
    | { type: "message" | "message_sent"; message: Message }
    | { type: "ack"; message: string; ack: AckWord; participant: string | null }
    | { type: "message_edited"; message: string; text: string }
    | { type: "message_revoked"; message: string; by: string }
    | { type: "reaction"; message: string; sender: string; emoji: string }
    | { type: "poll_vote"; message: string; sender: string; options: string[] }
    | {
      type: "group_joined";
      group: string;
      groupName: string | null;
      participants: string[];
      by: string | null;
      action: "create" | "add" | "invite";
    }
    | {
      type: "group_left";
      group: string;
      participants: string[];
      by: string | null;
      action: "remove" | "leave";
    }
    | {
      type: "group_updated";
      group: string;
      change:
        | "promote"
        | "demote"
        | "subject"
        | "description"
        | "picture"
        | "announce"
        | "restrict";
      value: string | null;
      by: string | null;
    }
    | { type: "chat_updated"; chat: Chat }
    | { type: "contact_updated"; contact: Contact }
    | { type: "identity_learned"; lid: string; phone: string }
    | { type: "presence"; chat: string; sender: string; presence: PresenceWord }
    | { type: "call"; id: string; from: string; video: boolean; group: boolean }
    | { type: "engine_unknown"; name: string; raw: unknown };

export type PresenceWord = "typing" | "recording" | "paused" | "available" | "unavailable";

export type Report =
    | { report: "hello"; version: string | null; again: boolean }
    | { report: "qr"; text: string }
    | { report: "qrIdle" }
    | { report: "authenticated" }
    | { report: "ready"; me: Me; missing: string[] }
    | { report: "line"; state: string; connected: boolean }
    | { report: "loggedOut" }
    | { report: "stuck"; reason: string }
    | { report: "happened"; event: EventBody }
    | { report: "answer"; number: number; reply: unknown }
    | { report: "failure"; number: number; failure: Failure };

export type FailureKind =
    | "notOnWhatsapp"
    | "unknownChat"
    | "unknownMessage"
    | "unknownGroup"
    | "unknownContact"
    | "unknownMedia"
    | "notAdmin"
    | "notAllowed"
    | "deleted"
    | "tooLate"
    | "noText"
    | "invalid"
    | "unsupported"
    | "unavailable"
    | "timeout"
    | "failed";

export interface Failure {
  kind: FailureKind;
  reason: string;
  /** WhatsApp's code of what it refused, where the page tells it. */
  code?: number | undefined;
}

export interface Outgoing {
  key: string;
  chat: string;
  content: Content;
  quoted: string | null;
  mentions: string[];
  linkPreview: boolean;
}

export type Content =
    | { type: "text"; body: string }
    | {
      type: "media";
      url: string;
      kind: string;
      mime: string;
      filename: string;
      caption: string | null;
    }
    | {
      type: "location";
      latitude: number;
      longitude: number;
      name: string | null;
      address: string | null;
    }
    | { type: "contactCards"; contacts: { name: string; vcard: string }[] }
    | { type: "poll"; question: string; options: string[]; selectable: number };

export type Command =
    | { command: "send"; outgoing: Outgoing }
    | { command: "edit"; message: string; text: string }
    | { command: "revoke"; message: string; forEveryone: boolean }
    | { command: "react"; message: string; emoji: string }
    | { command: "markRead"; chat: string }
    | { command: "archive"; chat: string; archived: boolean }
    | { command: "typing"; chat: string; typing: boolean }
    | { command: "chats"; offset: number; limit: number }
    | { command: "messages"; chat: string; before: string | null; limit: number }
    | { command: "contacts"; offset: number; limit: number }
    | { command: "contact"; id: string }
    | { command: "group"; id: string }
    | { command: "createGroup"; name: string; description: string | null; participants: string[] }
    | { command: "addParticipants"; group: string; participants: string[] }
    | { command: "removeParticipants"; group: string; participants: string[] }
    | { command: "downloadMedia"; message: string; url: string }
    | { command: "pairingCode"; phone: string }
    | { command: "refreshQr" }
  | { command: "find"; message: string }
    | { command: "receipts"; message: string }
    | { command: "standing" }
    | { command: "logOut" }
    | { command: "ping" };
