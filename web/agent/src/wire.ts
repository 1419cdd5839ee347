// Wire protocol between the page agent and the gateway. Generated from the Rust types by
// `make wire`; change src/driver/browser/wire.rs or src/domain, not this file.
/* eslint-disable */

export type Report = { "report": "hello", version: string | null, again: boolean, } | { "report": "qr", text: string, } | { "report": "qrIdle" } | { "report": "authenticated" } | { "report": "ready", me: Me, missing: Array<string>, } | { "report": "line", state: string, connected: boolean, } | { "report": "loggedOut" } | { "report": "stuck", reason: string, } | { "report": "happened", event: EventBody, } | { "report": "answer", number: number, reply: unknown, } | { "report": "failure", number: number, failure: Failure, };

export type EventBody = { "type": "message", message: Message, } | { "type": "message_sent", message: Message, } | { "type": "ack", message: MessageId, ack: Ack, participant: Jid | null, } | { "type": "message_edited", message: MessageId, text: string, } | { "type": "message_revoked", message: MessageId, by: Jid, } | { "type": "reaction", message: MessageId, sender: Jid, emoji: string, } | { "type": "poll_vote", message: MessageId, sender: Jid, options: Array<string>, } | { "type": "group_joined", group: Jid, groupName: string | null, participants: Array<Jid>, by: Jid | null, action: JoinAction, } | { "type": "group_left", group: Jid, participants: Array<Jid>, by: Jid | null, action: LeaveAction, } | { "type": "group_updated", group: Jid, change: GroupChange, value: string | null, by: Jid | null, } | { "type": "chat_updated", chat: Chat, } | { "type": "contact_updated", contact: Contact, } | { "type": "identity_learned", lid: Jid, phone: Jid, } | { "type": "presence", chat: Jid, sender: Jid, presence: Presence, } | { "type": "call", id: string, from: Jid, video: boolean, group: boolean, } | { "type": "engine_unknown", name: string, raw: unknown, };

export type Failure = { kind: FailureKind, reason: string, code?: number, };

export type FailureKind = "notOnWhatsapp" | "unknownChat" | "unknownMessage" | "unknownGroup" | "unknownContact" | "unknownMedia" | "notAdmin" | "notAllowed" | "deleted" | "tooLate" | "noText" | "invalid" | "unsupported" | "unavailable" | "timeout" | "failed";

export type Command = { "command": "send", outgoing: Outgoing, } | { "command": "edit", message: MessageId, text: string, } | { "command": "revoke", message: MessageId, forEveryone: boolean, } | { "command": "react", message: MessageId, emoji: string, } | { "command": "markRead", chat: Jid, } | { "command": "archive", chat: Jid, archived: boolean, } | { "command": "typing", chat: Jid, typing: boolean, } | { "command": "chats", offset: number, limit: number, } | { "command": "messages", chat: Jid, before: MessageId | null, limit: number, } | { "command": "contacts", offset: number, limit: number, } | { "command": "contact", id: Jid, } | { "command": "group", id: Jid, } | { "command": "createGroup", name: string, description: string | null, participants: Array<Jid>, } | { "command": "addParticipants", group: Jid, participants: Array<Jid>, } | { "command": "removeParticipants", group: Jid, participants: Array<Jid>, } | { "command": "downloadMedia", message: MessageId, url: string, } | { "command": "pairingCode", phone: string, } | { "command": "refreshQr" } | { "command": "find", message: MessageId, } | { "command": "receipts", message: MessageId, } | { "command": "standing" } | { "command": "logOut" } | { "command": "ping" };

export type Outgoing = { key: string, chat: Jid, content: Content, quoted: MessageId | null, mentions: Array<Jid>, linkPreview: boolean, };

export type Content = { "type": "text", body: string, } | { "type": "media", url: string, kind: MediaKind, mime: string, filename: string, caption: string | null, } | { "type": "location", latitude: number, longitude: number, name: string | null, address: string | null, } | { "type": "contactCards", contacts: Array<Card>, } | { "type": "poll", question: string, options: Array<string>, selectable: number, };

