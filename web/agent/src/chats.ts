// Chats and their messages.
import { type ChatLike, type MessageLike, chatOf, messageIdText, moment } from "./convert";
import { type IdLike, idText, isAddress, isMessageId } from "./ids";
import { toMessage } from "./events";
import { AgentError } from "./failure";
import { until, wpp } from "./page";
import { assertListener } from "./main-screen";
import { isNoMessage } from "./notices";
import { attempt, chatOfId, introduce, isOwn, otherIdentity, pageId, person } from "./people";
import { isRefused } from "./refused";
import { addVotes } from "./votes";
import type { Chat, Message } from "./wire";

/** Limit of requests to the page for one list. */
const MOST_ROUNDS = 10;

export async function chats(offset: number, limit: number): Promise<Chat[]> {
  // With them, wa-js would ask the network for each group, one after the other.
  const options = { ignoreGroupMetadata: true };
  const all = (await wpp().chat.list(options)) as unknown as ChatLike[];
  const newestFirst = all
    .filter((chat) => isAddress(idText(chat.id)))
    .sort((a, b) => (b.t ?? 0) - (a.t ?? 0));
  const page = newestFirst.slice(offset, offset + limit);
  for (const chat of page) introduce(idText(chat.id));
  return page.map((chat) => chatOf(chat, lastOf(chat), nameOf(chat)));
}

/**
 * The name of a chat; digits where no name is known. The page may have the name under the other
 * identity of the person.
 */
export function nameOf(chat: ChatLike): string {
  const id = idText(chat.id);
  const ids = [id, otherIdentity(id)].filter((each) => each !== null);
  const digits = ids.map((each) => each.split("@")[0]);
  type Named = { name?: unknown; pushname?: unknown } | undefined;
  const known = ids.flatMap((each) => {
    const found = attempt(() => wpp().whatsapp.ContactStore.get(each)) as Named;
    return [found?.name, found?.pushname];
  });
  const own = isOwn(id) ? attempt(() => wpp().whatsapp.Conn.pushname) : undefined;
  const names: unknown[] = [chat.formattedTitle, chat.name, ...known, own];
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name !== "" && !digits.includes(name);
  return names.find(isName) ?? person(id).split("@")[0] ?? "";
}

/** The newest message of a chat that the page has loaded. */
export function lastOf(chat: ChatLike): Message | null {
  const { lastReceivedKey, msgs } = chat as {
    lastReceivedKey?: IdLike;
    msgs?: { getModelsArray(): MessageLike[] };
  };
  if (!lastReceivedKey) return null;
  const newest = attempt(() => wpp().whatsapp.MsgStore.get(lastReceivedKey)) as MessageLike | null;
  const isOne = (each: MessageLike): boolean => !isRefused(each) && !isNoMessage(each);
  if (newest && isOne(newest)) return toMessage(newest);
  const sent = (attempt(() => msgs?.getModelsArray()) ?? []).filter(isOne);
  const last = sent.reduce<MessageLike | null>(
    (last, each) => (last && (each.t ?? 0) < (last.t ?? 0) ? last : each),
    null,
  );
  return last ? toMessage(last) : null;
}

export async function messages(
  chat: string,
  before: string | null,
  limit: number,
): Promise<Message[]> {
  const chatId = idText(knownChat(chat).id);
  let anchor = before === null ? null : pageId(before);
  let readable: MessageLike[] = [];
  // A shorter list would mean that there are no older messages.
  for (let round = 0; round < MOST_ROUNDS && readable.length < limit; round += 1) {
    const count = limit - readable.length;
    const found = await page(chatId, anchor, count);
    readable = [...found.filter(isReadable), ...readable];
    const oldest = found[0];
    if (found.length < count || !oldest) break;
    anchor = idText(oldest.id);
  }
  // wa-js counts the newest message separately, and may return one more than requested.
  return Promise.all(readable.slice(-limit).map(withReactions));
}

async function page(chat: string, anchor: string | null, count: number): Promise<MessageLike[]> {
  const place = anchor === null ? {} : { id: anchor, direction: "before" as const };
  return (await wpp().chat.getMessages(chat, { count, ...place })) as unknown as MessageLike[];
}

function isReadable(message: MessageLike): boolean {
  return isMessageId(messageIdText(message)) && !isRefused(message) && !isNoMessage(message);
}

/** The page stores reactions separately from messages. */
async function withReactions(model: MessageLike): Promise<Message> {
  const message = toMessage(model);
  await addVotes(model, message);
  if (model.hasReaction !== true) return message;
  try {
    const { reactions } = await wpp().chat.getReactions(idText(model.id));
    // wa-js' types name the sender differently from wa-js itself.
    type Given = (typeof reactions)[number]["senders"][number] & { sender?: IdLike };
    const given: Given[] = reactions.flatMap(({ senders }) => senders);
    message.reactions = given
      .map((each) => ({
        sender: person(each.sender ?? each.senderUserJid),
        emoji: each.reactionText,
        timestamp: reactionMoment(each.timestamp),
      }))
      .filter(({ sender, emoji }) => isAddress(sender) && emoji !== "");
  } catch {
    // A failure here must not lose the message.
    message.reactionsUnknown = true;
  }
  return message;
}

/** In seconds in some versions of the page, in milliseconds in others. */
function reactionMoment(time: number | undefined): string {
  const EARLIEST_IN_MILLISECONDS = 1e11;
  return moment(time !== undefined && EARLIEST_IN_MILLISECONDS < time ? time / 1000 : time);
}

/** wa-js does not wait for the page, and fails when there is nothing to change. */
export async function archive(id: string, archived: boolean): Promise<null> {
  const chat = knownChat(id);
  if ((chat.archive ?? false) === archived) return null;
  assertListener("archive_chat");
  await wpp().chat.archive(idText(chat.id), archived);
  await until("archive the chat", () => (chat.archive ?? false) === archived);
  return null;
}

export function knownChat(id: string) {
  const chat = chatOfId(id);
  if (!chat) throw new AgentError("unknownChat", "there is no such chat");
  return chat;
}
