// Protocol between a linked device and the simulated network. Generated from the Rust types by
// `make wire`; change src/simulator/protocol.rs or src/domain, not this file.
/* eslint-disable */

export type Push = { "push": "reference", reference: string, attempt: number, expiresAt: string, } | { "push": "referencesExhausted" } | { "push": "linked", credential: string, me: Me, } | { "push": "snapshot", me: Me, contacts: Array<Contact>, chats: Array<Chat>, groups: Array<Group>, messages: Array<Message>, identities: Array<Pair>, } | { "push": "happened", event: EventBody, } | { "push": "line", connected: boolean, } | { "push": "clock", standsAt: string | null, } | { "push": "unlinked" } | { "push": "fault", fault: PageFault, };

export type PageFault = "hang" | "crash" | "reload" | "deaf" | "emptied";

export type NumberedRequest = { number: number, request: Request, };

export type Request = { "request": "hello", credential: string | null, } | { "request": "refreshReferences" } | { "request": "pairingCode", phone: string, } | { "request": "send", key: string, chat: Jid, content: DeviceContent, quoted: MessageId | null, mentions: Array<Jid>, } | { "request": "edit", message: MessageId, text: string, } | { "request": "revoke", message: MessageId, forEveryone: boolean, } | { "request": "react", message: MessageId, emoji: string, } | { "request": "markRead", chat: Jid, } | { "request": "archive", chat: Jid, archived: boolean, } | { "request": "presence", chat: Jid, presence: Presence, } | { "request": "history", chat: Jid, before: MessageId | null, limit: number, } | { "request": "message", message: MessageId, } | { "request": "media", message: MessageId, } | { "request": "receipts", message: MessageId, } | { "request": "exists", id: Jid, } | { "request": "group", id: Jid, } | { "request": "createGroup", name: string, description: string | null, participants: Array<Jid>, } | { "request": "describeGroup", group: Jid, description: string, } | { "request": "addParticipants", group: Jid, participants: Array<Jid>, } | { "request": "removeParticipants", group: Jid, participants: Array<Jid>, } | { "request": "logOut" };

export type DeviceContent = { "type": "media", media: string, kind: MediaKind, mime: string, filename: string | null, caption: string | null, } | Content;

export type Content = { "type": "text", body: string, } | { "type": "location", latitude: number, longitude: number, name: string | null, address: string | null, } | { "type": "contactCards", contacts: Array<ContactCard>, } | { "type": "poll", question: string, options: Array<string>, selectable: number, };

export type ContactCard = { id: Jid, name: string | null, organization?: string, vcard?: string, };

export type NumberedAnswer = { number: number, answer: { Ok : Answer } | { Err : Refusal }, };

export type Answer = { "answer": "done" } | { "answer": "pairingCode", code: string, expiresAt: string, } | { "answer": "sent", sent: Sent, message: Message, } | { "answer": "messages", messages: Array<Message>, } | { "answer": "receipts", receipts: Array<Receipt>, } | { "answer": "media", media: string, mime: string, size: number, } | { "answer": "exists", contact: Contact | null, } | { "answer": "group", group: Group, } | { "answer": "groupCreated", group: Group, participants: Array<ParticipantOutcome>, } | { "answer": "participants", participants: Array<ParticipantOutcome>, };

export type Refusal = { kind: RefusalKind, reason: string, code?: number, };

export type RefusalKind = "notLinked" | "notOnWhatsapp" | "unknownChat" | "unknownMessage" | "unknownMedia" | "notAdmin" | "notMember" | "notAllowed" | "deleted" | "tooLate" | "noText" | "invalid" | "fault";

export type EventBody = { "type": "message", message: Message, } | { "type": "message_sent", message: Message, } | { "type": "ack", message: MessageId, ack: Ack, participant: Jid | null, } | { "type": "message_edited", message: MessageId, text: string, } | { "type": "message_revoked", message: MessageId, by: Jid, } | { "type": "reaction", message: MessageId, sender: Jid, emoji: string, } | { "type": "poll_vote", message: MessageId, sender: Jid, options: Array<string>, } | { "type": "group_joined", group: Jid, groupName: string | null, participants: Array<Jid>, by: Jid | null, action: JoinAction, } | { "type": "group_left", group: Jid, participants: Array<Jid>, by: Jid | null, action: LeaveAction, } | { "type": "group_updated", group: Jid, change: GroupChange, value: string | null, by: Jid | null, } | { "type": "chat_updated", chat: Chat, } | { "type": "contact_updated", contact: Contact, } | { "type": "identity_learned", lid: Jid, phone: Jid, } | { "type": "presence", chat: Jid, sender: Jid, presence: Presence, } | { "type": "call", id: string, from: Jid, video: boolean, group: boolean, } | { "type": "engine_unknown", name: string, raw: unknown, };

export type Jid = string;

export type MessageId = string;

export type Pair = { lid: Jid, phone: Jid, };

export type Me = { id: Jid, lid: Jid | null, pushName: string | null, platform: string | null, };

export type Message = { id: MessageId, author: Jid, kind: MessageKind, body: string, timestamp: string, ack: Ack, pushName: string | null, media: MessageMedia | null, quoted: MessageId | null, mentions: Array<Jid>, forwarded: boolean, edited: boolean, reactions: Array<Reaction>, reactionsUnknown?: boolean, recipients?: Array<Jid>, details?: Details, groupName?: string, raw?: unknown, };

export type MessageKind = "text" | "image" | "video" | "audio" | "voice" | "document" | "sticker" | "location" | "contactCard" | "poll" | "menuReply" | "revoked" | "groupNotice" | "unknown";

export type MediaKind = "image" | "video" | "audio" | "voice" | "document" | "sticker";

export type MessageMedia = { mime: string, size: number, filename: string | null, };

export type Ack = "failed" | "pending" | "sent" | "delivered" | "read" | "played";

export type Reaction = { sender: Jid, emoji: string, timestamp: string, };

export type Details = { location?: Location, contacts?: Array<CardAsReported>, poll?: Poll, menuReply?: MenuReply, ad?: AdContext, linkPreview?: LinkPreview, seconds?: number, animated?: boolean, viewOnce?: boolean, ephemeralSeconds?: number, };

export type Location = { latitude: number, longitude: number, name: string | null, address: string | null, live?: boolean, };

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

export type JoinAction = "create" | "add" | "invite";

export type LeaveAction = "remove" | "leave";

export type GroupChange = "subject" | "description" | "picture" | "announce" | "restrict" | "promote" | "demote";

export type Presence = "typing" | "recording" | "paused" | "available" | "unavailable";
