// Wire protocol between the page agent and the gateway. Generated from the Rust types by
// `make wire`; change src/driver/browser/wire.rs or src/domain, not this file.
/* eslint-disable */

/**
 * From the agent.
 */
export type Report = { "report": "hello", version: string | null, 
/**
 * Whether the page had another agent before, which still answers its own calls.
 */
again: boolean, } | { "report": "qr", text: string, } | { "report": "qrIdle" } | { "report": "authenticated" } | { "report": "ready", me: Me, missing: Array<string>, } | { "report": "line", state: string, connected: boolean, } | { "report": "loggedOut" } | { "report": "stuck", reason: string, } | { "report": "happened", event: EventBody, } | { "report": "answer", number: number, reply: unknown, } | { "report": "failure", number: number, failure: Failure, };

/**
 * An event on WhatsApp, or in a WhatsApp session.
 */
export type EventBody = { "type": "message", message: Message, } | { "type": "message_sent", message: Message, } | { "type": "ack", message: MessageId, ack: Ack, participant: Jid | null, } | { "type": "message_edited", message: MessageId, text: string, } | { "type": "message_revoked", message: MessageId, by: Jid, } | { "type": "reaction", message: MessageId, sender: Jid, emoji: string, } | { "type": "poll_vote", message: MessageId, sender: Jid, options: Array<string>, } | { "type": "group_joined", group: Jid, groupName: string | null, participants: Array<Jid>, by: Jid | null, action: JoinAction, } | { "type": "group_left", group: Jid, participants: Array<Jid>, by: Jid | null, action: LeaveAction, } | { "type": "group_updated", group: Jid, change: GroupChange, value: string | null, by: Jid | null, } | { "type": "chat_updated", chat: Chat, } | { "type": "contact_updated", contact: Contact, } | { "type": "identity_learned", lid: Jid, phone: Jid, } | { "type": "presence", chat: Jid, sender: Jid, presence: Presence, } | { "type": "call", id: string, from: Jid, video: boolean, group: boolean, } | { "type": "engine_unknown", name: string, raw: unknown, };

export type Failure = { kind: FailureKind, reason: string, 
/**
 * WhatsApp's code of a refusal, where the page reports it.
 */
code?: number, };

export type FailureKind = "notOnWhatsapp" | "unknownChat" | "unknownMessage" | "unknownGroup" | "unknownContact" | "unknownMedia" | "notAdmin" | "notAllowed" | "deleted" | "tooLate" | "noText" | "invalid" | "unsupported" | "unavailable" | "timeout" | "failed";

/**
 * To the agent.
 */
export type Command = { "command": "send", outgoing: Outgoing, } | { "command": "edit", message: MessageId, text: string, } | { "command": "revoke", message: MessageId, forEveryone: boolean, } | { "command": "react", message: MessageId, emoji: string, } | { "command": "markRead", chat: Jid, } | { "command": "archive", chat: Jid, archived: boolean, } | { "command": "typing", chat: Jid, typing: boolean, } | { "command": "chats", offset: number, limit: number, } | { "command": "messages", chat: Jid, before: MessageId | null, limit: number, } | { "command": "contacts", offset: number, limit: number, } | { "command": "contact", id: Jid, } | { "command": "group", id: Jid, } | { "command": "createGroup", name: string, description: string | null, participants: Array<Jid>, } | { "command": "addParticipants", group: Jid, participants: Array<Jid>, } | { "command": "removeParticipants", group: Jid, participants: Array<Jid>, } | { "command": "downloadMedia", message: MessageId, url: string, } | { "command": "pairingCode", phone: string, } | { "command": "refreshQr" } | { "command": "find", message: MessageId, } | { "command": "receipts", message: MessageId, } | { "command": "standing" } | { "command": "logOut" } | { "command": "ping" };

/**
 * [`Outgoing`] with the URL of a file in place of its path.
 */
