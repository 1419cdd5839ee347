// A conversation of the inbox, whichever API it is of: what the list shows and work changes.
import type { Query } from "../../lib/api/client";
import type { BotChat, Chat, View } from "../../lib/api/inbox-types";

export type Status = "open" | "assigned" | "bot" | "resolved";

export interface Entry {
  id: string;
  /** The chats of websites are of the workspace API alone; all others of the business API. */
  isWeb: boolean;
  channel: string;
  /** Empty where nobody said it. */
  name: string;
  phone: string | null;
  email: string | null;
  contactId: string | null;
  botId: string | null;
  status: Status;
  assignee: { id: string; name: string | null } | null;
  unread: number;
  /** With unread messages, or marked so. */
  isUnread: boolean;
  isStarred: boolean;
  /** Out of sight until then. */
  snoozedUntil: string | null;
  tags: string[];
  contactTags: string[];
  /** Null where the last message was deleted, or has no text. */
  lastText: string | null;
  isLastOwn: boolean;
  lastAt: string;
  rating: { value: number | null; comment: string | null } | null;
  /** Why a bot asks for a person; null where none does. */
  handoff: BotChat["handoff_reason"] | "asked";
  window: Chat["window"] | null;
}

export interface Filter {
  /** The id of a bot, or nothing for WhatsApp and SMS. */
  bot: string;
  search: string;
  status: "active" | "all" | Status;
  /** An id, `me`, `unassigned`, or nothing for anybody. */
  assignee: string;
  tag: string;
  channel: string;
  unread: boolean;
  starred: boolean;
  /** Those that are snoozed, in place of the others. */
  snoozed: boolean;
  handoff: boolean;
}

export const NO_FILTER: Filter = {
  bot: "", search: "", status: "active", assignee: "", tag: "", channel: "",
  unread: false, starred: false, snoozed: false, handoff: false,
};

const STATUSES: Record<string, Status> = {
  OPEN: "open", ASSIGNED: "assigned", RESOLVED: "resolved", AI_ACTIVE: "bot", BOT_ACTIVE: "bot",
};
const ASKED: Record<Filter["status"], string> = {
  active: "OPEN,ASSIGNED,AI_ACTIVE,BOT_ACTIVE",
  all: "",
  open: "OPEN",
  assigned: "ASSIGNED",
  bot: "AI_ACTIVE,BOT_ACTIVE",
  resolved: "RESOLVED",
};

export function entryOfChat(chat: Chat): Entry {
  const { contact, csat, lastMessage } = chat;
  return {
    id: chat.id,
    isWeb: false,
    channel: chat.channel,
    name: contact.name ?? "",
    phone: contact.phone ?? null,
    email: null,
    contactId: contact.id ?? null,
    botId: chat.botId,
    status: STATUSES[chat.status] ?? "open",
    assignee: chat.assignedTo,
    unread: chat.unreadCount,
    isUnread: chat.unread,
    isStarred: chat.starred,
    snoozedUntil: chat.snoozedUntil,
    tags: chat.tags,
    contactTags: contact.tags,
    lastText: lastMessage?.text ?? null,
    isLastOwn: lastMessage?.direction === "outbound" || lastMessage?.direction === "outgoing",
    lastAt: chat.lastActivityAt,
    rating: csat && { value: csat.rating, comment: csat.comment },
    handoff: null,
    window: chat.window,
  };
}

export function entryOfBotChat(chat: BotChat): Entry {
  const { visitor } = chat;
  return {
    id: chat.id,
    isWeb: chat.channel === "web",
    channel: chat.channel,
    name: visitor.name ?? "",
    phone: visitor.phone,
    email: visitor.email,
    contactId: visitor.contact_id,
    botId: chat.bot_id,
    status: chat.status,
    assignee: chat.assigned_to,
    unread: chat.unread_count,
    isUnread: chat.unread,
    isStarred: chat.starred,
    snoozedUntil: chat.snoozed_until,
    tags: chat.tags,
    contactTags: [],
    lastText: chat.last_message,
    isLastOwn: false,
    lastAt: chat.last_message_at,
    rating: chat.rating === null ? null : { value: chat.rating, comment: null },
    handoff: chat.handoff_requested ? (chat.handoff_reason ?? "asked") : null,
    window: null,
  };
}

/** What the business API is asked for. */
export function chatsQuery(filter: Filter): Query {
  const { status, assignee, channel, search, tag, unread, starred, snoozed } = filter;
  return {
    status: ASKED[status], assignedTo: assignee, channel, search, tag,
    unread: unread || null, starred: starred || null, snoozed: snoozed || null,
  };
}

/** What the workspace API is asked for. */
export function botChatsQuery(filter: Filter): Query {
  const { status, assignee, channel, search, tag, unread, starred, snoozed, handoff } = filter;
  return {
    status: status === "active" ? "bot,open,assigned" : status,
    assigned_to: assignee, channel, search, tag, unread: unread || null,
    starred: starred || null, snoozed: snoozed || null, handoff: handoff || null,
  };
}

/** The filter that a saved view stands for. */
export function filterOfView({ filters }: View, bot: string): Filter {
  const [status] = filters.status;
  const isOne = filters.status.length === 1 && status !== undefined && isStatus(status);
  return {
    ...NO_FILTER,
    bot,
    search: filters.search ?? "",
    status: isOne ? status : filters.status.length ? "active" : "all",
    assignee: filters.assigned_to ?? "",
    tag: filters.tags[0] ?? "",
    channel: filters.channel ?? "",
    unread: filters.unread ?? false,
    starred: filters.starred ?? false,
    snoozed: filters.snoozed ?? false,
    handoff: filters.handoff ?? false,
  };
}

/** The filters of a view that stands for this filter. */
export function viewOfFilter(filter: Filter) {
  const { search, status, assignee, tag, channel, unread, starred, snoozed, handoff } = filter;
  const active: Status[] = ["bot", "open", "assigned"];
  return {
    status: status === "all" ? [] : status === "active" ? active : [status],
    tags: tag ? [tag] : [],
    search: search || null,
    assigned_to: assignee || null,
    channel: (channel || null) as "whatsapp" | "sms" | "web" | null,
    unread: unread || null,
    starred: starred || null,
    snoozed: snoozed || null,
    handoff: handoff || null,
    date_from: null,
    date_to: null,
  };
}

function isStatus(word: string): word is Status {
  return ["open", "assigned", "bot", "resolved"].includes(word);
}