export type MediaKind = "image" | "video" | "audio" | "voice" | "document" | "sticker";

export type Jid = string;

export type MessageId = string;

export type Me = { id: Jid, lid: Jid | null, pushName: string | null, platform: string | null, };

export type Message = { id: MessageId, author: Jid, kind: MessageKind, body: string, timestamp: string, ack: Ack, pushName: string | null, media: MessageMedia | null, quoted: MessageId | null, mentions: Array<Jid>, forwarded: boolean, edited: boolean, reactions: Array<Reaction>, reactionsUnknown?: boolean, recipients?: Array<Jid>, details?: Details, groupName?: string, raw?: unknown, };

export type MessageKind = "text" | "image" | "video" | "audio" | "voice" | "document" | "sticker" | "location" | "contactCard" | "poll" | "menuReply" | "revoked" | "groupNotice" | "unknown";

export type MessageMedia = { mime: string, size: number, filename: string | null, };

export type Ack = "failed" | "pending" | "sent" | "delivered" | "read" | "played";

export type Reaction = { sender: Jid, emoji: string, timestamp: string, };

export type Details = { location?: Location, contacts?: Array<CardAsReported>, poll?: Poll, menuReply?: MenuReply, ad?: AdContext, linkPreview?: LinkPreview, seconds?: number, animated?: boolean, viewOnce?: boolean, ephemeralSeconds?: number, };

export type Location = { latitude: number, longitude: number, name: string | null, address: string | null, live?: boolean, };

export type Card = { name: string, phones: Array<string>, organization?: string, id: Jid | null, vcard: string, };

export type CardAsReported = { name: string | null, vcard: string, };

export type Poll = { question: string, options: Array<string>, selectable: number, votes?: Array<Vote>, };

export type Vote = { sender: Jid, options: Array<string>, timestamp: string, };

export type MenuReply = { id: string | null, title: string | null, menu: Menu, };

export type Menu = "list" | "buttons" | "template" | "interactive";

export type AdContext = { source: string | null, id: string | null, url: string | null, title: string | null, body: string | null, mediaUrl: string | null, clickId: string | null, };

export type LinkPreview = { url: string, title: string | null, description: string | null, };

export type Chat = { id: Jid, name: string, unread: number, archived: boolean, pinned: boolean, mutedUntil: string | null, lastActivity: string, lastMessage: LastMessage | null, };

export type LastMessage = { preview: string, timestamp: string, fromMe: boolean, key?: string | null, };

export type Contact = { id: Jid, lid: Jid | null, name: string | null, shortName: string | null, pushName: string | null, inAddressBook: boolean, onWhatsapp: boolean, business: boolean, blocked: boolean, picture: Picture | null, };

export type Picture = { id: string | null, url: string | null, thumbnail: string | null, };

export type Group = { id: Jid, name: string, description: string | null, owner: Jid | null, createdAt: string | null, participants: Array<Participant>, };

export type Participant = { id: Jid, admin: boolean, owner: boolean, };

export type ParticipantOutcome = { id: Jid, status: number, inviteCode: string | null, };

export type Receipt = { participant: Jid, ack: Ack, deliveredAt: string | null, readAt: string | null, playedAt: string | null, };

export type Sent = { id: MessageId, timestamp: string, ack: Ack, recipients?: Array<Jid>, };

export type GroupCreated = { id: Jid, participants: Array<ParticipantOutcome>, };

export type PairingCode = { code: string, expiresAt: string, };

export type JoinAction = "create" | "add" | "invite";

export type LeaveAction = "remove" | "leave";

export type GroupChange = "subject" | "description" | "picture" | "announce" | "restrict" | "promote" | "demote";

export type Presence = "typing" | "recording" | "paused" | "available" | "unavailable";
