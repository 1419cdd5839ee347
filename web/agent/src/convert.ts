// From wa-js' models to the gateway's own types: plain functions, nothing is asked of the page.
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
  size?: number | undefined;
  filename?: string | undefined;
  loc?: string | undefined;
  lat?: number | undefined;
  lng?: number | undefined;
  pollName?: string | undefined;
  vcardFormattedName?: string | undefined;
  mentionedJidList?: IdLike[] | undefined;
  isForwarded?: boolean | undefined;
  latestEditMsgKey?: unknown;
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
  id: IdLike;
  name?: string | undefined;
  shortName?: string | undefined;
  pushname?: string | undefined;
  isMyContact?: boolean | undefined;
  isBusiness?: boolean | undefined;
  isContactBlocked?: boolean | undefined;
}

/** The text form of an id. */
export function idText(id: IdLike | string | undefined | null): string {
  if (id === undefined || id === null) return "";
  if (typeof id === "string") return id;
  return id._serialized ?? id.$1 ?? id.toString();
}

/** A moment in RFC 3339 from seconds. */
export function moment(seconds: number | undefined): string {
  return new Date((seconds ?? 0) * 1000).toISOString();
}

export function ackWord(level: number | undefined): AckWord {
  const words: AckWord[] = ["pending", "sent", "delivered", "read", "played"];
  if (level === undefined) return "pending";
  return level < 0 ? "failed" : (words[level] ?? "played");
}

const KINDS: Record<string, MessageKind> = {
  chat: "text",
  image: "image",
  video: "video",
  audio: "audio",
  ptt: "voice",
  document: "document",
  sticker: "sticker",
  location: "location",
  vcard: "contactCard",
  multi_vcard: "contactCard",
  poll_creation: "poll",
  revoked: "revoked",
  gp2: "groupNotice",
};

const MEDIA: ReadonlySet<MessageKind> = new Set([
  "image",
  "video",
  "audio",
  "voice",
  "document",
  "sticker",
]);

export function messageOf(model: MessageLike, me: string, quoted: string | null): Message {
  const kind = KINDS[model.type ?? ""] ?? "unknown";
  const isMedia = MEDIA.has(kind);
  const id = idText(model.id);
  const fromMe = id.startsWith("true_");
  const message: Message = {
    id,
    author: fromMe ? me : idText(model.author ?? model.from),
    kind,
    // The body of a file is its thumbnail: never text.
    body: bodyOf(model, kind, isMedia),
    timestamp: moment(model.t),
    ack: ackWord(model.ack),
    pushName: model.notifyName ?? null,
    media: isMedia
      ? {
        mime: model.mimetype ?? "application/octet-stream",
        size: model.size ?? 0,
        filename: model.filename ?? null,
      }
      : null,
    quoted,
    mentions: (model.mentionedJidList ?? []).map(idText),
    forwarded: model.isForwarded === true,
    edited: model.latestEditMsgKey !== undefined && model.latestEditMsgKey !== null,
    reactions: [],
  };
  if (kind === "unknown") message.raw = { type: model.type ?? null, body: model.body ?? null };
  return message;
}

function bodyOf(model: MessageLike, kind: MessageKind, isMedia: boolean): string {
  if (kind === "revoked") return "";
  if (isMedia) return model.caption ?? "";
  if (kind === "location") return model.loc ?? `${model.lat},${model.lng}`;
  if (kind === "poll") return model.pollName ?? model.body ?? "";
  if (kind === "contactCard") return model.vcardFormattedName ?? "";
  return model.body ?? "";
}

export function chatOf(model: ChatLike, last: Message | null): Chat {
  const muted = model.mute?.expiration ?? 0;
  return {
    id: idText(model.id),
    name: model.formattedTitle ?? model.name ?? idText(model.id).split("@")[0] ?? "",
    // -1 means marked as unread by hand.
    unread: Math.max(0, model.unreadCount ?? 0),
    archived: model.archive === true,
    pinned: (model.pin ?? 0) > 0,
    mutedUntil: muted > 0 ? moment(muted) : null,
    lastActivity: moment(model.t),
    lastMessage:
            last === null
              ? null
              : {
                preview: last.body || `[${last.kind}]`,
                timestamp: last.timestamp,
                fromMe: last.id.startsWith("true_"),
              },
  };
}

export function contactOf(model: ContactLike, lid: string | null): Contact {
  return {
    id: idText(model.id),
    lid,
    name: model.name ?? null,
    shortName: model.shortName ?? null,
    pushName: model.pushname ?? null,
    inAddressBook: model.isMyContact === true,
    onWhatsapp: true,
    business: model.isBusiness === true,
    blocked: model.isContactBlocked === true,
    picture: null,
  };
}
