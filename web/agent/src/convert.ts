// Conversion of wa-js' models to the wire types: pure functions, no calls to the page. The result
// is well formed for any input, also from a stranger or from a new version of the page.
import { detailsOf, wordsOf } from "./details";
import { idText, isAddress, plainId, type IdLike } from "./ids";
import { rawOf } from "./raw";
import type { Ack, Chat, Contact, Message, MessageKind } from "./wire";

/** The parts of a message model that the agent reads. */
export interface MessageLike {
  id: IdLike & { remote?: unknown; fromMe?: boolean };
  type?: string | undefined;
  body?: string | undefined;
  caption?: string | undefined;
  t?: number | undefined;
  ack?: number | undefined;
  from?: IdLike | undefined;
  author?: IdLike | undefined;
  notifyName?: string | undefined;
  mimetype?: string | undefined;
  size?: number | string | undefined;
  filename?: string | undefined;
  mentionedJidList?: (IdLike | string)[] | undefined;
  isForwarded?: boolean | undefined;
  latestEditMsgKey?: unknown;
  hasReaction?: boolean | undefined;
  /** The original id of a message that was deleted for everyone. */
  protocolMessageKey?: IdLike | undefined;
}

export interface ChatLike {
  id: IdLike;
  name?: string | undefined;
  formattedTitle?: string | undefined;
  unreadCount?: number | undefined;
  archive?: boolean | undefined;
  pin?: number | undefined;
  t?: number | undefined;
  mute?: { expiration?: number | undefined } | undefined;
}

export interface ContactLike {
  id: IdLike | string;
  name?: string | undefined;
  shortName?: string | undefined;
  pushname?: string | undefined;
  isMyContact?: boolean | undefined;
  isBusiness?: boolean | undefined;
  isContactBlocked?: boolean | undefined;
}

/** Context of a message that its model does not hold. */
export interface Around {
  me: string;
  quoted: string | null;
  /** The name of the message's group. */
  groupName?: string | undefined;
  /** The id under which a person is reported. */
  person: (id: IdLike | string) => string;
}

const LATEST = Date.parse("9999-01-01T00:00:00Z");

/** The id of a message. The page gives a message that was deleted for everyone another id. */
export function messageIdText({ id, type, protocolMessageKey }: MessageLike): string {
  return idText(type === "revoked" && protocolMessageKey ? protocolMessageKey : id);
}

/** A moment in RFC 3339 from seconds. */
export function moment(seconds: number | undefined): string {
  const time = Math.round((seconds ?? 0) * 1000);
  return new Date(Number.isFinite(time) ? Math.min(Math.max(time, 0), LATEST) : 0).toISOString();
}

export function ackWord(level: number | undefined): Ack {
  const words: Ack[] = ["pending", "sent", "delivered", "read", "played"];
  if (level === undefined) return "pending";
  return level < 0 ? "failed" : (words[level] ?? "played");
}

const KINDS: ReadonlyMap<string, MessageKind> = new Map([
  ["chat", "text"],
  ["image", "image"],
  ["video", "video"],
  ["ptv", "video"],
  ["audio", "audio"],
  ["ptt", "voice"],
  ["document", "document"],
  ["sticker", "sticker"],
  ["location", "location"],
  ["live_location", "location"],
  ["vcard", "contactCard"],
  ["multi_vcard", "contactCard"],
  ["poll_creation", "poll"],
  ["list_response", "menuReply"],
  ["buttons_response", "menuReply"],
  ["template_button_reply", "menuReply"],
  ["interactive_response", "menuReply"],
  ["revoked", "revoked"],
  ["gp2", "groupNotice"],
]);

const MEDIA: ReadonlySet<MessageKind> = new Set([
  "image",
  "video",
  "audio",
  "voice",
  "document",
  "sticker",
]);

