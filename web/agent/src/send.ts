// Sending of messages, and look-up of a send's outcome.
import { type MessageLike, ackWord, moment } from "./convert";
import { idText } from "./ids";
import { toMessage } from "./events";
import { AgentError, failureOf, isUnanswered } from "./failure";
import { isNoMessage } from "./notices";
import { until, wpp } from "./page";
import { attempt, chatOfId, isOnWhatsapp, isOwn, myId, pageId } from "./people";
import { ackIn, addRecipients } from "./receipts";
import { refusalCode, removeRefused } from "./refused";
import { assertNotDeleted } from "./rules";
import { sending } from "./sending";
import { addVotes } from "./votes";
import type { Content, Message, Outgoing, Sent } from "./wire";

/** The answer of wa-js to a send. */
interface Taken {
  id: string;
  ack?: number;
  sendMsgResult?: { messageSendResult?: string } | string | null;
}

export async function send(outgoing: Outgoing): Promise<Sent> {
  const chat = await openChat(outgoing.chat);
  if (outgoing.quoted !== null) assertNotDeleted(pageId(outgoing.quoted));
  const id = await idOf(outgoing.key, chat);
  // The same key again: the gateway did not get the first answer. It is one message.
  if (sentAs(id)?.ack === "pending")
    await until("send the message", () => sentAs(id)?.ack !== "pending");
  const before = sentAs(id);
  if (before && before.ack !== "failed") return before;
  // Two messages with one id would be confused. A failed removal does not prevent the send.
  if (before) await removeRefused(id).catch(() => false);
  const options = {
    // By default wa-js marks the chat as read at a send.
    markIsRead: true,
    createChat: true,
    waitForAck: true,
    messageId: id,
    quotedMsg: outgoing.quoted === null ? undefined : pageId(outgoing.quoted),
    mentionedList: outgoing.mentions as never,
    // The caller names the mentions.
    detectMentioned: false,
    linkPreview: outgoing.linkPreview,
  };
  const taken = await sending(outgoing.key, async () => {
    const taken = await dispatch(chat, outgoing.content, options).catch(withCode);
    assertTaken(taken);
    return taken;
  });
  const model = sentAs(taken.id);
  const sent: Sent = {
    id: taken.id,
    timestamp: model?.timestamp ?? moment(Date.now() / 1000),
    ack: ackIn(chat, ackWord(taken.ack)),
  };
  addRecipients(sent);
  return sent;
}

/**
 * A message by the gateway's id; null when WhatsApp has no such message. Looks up the outcome of
 * a send. The page may name the chat and the author by other identities.
 */
export async function find(id: string): Promise<Message | null> {
  const [mine, chatText = "", key = ""] = id.split("_");
  const chat = chatOfId(chatText);
  if (!chat) return null;
  const own = mine === "true" ? [await idOf(key, idText(chat.id))] : [];
  for (const candidate of new Set([...own, pageId(id), id])) {
    try {
      const model = (await wpp().chat.getMessageById(candidate)) as unknown as MessageLike;
      if (isNoMessage(model)) return null;
      const message = toMessage(model);
      addRecipients(message);
      await addVotes(model, message);
      return message;
    } catch (error) {
      if (failureOf(error).kind !== "unknownMessage") throw error;
    }
  }
  return null;
}

/** wa-js does not throw for a failed send. */
function assertTaken({ sendMsgResult: result, ack }: Taken): void {
  const word = typeof result === "string" ? result : result?.messageSendResult;
  if ((word === undefined || word === "OK") && 0 <= (ack ?? 0)) return;
  const reason = `WhatsApp did not send the message: ${word ?? "no reason"}`;
  throw new AgentError("failed", reason, refusalCode(result));
}

/** The error of a failed send, with WhatsApp's code if there is one. */
function withCode(error: unknown): never {
  const { kind, reason } = failureOf(error);
  throw new AgentError(kind, reason, refusalCode(error));
}

/**
 * The id of the page's chat, which may have the other identity of the person. An existing chat
 * needs no look-up of the number.
 */
