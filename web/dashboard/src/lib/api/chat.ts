// The ways to the Chat API, one function for each.
import { call, fetchAnswer } from "./client";
import type {
  Conversation,
  ConversationFilter,
  ConversationPage,
  FoundPage,
  Instance,
  Message,
  MessagePage,
  Outgoing,
  Posted,
  Reaction,
  Tag,
} from "./chat-types";
import { inPath } from "./gateway";

const CHAT = "api/v1/chat";
const CONVERSATIONS = "api/v1/conversations";
const TAGS = "api/v1/tags";

const onConversation = (id: string, what: string) => `${CHAT}/conversations/${inPath(id)}/${what}`;
const onMessage = (uuid: string, what = "") => `${CHAT}/messages/${inPath(uuid)}${what}`;

export const listInstances = () =>
  call<{ instances: Instance[] }>("api/v1/instances").then(({ instances }) => instances);

export const listConversations = (filter: ConversationFilter, page: number, size: number) =>
  call<ConversationPage>(`${CHAT}/conversations`, {
    // `unread=false` would be a filter too: only what is wanted is named.
    query: { ...filter, unread: filter.unread || null, page, per_page: size },
  });

export const readConversation = (id: string) =>
  call<Conversation>(`${CONVERSATIONS}/${inPath(id)}`, { query: { format: "chat" } });

export interface MessageWindow {
  before_id?: number;
  after_id?: number;
  limit: number;
}

export const listMessages = (conversation: string, window: MessageWindow) =>
  call<MessagePage>(onConversation(conversation, "messages"), { query: { ...window } });

export const findMessages = (words: string, options: { before?: number; instance?: string }) =>
  call<FoundPage>("api/v1/messages", {
    query: {
      search: words,
      per_page: 20,
      before_id: options.before,
      instance_id: options.instance,
    },
  });

/** With the same `key` a second time comes to the same as once. */
export const send = (message: Outgoing, key: string) =>
  // What is to be sent later is taken by the queue alone.
  call<Posted>(`${message.schedule_at === undefined ? CHAT : "api/v1/messages"}/${
    message.media_data === undefined ? "send" : "send-media"
  }`, {
    method: "POST",
    body: message,
    headers: { "idempotency-key": key },
    // A file may go out over a slow line.
    deadline: message.media_data === undefined ? 45_000 : 180_000,
  });

export const editMessage = (uuid: string, text: string) =>
  call<{ message: Message }>(onMessage(uuid), { method: "PATCH", body: { message: text } });

export const deleteMessage = (uuid: string, whom: "everyone" | "me") =>
  call<unknown>(onMessage(uuid), { method: "DELETE", query: { for: whom } });

/** No emoji takes the own reaction back. */
export const react = (uuid: string, emoji: string | null) =>
  call<{ grouped_reactions: Reaction[] }>(onMessage(uuid, "/reaction"), {
    method: emoji === null ? "DELETE" : "POST",
    ...(emoji !== null && { body: { emoji } }),
  }).then(({ grouped_reactions }) => grouped_reactions);

/** The file of a message. Its type is what the sender claims: see `media.ts`. */
export const readMedia = async (uuid: string, signal?: AbortSignal): Promise<Blob> => {
  const answer = await fetchAnswer(onMessage(uuid, "/media"), { signal, deadline: 180_000 });
  return answer.blob();
};

export const markRead = (id: string) =>
  call<unknown>(onConversation(id, "mark-read"), { method: "POST" });

export const setArchived = (id: string, isArchived: boolean) =>
  call<unknown>(onConversation(id, isArchived ? "archive" : "unarchive"), { method: "POST" });

export const setPaused = (id: string, isPaused: boolean) =>
  call<unknown>(onConversation(id, `${isPaused ? "pause" : "resume"}-automation`), {
    method: "POST",
    body: {},
  });

export const deleteConversation = (id: string) =>
  call<unknown>(`${CONVERSATIONS}/${inPath(id)}`, { method: "DELETE" });

export const listTags = () => call<{ tags: Tag[] }>(TAGS).then(({ tags }) => tags);

export const createTag = (name: string, color: string) =>
  call<{ tag: Tag }>(TAGS, { method: "POST", body: { name, color } }).then(({ tag }) => tag);

export const setTags = (conversation: string, ids: string[]) =>
  call<{ tags: Tag[] }>(`${CONVERSATIONS}/${inPath(conversation)}/tags`, {
    method: "PUT",
    body: { tag_ids: ids },
  }).then(({ tags }) => tags);
