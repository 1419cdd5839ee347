// Chats and what was said in them.
import {
  type ChatLike,
  type IdLike,
  type MessageLike,
  chatOf,
  idText,
  isAddress,
  isMessageId,
  moment,
} from "./convert";
import { toMessage } from "./events";
import { AgentError } from "./failure";
import { until, wpp } from "./page";
import { attempt, chatOfId, introduce, pageId, person } from "./people";
import type { Chat, Message } from "./wire";

export async function chats(offset: number, limit: number): Promise<Chat[]> {
  // With them, wa-js would ask the network for each group, one after the other.
  const options = { ignoreGroupMetadata: true };
  const all = (await wpp().chat.list(options)) as unknown as ChatLike[];
  const newestFirst = all
    .filter((chat) => isAddress(idText(chat.id)))
    .sort((a, b) => (b.t ?? 0) - (a.t ?? 0));
  const page = newestFirst.slice(offset, offset + limit);
  for (const chat of page) introduce(idText(chat.id));
  return page.map((chat) => chatOf(chat, lastOf(chat)));
}

/** The newest message of a chat, as far as the page has it at hand. */
export function lastOf(chat: ChatLike): Message | null {
  const { lastReceivedKey } = chat as { lastReceivedKey?: IdLike };
  if (!lastReceivedKey) return null;
  const newest = attempt(() => wpp().whatsapp.MsgStore.get(lastReceivedKey));
  return newest ? toMessage(newest) : null;
}

export async function messages(
  chat: string,
  before: string | null,
  limit: number,
): Promise<Message[]> {
  const model = knownChat(chat);
  const options =
    before === null
      ? { count: limit }
      : { count: limit, id: pageId(before), direction: "before" as const };
  const found = await wpp().chat.getMessages(idText(model.id), options);
  const readable = found
    .map((message) => message as unknown as MessageLike)
    .filter((message) => isMessageId(idText(message.id)));
  // wa-js counts the newest message apart, and so may bring one more than it was asked for.
  return Promise.all(readable.slice(-limit).map(withReactions));
}

/** The page keeps reactions apart from the messages. */
async function withReactions(model: MessageLike): Promise<Message> {
  const message = toMessage(model);
  if (model.hasReaction !== true) return message;
  try {
    const { reactions } = await wpp().chat.getReactions(idText(model.id));
    // wa-js' types give the sender another name than wa-js does.
    type Given = (typeof reactions)[number]["senders"][number] & { sender?: IdLike };
    const given: Given[] = reactions.flatMap(({ senders }) => senders);
    message.reactions = given
      .map((each) => ({
        sender: person(each.sender ?? each.senderUserJid),
        emoji: each.reactionText,
        timestamp: moment(each.timestamp),
      }))
      .filter(({ sender, emoji }) => isAddress(sender) && emoji !== "");
  } catch {
    // What else is known of the message must not be lost for it.
    message.reactionsUnknown = true;
  }
  return message;
}

/** wa-js does not wait for it, and fails when there is nothing to do. */
export async function archive(id: string, archived: boolean): Promise<null> {
  const chat = knownChat(id);
  if ((chat.archive ?? false) === archived) return null;
  await wpp().chat.archive(idText(chat.id), archived);
  await until("archive the chat", () => (chat.archive ?? false) === archived);
  return null;
}

export function knownChat(id: string) {
  const chat = chatOfId(id);
  if (!chat) throw new AgentError("unknownChat", "there is no such chat");
  return chat;
}