async function openChat(id: string): Promise<string> {
  const known = chatOfId(id);
  if (known) {
    if (id.endsWith("@g.us")) assertMember(id);
    return idText(known.id);
  }
  if (id.endsWith("@g.us")) throw new AgentError("unknownChat", "there is no such chat");
  if (id.endsWith("@c.us") && !(await isOnWhatsapp(id)))
    throw new AgentError("notOnWhatsapp", "this number is not on WhatsApp");
  // The page cannot look up a LID that it does not know.
  const found = await wpp()
    .chat.find(id)
    .catch((error: unknown) => {
      if (!id.endsWith("@lid") || isUnanswered(error)) throw error;
      throw new AgentError("notOnWhatsapp", "nobody on WhatsApp has this hidden identity");
    });
  return idText(found.id);
}

/** The page sends to a group that it was removed from, and fails without a reason. */
function assertMember(id: string): void {
  const people = attempt(() => wpp().whatsapp.GroupMetadataStore.get(id))?.participants;
  // People that have not come are no reason to refuse.
  if (people && 0 < people.length && !people.iAmMember())
    throw new AgentError("notAllowed", "you are not in this group");
}

/** The id that a message will have: the gateway chose its key, a group wants the writer too. */
async function idOf(key: string, chat: string): Promise<string> {
  const id = `true_${chat}_${key}`;
  if (isOwn(chat)) {
    // The page marks the direction of what one writes to oneself.
    const made = await wpp().chat.generateMessageID(chat).catch(() => id);
    const mark = idText(made).split("_")[3];
    return mark === undefined ? id : `${id}_${mark}`;
  }
  if (!chat.endsWith("@g.us")) return id;
  try {
    return `${id}_${idText(await wpp().chat.generateMessageID(chat)).split("_")[3] ?? myId()}`;
  } catch {
    // It wants a hidden identity, which an account of old has none of.
    return `${id}_${myId()}`;
  }
}

/** A message of this id as the page has it. */
function sentAs(id: string): Sent | null {
  const model = attempt(() => wpp().whatsapp.MsgStore.get(id));
  const chat = idText(id).split("_")[1] ?? "";
  return model ? { id, timestamp: moment(model.t), ack: ackIn(chat, ackWord(model.ack)) } : null;
}

async function dispatch(chat: string, content: Content, options: object): Promise<Taken> {
  const page = wpp().chat;
  switch (content.type) {
    case "text":
      return page.sendTextMessage(chat, content.body, options);
    case "media":
      return sendFile(chat, content, options);
    case "location": {
      const [lat, lng] = [content.latitude, content.longitude];
      return page.sendLocationMessage(chat, { ...options, lat, lng, name: placeText(content) });
    }
    case "contactCards":
      return page.sendRawMessage(chat, cardsOf(content.contacts) as never, options);
    case "poll":
      return page.sendCreatePollMessage(chat, content.question, content.options, {
        ...options,
        selectableCount: content.selectable,
      });
  }
}

/**
 * Name and address as the page keeps them, in one text: the name on its first line. wa-js would
 * make a name of an address that has none.
 */
function placeText({ name, address }: Extract<Content, { type: "location" }>): string | undefined {
  const first = (name ?? "").replace(/\s*\n\s*/g, " ");
  return address ? `${first}\n${address}` : first || undefined;
}

/** As the page itself writes one card, and several. */
function cardsOf(contacts: Extract<Content, { type: "contactCards" }>["contacts"]): object {
  const [first] = contacts;
  if (contacts.length === 1 && first)
    return { type: "vcard", body: first.vcard, vcardFormattedName: first.name };
  const vcardList = contacts.map(({ name, vcard }) => ({ displayName: name, vcard }));
  return { type: "multi_vcard", vcardList };
}

async function sendFile(
  chat: string,
  content: Extract<Content, { type: "media" }>,
  options: object,
): Promise<Taken> {
  const answer = await fetch(content.url);
  if (!answer.ok)
    throw new AgentError("failed", `the gateway did not give the file: ${answer.status}`);
  const file = new File([await answer.blob()], content.filename, { type: content.mime });
  const isVoice = content.kind === "voice";
  const extra = {
    type: isVoice ? "audio" : content.kind,
    filename: content.filename,
    mimetype: content.mime,
    caption: content.caption ?? undefined,
    isPtt: isVoice,
  };
  return wpp().chat.sendFileMessage(chat, file, { ...options, ...extra } as never);
}