export function messageOf(model: MessageLike, around: Around): Message {
  const kind = KINDS.get(text(model.type) ?? "") ?? "unknown";
  const isMedia = MEDIA.has(kind);
  const id = plainId(messageIdText(model));
  const fromMe = id.startsWith("true_");
  const message: Message = {
    id,
    author: fromMe ? around.me : authorOf(model, around),
    kind,
    body: bodyOf(model),
    timestamp: moment(model.t),
    ack: ackWord(model.ack),
    pushName: text(model.notifyName),
    media: isMedia
      ? {
        mime: text(model.mimetype) ?? "application/octet-stream",
        size: sizeOf(model.size),
        filename: text(model.filename),
      }
      : null,
    quoted: around.quoted,
    mentions: list(model.mentionedJidList).map(around.person).filter(isAddress),
    forwarded: model.isForwarded === true,
    edited: model.latestEditMsgKey !== undefined && model.latestEditMsgKey !== null,
    reactions: [],
  };
  const details = kind === "revoked" ? undefined : detailsOf(model);
  if (details) message.details = details;
  if (around.groupName) message.groupName = around.groupName;
  if (kind === "unknown") message.raw = rawOf(model);
  return message;
}

function authorOf(model: MessageLike, { person }: Around): string {
  const written = model.author ?? model.from;
  const author = written ? person(written) : "";
  if (isAddress(author)) return author;
  // A notice without an author belongs to its chat.
  return messageIdText(model).split("_")[1] ?? "";
}

/** The text of a message. The body of a file, a location or a card is not a text. */
export function bodyOf(model: MessageLike): string {
  const kind = KINDS.get(text(model.type) ?? "") ?? "unknown";
  if (kind === "revoked") return "";
  if (MEDIA.has(kind)) return text(model.caption) ?? "";
  if (WORDED.has(kind)) return wordsOf(detailsOf(model)) ?? "";
  const body = text(model.body) ?? "";
  if (kind !== "unknown" || !isThumbnail(body)) return body;
  return text(model.caption) ?? text((model as { title?: unknown }).title) ?? "";
}

/** Kinds whose body in the page is not their text, or not all of it. */
const WORDED: ReadonlySet<MessageKind> = new Set(["location", "contactCard", "poll", "menuReply"]);

/** Whether this is a thumbnail in base64, which the page stores in place of a text. */
function isThumbnail(body: string): boolean {
  return 80 <= body.length && /^[A-Za-z0-9+/]+={0,2}$/.test(body);
}

export function chatOf(model: ChatLike, last: Message | null, name: string): Chat {
  const id = idText(model.id);
  return {
    id,
    name,
    // -1: marked as unread by the user.
    unread: sizeOf(model.unreadCount),
    archived: model.archive === true,
    pinned: 0 < (model.pin ?? 0),
    mutedUntil: mutedUntil(model.mute?.expiration ?? 0),
    lastActivity: moment(model.t),
    lastMessage:
      last === null
        ? null
        : {
          preview: last.body || `[${last.kind === "revoked" ? "deleted" : last.kind}]`,
          timestamp: last.timestamp,
          fromMe: last.id.startsWith("true_"),
          key: last.id.split("_")[2] ?? null,
        },
  };
}

function mutedUntil(seconds: number): string | null {
  if (seconds === 0) return null;
  // -1: without an end.
  return seconds < 0 ? new Date(LATEST).toISOString() : moment(seconds);
}

/** `lid` is the hidden identity and `id` the number, where both are known. */
export function contactOf(model: ContactLike, id: string, lid: string | null): Contact {
  return {
    id,
    lid,
    name: text(model.name),
    shortName: text(model.shortName),
    pushName: text(model.pushname),
    inAddressBook: model.isMyContact === true,
    onWhatsapp: true,
    business: model.isBusiness === true,
    blocked: model.isContactBlocked === true,
    picture: null,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function list<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : [];
}

function sizeOf(value: unknown): number {
  const size = Math.trunc(Number(value ?? 0));
  return Number.isSafeInteger(size) ? Math.max(0, size) : 0;
}
