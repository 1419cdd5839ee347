// The ways to the inbox: conversations and who works on them, notes, views, texts that are sent
// often. WhatsApp and SMS are of the business API, the chats of bots of the workspace API.
import { ask, type Query } from "./client";
import { inPath } from "./gateway";
import type {
  Bot, BotChat, BotMessage, CannedResponse, Chat, ChatMessage, Contact, Note, QuickReply,
  TimelineEntry, View, ViewDraft,
} from "./inbox-types";

const BUSINESS = "api/whatsapp-api";
const CHATS = `${BUSINESS}/chats`;
const INBOX = "api/v1/inbox";
/** Of what is offered while one types. */
const OFFERED = 8;

const onChat = (id: string, rest = "") => `${CHATS}/${inPath(id)}${rest}`;
const onBotChat = (id: string, rest: string) => `${INBOX}/sessions/${inPath(id)}/${rest}`;
const write = <T>(method: "POST" | "PUT" | "PATCH", path: string, body: unknown = {}) =>
  ask<T>(path, { method, body });

export const listChats = (query: Query) =>
  ask<{ chats: Chat[]; pagination: { total: number } }>(CHATS, { query })
    .then(({ chats, pagination }) => ({ chats, total: pagination.total }));

export const readChat = (id: string, query: { limit: number; before?: string }) =>
  ask<{ chat: Chat; messages: ChatMessage[]; hasMore: boolean }>(onChat(id), { query });

export const changeChat = (
  id: string,
  change: {
    assignedTo?: string | null;
    starred?: boolean;
    tags?: string[];
    read?: boolean;
    /** Null ends a snooze. */
    snoozedUntil?: string | null;
  },
) => write<Chat>("PATCH", onChat(id), change);

export const assignChat = (id: string, person: string | null) =>
  write<Chat>("POST", onChat(id, "/assign"), { userId: person });

/** Whether the contact is asked for a rating is the settings' to say, unless it is said here. */
export const resolveChat = (id: string, asksForRating?: boolean) =>
  write<Chat>("POST", onChat(id, "/resolve"), { sendCsat: asksForRating });

export const reopenChat = (id: string) => write<Chat>("POST", onChat(id, "/reopen"));

/** With the same `key` a second time comes to the same as once. */
export const sendToChat = (id: string, text: string, key: string) =>
  ask<unknown>(onChat(id, "/messages"), {
    method: "POST", body: { type: "text", text }, headers: { "idempotency-key": key },
  });

export const listBots = () =>
  ask<{ bots: Bot[] }>("api/v1/bots").then(({ bots }) => bots);

export const listBotChats = (bot: string, query: Query) =>
  ask<{ conversations: BotChat[]; total: number }>(
    `${INBOX}/conversations/${inPath(bot)}`, { query },
  ).then(({ conversations, total }) => ({ chats: conversations, total }));

export const readBotChat = (id: string, query: { limit: number; before?: string }) =>
  ask<{ session: BotChat; messages: BotMessage[]; has_more: boolean }>(
    `api/v1/chat/history/${inPath(id)}`, { query },
  );

export const assignBotChat = (id: string, person: string | null) =>
  write<BotChat>("PUT", onBotChat(id, "assign"), { user_id: person });

export const setBotChatStatus = (id: string, status: "bot" | "open" | "resolved") =>
  write<BotChat>("PUT", onBotChat(id, "status"), { status });

export const setBotChatTags = (id: string, tags: string[]) =>
  write<BotChat>("PUT", onBotChat(id, "tags"), { tags });

export const starBotChat = (id: string, starred: boolean) =>
  write<BotChat>("PUT", onBotChat(id, "star"), { starred });

export const setBotChatRead = (id: string, read: boolean) =>
  write<BotChat>("PUT", onBotChat(id, "read"), { read });

/** Null ends a snooze. */
export const snoozeBotChat = (id: string, until: string | null) =>
  write<BotChat>("PUT", onBotChat(id, "snooze"), { until });

export const sendToBotChat = (id: string, text: string, key: string) =>
  ask<BotMessage>(onBotChat(id, "messages"), {
    method: "POST", body: { content: text }, headers: { "idempotency-key": key },
  });

export const listViews = () =>
  ask<{ views: View[] }>(`${INBOX}/views`, { query: { per_page: 100 } })
    .then(({ views }) => views);
export const createView = (draft: ViewDraft) => write<View>("POST", `${INBOX}/views`, draft);
export const removeView = (id: string) =>
  ask<unknown>(`${INBOX}/views/${inPath(id)}`, { method: "DELETE" });

export const listNotes = (id: string, page: number, size: number) =>
  ask<{ notes: Note[]; total: number }>(`${INBOX}/notes/${inPath(id)}`, {
    query: { page, per_page: size },
  });
export const writeNote = (id: string, content: string) =>
  write<Note>("POST", `${INBOX}/notes/${inPath(id)}`, { content });

export const readContact = (id: string) => ask<Contact>(`${BUSINESS}/contacts/${inPath(id)}`);
export const readTimeline = (id: string, query: { limit: number; before?: string }) =>
  ask<{ events: TimelineEntry[]; hasMore: boolean }>(
    `${BUSINESS}/contacts/${inPath(id)}/timeline`, { query },
  );

/** Texts whose shortcuts begin so. */
export const findQuickReplies = (beginning: string) =>
  ask<{ quickReplies: QuickReply[] }>(`${BUSINESS}/quick-replies`, { query: { q: beginning } })
    .then(({ quickReplies }) => quickReplies.slice(0, OFFERED));

/** Such a text with the values of a contact in place of its variables. */
export const renderQuickReply = (id: string, contact: string | null) =>
  write<{ text: string; missing: string[] }>(
    "POST", `${BUSINESS}/quick-replies/${inPath(id)}/render`,
    contact === null ? {} : { contactId: contact },
  );

export const findCanned = (bot: string, words: string) =>
  ask<{ canned_responses: CannedResponse[] }>(`${INBOX}/canned-responses/${inPath(bot)}`, {
    query: { q: words, per_page: OFFERED },
  }).then((answer) => answer.canned_responses);