export type Outgoing = { key: string, chat: Jid, content: Content, quoted: MessageId | null, mentions: Array<Jid>, linkPreview: boolean, };

export type Content = { "type": "text", body: string, } | { "type": "media", url: string, kind: MediaKind, mime: string, filename: string, caption: string | null, } | { "type": "location", latitude: number, longitude: number, name: string | null, address: string | null, } | { "type": "contactCards", contacts: Array<Card>, } | { "type": "poll", question: string, options: Array<string>, selectable: number, };

export type MediaKind = "image" | "video" | "audio" | "voice" | "document" | "sticker";

/**
 * A WhatsApp address in canonical form: `@s.whatsapp.net` becomes `@c.us`, a device part is cut.
 */
export type Jid = string;

/**
 * A message's id: the direction, the chat, the key within the chat, and in a group the author.
 *
 * Written as WhatsApp Web writes it: `true_1234567890@c.us_ABC123`, with the sender's address at
 * the end when the chat is a group. Of messages to oneself, WhatsApp Web's `_out` and `_in` at the end
 * are left out: both name the same message.
 */
export type MessageId = string;

/**
 * The account that a session is linked to.
 */
export type Me = { id: Jid, lid: Jid | null, pushName: string | null, platform: string | null, };

/**
 * One message, sent or received.
 */
export type Message = { id: MessageId, 
/**
 * The author; the session's own address for its own messages.
 */
author: Jid, kind: MessageKind, 
/**
 * Its text; the caption of a file.
 */
body: string, timestamp: string, ack: Ack, 
/**
 * The name that the author chose for themselves.
 */
pushName: string | null, media: MessageMedia | null, quoted: MessageId | null, mentions: Array<Jid>, forwarded: boolean, edited: boolean, 
/**
 * One entry for each person who reacted.
 */
reactions: Array<Reaction>, 
/**
 * The engine could not say who reacted.
 */
reactionsUnknown?: boolean, 
/**
 * The recipients in a group, where the engine knows them. Only on the way to the mirror, which stores them beside
 * the message.
 */
recipients?: Array<Jid>, 
/**
 * Details beyond the text and the file.
 */
details?: Details, 
/**
 * The name of the group or channel at the time of the message.
 */
groupName?: string, 
/**
 * The engine's own object, stored for [`MessageKind::Unknown`].
 */
raw?: unknown, };

/**
 * The kind of a message.
 */
export type MessageKind = "text" | "image" | "video" | "audio" | "voice" | "document" | "sticker" | "location" | "contactCard" | "poll" | "menuReply" | "revoked" | "groupNotice" | "unknown";

/**
 * The file of a message.
 */
export type MessageMedia = { mime: string, 
/**
 * In bytes.
 */
size: number, 
/**
 * A plain name, never a path.
 */
filename: string | null, };

/**
 * The delivery state of a message. It only rises, except to `Failed`.
 */
export type Ack = "failed" | "pending" | "sent" | "delivered" | "read" | "played";

/**
 * One person's reaction to a message.
 */
export type Reaction = { sender: Jid, 
/**
 * Empty when the reaction was taken back.
 */
emoji: string, timestamp: string, };

/**
 * All fields are optional: a plain text has none.
 */
export type Details = { location?: Location, contacts?: Array<CardAsReported>, poll?: Poll, menuReply?: MenuReply, ad?: AdContext, linkPreview?: LinkPreview, 
/**
 * Seconds of a voice note, an audio file or a video.
 */
seconds?: number, 
/**
 * A sticker that moves.
 */
animated?: boolean, 
/**
 * The message can be viewed once.
 */
viewOnce?: boolean, 
/**
 * The message disappears after so many seconds.
 */
ephemeralSeconds?: number, };

/**
 * A place on the map.
 */
export type Location = { latitude: number, longitude: number, name: string | null, address: string | null, 
/**
 * A live location; the coordinates are the first ones.
 */
live?: boolean, };

