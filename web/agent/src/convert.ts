// From wa-js' models to the gateway's own types: plain functions, nothing is asked of the page.
// Whatever a stranger or a new version of the page puts there, what comes out is well formed.
import { detailsOf, wordsOf } from "./details";
import { rawOf } from "./raw";
import type { AckWord, Chat, Contact, Message, MessageKind } from "./wire";

/** The parts of a WhatsApp id that are read here. Its text form has had two names. */
export interface IdLike {
  _serialized?: string;
  $1?: string;
  toString(): string;
}

/** The parts of a message model that are read here. */
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
  /** Of a message that was deleted for everyone: which one it was. */
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

/** Whom a message is between, as far as it does not say so itself. */
export interface Around {
  me: string;
  quoted: string | null;
  /** What the message's group is called. */
  groupName?: string | undefined;
  /** How a person is called. */
  person: (id: IdLike | string) => string;
}

const ADDRESS =
  /^(\d{5,20}@(c\.us|s\.whatsapp\.net)|\d{5,25}@(lid|newsletter|broadcast)|status@broadcast)$/;
const GROUP = /^\d{5,25}(-\d{5,15})?@g\.us$/;
const LATEST = Date.parse("9999-01-01T00:00:00Z");

/** The text form of an id. */
export function idText(id: IdLike | string | undefined | null): string {
  if (id === undefined || id === null) return "";
  if (typeof id === "string") return id;
  return id._serialized ?? id.$1 ?? id.toString();
}

/**
 * Whether the gateway takes this for an address. The page knows more kinds, such as `0@c.us` for
 * WhatsApp's own words and `@bot`; one of them in a list would spoil the whole of it.
 */
export function isAddress(id: string): boolean {
  return ADDRESS.test(id.replace(/:\d{1,4}@/, "@")) || GROUP.test(id);
}

export function isMessageId(id: string): boolean {
  const [fromMe, chat, key, participant, ...rest] = id.split("_");
  return (
    (fromMe === "true" || fromMe === "false") &&
    isAddress(chat ?? "") &&
    /^[A-Za-z0-9.-]{1,128}$/.test(key ?? "") &&
    (participant === undefined || isAddress(participant) || isDirection(participant)) &&
    rest.length === 0
  );
}

/** The id of a message. The page gives one that was deleted for everyone another one. */
export function messageIdText({ id, type, protocolMessageKey }: MessageLike): string {
  return idText(type === "revoked" && protocolMessageKey ? protocolMessageKey : id);
}

/** What the page puts at the end of the id of a message to oneself. */
function isDirection(part: string | undefined): boolean {
  return part === "out" || part === "in";
}

/** The id under which the gateway knows a message: one to oneself has a single name there. */
export function plainId(id: string): string {
  const [, chat, key, last] = id.split("_");
  return isDirection(last) ? `true_${chat}_${key}` : id;
}

/** A moment in RFC 3339 from seconds. */
export function moment(seconds: number | undefined): string {
  const time = Math.round((seconds ?? 0) * 1000);
  return new Date(Number.isFinite(time) ? Math.min(Math.max(time, 0), LATEST) : 0).toISOString();
}

export function ackWord(level: number | undefined): AckWord {
  const words: AckWord[] = ["pending", "sent", "delivered", "read", "played"];
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
  // A notice of nobody in particular belongs to its chat.
  return messageIdText(model).split("_")[1] ?? "";
}

/** The words of a message. The body of a file, a place or a card is no text. */
export function bodyOf(model: MessageLike): string {
  const kind = KINDS.get(text(model.type) ?? "") ?? "unknown";
  if (kind === "revoked") return "";
  if (MEDIA.has(kind)) return text(model.caption) ?? "";
  if (WORDED.has(kind)) return wordsOf(detailsOf(model)) ?? "";
  const body = text(model.body) ?? "";
  if (kind !== "unknown" || !isThumbnail(body)) return body;
  return text(model.caption) ?? text((model as { title?: unknown }).title) ?? "";
}

/** Kinds of which the page's own text is something else, or too little. */
const WORDED: ReadonlySet<MessageKind> = new Set(["location", "contactCard", "poll", "menuReply"]);

/** Whether this is a small picture in base64, which the page keeps in place of a text. */
function isThumbnail(body: string): boolean {
  return 80 <= body.length && /^[A-Za-z0-9+/]+={0,2}$/.test(body);
}

export function chatOf(model: ChatLike, last: Message | null, name: string): Chat {
  const id = idText(model.id);
  return {
    id,
    name,
    // -1 means marked as unread by hand.
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
  // -1 means for ever.
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
