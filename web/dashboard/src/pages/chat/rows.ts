// What the list of messages shows, row by row: each message with what stands above it. Pure.
import type { Message } from "../../lib/api/chat-types";
import type { Draft } from "./outgoing.svelte";
import { dayOf } from "./when";

export interface Row {
  /** The same before and after a message was sent, so that its bubble stays in place. */
  key: string;
  message: Message;
  /** One that is still on its way. */
  draft: Draft | null;
  /** Nothing is known of what was before it. */
  startsAll: boolean;
  /** A new day begins with it. */
  startsDay: boolean;
  /** The first that was unread when the conversation was opened. */
  startsUnread: boolean;
  /** The one above is by the same person, at about the same time. */
  continues: boolean;
}

/** Messages of one person within it stand close together, in milliseconds. */
const TOGETHER = 5 * 60_000;

export interface Shown {
  messages: Message[];
  drafts: Draft[];
  /** The key under which a message was shown before it was sent, by its UUID. */
  keys: ReadonlyMap<string, string>;
  firstUnread: number | null;
  /** There are earlier ones: nothing is known of what stands above the first. */
  hasOlder: boolean;
}

export function rowsOf({ messages, drafts, keys, firstUnread, hasOlder }: Shown): Row[] {
  const rows: Row[] = [];
  const claimed = claims(messages, drafts);
  const add = (message: Message, key: string, draft: Draft | null) => {
    const above = rows.at(-1)?.message;
    const startsDay = above ? dayOf(above.created_at) !== dayOf(message.created_at) : !hasOlder;
    const startsUnread = message.id === firstUnread;
    const continues = !!above && !startsDay && !startsUnread && belongTogether(above, message);
    const startsAll = !above && !hasOlder;
    rows.push({ key, message, draft, startsAll, startsDay, startsUnread, continues });
  };
  for (const message of messages) {
    const key = keys.get(message.uuid) ?? claimed.get(message.uuid)?.key ?? message.uuid;
    add(message, key, null);
  }
  const sent = new Set([...claimed.values()].map((draft) => draft.key));
  for (const draft of drafts) {
    if (!sent.has(draft.key)) add(draft.message, draft.key, draft);
  }
  return rows;
}

/**
 * Drafts whose message is loaded already: the event of a message can come before the response to
 * its send.
 */
function claims(messages: Message[], drafts: Draft[]): Map<string, Draft> {
  const found = new Map<string, Draft>();
  for (const draft of drafts.filter((each) => each.state === "sending")) {
    const is = (message: Message) =>
      message.is_from_me && draft.after < message.id && !found.has(message.uuid)
      && message.message_body === draft.message.message_body
      && message.message_type === draft.message.message_type;
    const message = messages.find(is);
    if (message) found.set(message.uuid, draft);
  }
  return found;
}

function belongTogether(above: Message, message: Message): boolean {
  const span = Date.parse(message.created_at) - Date.parse(above.created_at);
  return above.message_type !== "notice"
    && above.is_from_me === message.is_from_me
    && above.sender.jid === message.sender.jid
    && span < TOGETHER;
}

/** The first of the newest `count` messages that others wrote; none where they are not all here. */
export function firstUnreadOf(messages: Message[], count: number): number | null {
  if (count < 1) return null;
  const theirs = messages.filter((message) => !message.is_from_me);
  return theirs.at(-count)?.id ?? null;
}