/**
 * A contact card. The store has its name and its vCard; the other fields are parsed from the vCard.
 */
export type Card = { name: string, 
/**
 * The first is the one to use.
 */
phones: Array<string>, organization?: string, 
/**
 * The WhatsApp address that it names.
 */
id: Jid | null, vcard: string, };

/**
 * A contact card as an engine reports it.
 */
export type CardAsReported = { name: string | null, vcard: string, };

/**
 * A question with the answers to choose from.
 */
export type Poll = { question: string, options: Array<string>, 
/**
 * How many one person may choose; 0 for any number.
 */
selectable: number, 
/**
 * The last choice of each person; none where the engine does not know the votes.
 */
votes?: Array<Vote>, };

/**
 * The choice of one person.
 */
export type Vote = { sender: Jid, options: Array<string>, timestamp: string, };

/**
 * A choice from a list or from buttons.
 */
export type MenuReply = { 
/**
 * As the sender of the menu named it.
 */
id: string | null, title: string | null, menu: Menu, };

export type Menu = "list" | "buttons" | "template" | "interactive";

/**
 * The advertisement that led a person to write.
 */
export type AdContext = { 
/**
 * Where the ad was shown, in WhatsApp's words: `ad`, `FB_Ads`.
 */
source: string | null, id: string | null, url: string | null, title: string | null, body: string | null, mediaUrl: string | null, clickId: string | null, };

/**
 * The preview of a page that a text links to.
 */
export type LinkPreview = { url: string, title: string | null, description: string | null, };

export type Chat = { id: Jid, name: string, unread: number, archived: boolean, pinned: boolean, mutedUntil: string | null, 
/**
 * The time of the last activity.
 */
lastActivity: string, lastMessage: LastMessage | null, };

/**
 * The newest message of a chat, as a list of chats shows it.
 */
export type LastMessage = { preview: string, timestamp: string, fromMe: boolean, 
/**
 * The key of its id. An engine's count of what is unread goes up to this message. None where an engine does
 * not tell it, and in records of old.
 */
key?: string | null, };

export type Contact = { id: Jid, 
/**
 * The same person's hidden identity, when it is known.
 */
lid: Jid | null, 
/**
 * The name in the session's own address book.
 */
name: string | null, shortName: string | null, 
/**
 * The name that the person chose.
 */
pushName: string | null, inAddressBook: boolean, onWhatsapp: boolean, business: boolean, blocked: boolean, picture: Picture | null, };

/**
 * A profile picture.
 */
export type Picture = { id: string | null, url: string | null, 
/**
 * A small JPEG as a data URL.
 */
thumbnail: string | null, };

export type Group = { id: Jid, name: string, description: string | null, owner: Jid | null, createdAt: string | null, participants: Array<Participant>, };

export type Participant = { id: Jid, admin: boolean, owner: boolean, };

/**
 * The outcome of adding or removing one participant.
 */
export type ParticipantOutcome = { id: Jid, 
/**
 * 200 done, 403 forbidden by privacy settings, 404 not on WhatsApp, 408 left recently, 409 is a participant
 * already, 504 no reply: the outcome is unknown.
 */
status: number, inviteCode: string | null, };

/**
 * The receipt of one recipient. Its ack only rises.
 */
export type Receipt = { participant: Jid, ack: Ack, 
/**
 * When the message was delivered, at the latest.
 */
deliveredAt: string | null, readAt: string | null, playedAt: string | null, };

/**
 * A message that the engine accepted.
 */
export type Sent = { id: MessageId, timestamp: string, ack: Ack, 
/**
 * The recipients of a group message, where the engine knows them.
 */
recipients?: Array<Jid>, };

export type JoinAction = "create" | "add" | "invite";

export type LeaveAction = "remove" | "leave";

export type GroupChange = "subject" | "description" | "picture" | "announce" | "restrict" | "promote" | "demote";

export type Presence = "typing" | "recording" | "paused" | "available" | "unavailable";
