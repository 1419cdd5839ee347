// What the gateway can ask, done through wa-js alone.
import {
  type ChatLike,
  type ContactLike,
  type IdLike,
  type MessageLike,
  ackWord,
  chatOf,
  contactOf,
  idText,
  messageOf,
  moment,
} from "./convert";
import { myId, quotedOf } from "./events";
import { AgentError, failureOf } from "./failure";
import { until, wpp } from "./page";
import { assertSupported } from "./self-test";
import type { Command, Contact, Message, Outgoing } from "./wire";

/** How long a pairing code lives. */
const PAIRING_CODE_LIFE = 180;
/** Contacts and people known to have an account, so that each is asked for once. */
const known = new Set<string>();

export async function carryOut(command: Command): Promise<unknown> {
  assertSupported(command.command);
  switch (command.command) {
    case "ping":
      return null;
    case "send":
      return send(command.outgoing);
    case "edit":
      await wpp().chat.editMessage(command.message, command.text);
      return null;
    case "revoke":
      return revoke(command.message, command.forEveryone);
    case "react":
      await wpp().chat.sendReactionToMessage(
        command.message,
        command.emoji === "" ? null : command.emoji,
      );
      return null;
    case "markRead":
      await wpp().chat.markIsRead(command.chat);
      return null;
    case "archive":
      return archive(command.chat, command.archived);
    case "typing":
      await (command.typing
        ? wpp().chat.markIsComposing(command.chat)
        : wpp().chat.markIsPaused(command.chat));
      return null;
    case "chats":
      return chats(command.offset, command.limit);
    case "messages":
      return messages(command.chat, command.before, command.limit);
    case "contacts": {
      const all = (await wpp().contact.list()) as unknown as ContactLike[];
      const people = all.filter((contact) => /@(c\.us|lid)$/.test(idText(contact.id)));
      return people
        .slice(command.offset, command.offset + command.limit)
        .map((contact) => contactOf(contact, null));
    }
    case "contact":
      return contact(command.id);
    case "group":
      return group(command.id);
    case "createGroup": {
      const created = await wpp().group.create(
        command.name,
        command.participants,
        undefined as never,
      );
      const id = idText(created.gid);
      if (command.description !== null)
        await wpp().group.setDescription(id, command.description);
      return { id, participants: outcomes(created.participants) };
    }
    case "addParticipants":
      await asAdmin(command.group);
      return outcomes(await wpp().group.addParticipants(command.group, command.participants));
    case "removeParticipants":
      await asAdmin(command.group);
      await wpp().group.removeParticipants(command.group, command.participants);
      return command.participants.map((id) => ({ id, status: 200, inviteCode: null }));
    case "downloadMedia": {
      const file = await wpp().chat.downloadMedia(command.message);
      const answer = await fetch(command.url, { method: "PUT", body: file });
      if (!answer.ok)
        throw new AgentError(
          "failed",
          `the gateway did not take the file: ${answer.status}`,
        );
      return null;
    }
    case "pairingCode": {
      const code = await wpp().conn.genLinkDeviceCodeForPhoneNumber(command.phone);
      return { code, expiresAt: moment(Date.now() / 1000 + PAIRING_CODE_LIFE) };
    }
    case "refreshQr":
      await wpp().conn.refreshQR();
      return null;
    case "find":
      return find(command.message);
    case "logOut":
      await wpp().conn.logout();
      return null;
  }
}

async function send(outgoing: Outgoing): Promise<unknown> {
  const { chat, content } = outgoing;
  await checkRecipient(chat);
  const options = {
    createChat: true,
    waitForAck: true,
    messageId: idOf(outgoing),
    quotedMsg: outgoing.quoted ?? undefined,
    mentionedList: outgoing.mentions as never,
    // Who is mentioned, the caller says.
    detectMentioned: false,
  };
  const sent = await dispatch(chat, content, { ...options, linkPreview: outgoing.linkPreview });
  const model = (await wpp().chat.getMessageById(sent.id)) as unknown as MessageLike;
  return { id: sent.id, timestamp: moment(model.t), ack: ackWord(sent.ack) };
}

async function dispatch(
  chat: string,
  content: Outgoing["content"],
  options: object,
): Promise<{ id: string; ack?: number }> {
  const page = wpp().chat;
  switch (content.type) {
    case "text":
      return page.sendTextMessage(chat, content.body, options);
    case "media": {
      const answer = await fetch(content.url);
      if (!answer.ok)
        throw new AgentError(
          "failed",
          `the gateway did not give the file: ${answer.status}`,
        );
      const file = new File([await answer.blob()], content.filename, { type: content.mime });
      const type = content.kind === "voice" ? "audio" : content.kind;
      const extra = {
        type,
        filename: content.filename,
        mimetype: content.mime,
        caption: content.caption ?? undefined,
        isPtt: content.kind === "voice",
      };
      return page.sendFileMessage(chat, file, { ...options, ...extra } as never);
    }
    case "location": {
      const place = {
        lat: content.latitude,
        lng: content.longitude,
        name: content.name ?? undefined,
        address: content.address ?? undefined,
      };
      return page.sendLocationMessage(chat, { ...options, ...place });
    }
    case "contactCards": {
      const people = content.contacts.map(({ id, name }) => ({
        id,
        name: name ?? undefined,
      }));
      return page.sendVCardContactMessage(chat, people as never, options);
    }
    case "poll":
      return page.sendCreatePollMessage(chat, content.question, content.options, {
        ...options,
        selectableCount: content.selectable,
      });
  }
}

/** wa-js does not wait for it, and fails when there is nothing to do. */
async function archive(id: string, archived: boolean): Promise<null> {
  const chat = wpp().chat.get(id);
  if (!chat) throw new AgentError("unknownChat", "there is no such chat");
  if (chat.archive === archived) return null;
  await wpp().chat.archive(id, archived);
  await until("archive the chat", () => chat.archive === archived);
  return null;
}

/** wa-js deletes for oneself alone, without a word, where it may not delete for everybody. */
async function revoke(id: string, forEveryone: boolean): Promise<null> {
  const chat = chatIn(id);
  const mine = id.startsWith("true_");
  if (forEveryone && !mine && !(chat.endsWith("@g.us") && (await wpp().group.iAmAdmin(chat)))) {
    throw new AgentError("notAllowed", "only your own messages can be deleted for everyone");
  }
  const done = await wpp().chat.deleteMessage(chat, id, false, forEveryone);
  const outcomes = [done].flat();
  if (!outcomes.every(({ isRevoked, isDeleted }) => (forEveryone ? isRevoked : isDeleted))) {
    throw new AgentError("notAllowed", "WhatsApp did not delete the message");
  }
  return null;
}

/** The id that a message will have: the gateway chose its key. */
function idOf({ key, chat }: Outgoing): string {
  const id = `true_${chat}_${key}`;
  return chat.endsWith("@g.us") ? `${id}_${myId()}` : id;
}

async function checkRecipient(chat: string): Promise<void> {
  if (known.has(chat)) return;
  if (chat.endsWith("@c.us")) {
    if ((await wpp().contact.queryExists(chat)) === null) {
      throw new AgentError("notOnWhatsapp", "this number is not on WhatsApp");
    }
  } else if (chat.endsWith("@g.us") && !wpp().chat.get(chat)) {
    throw new AgentError("unknownChat", "there is no such chat");
  }
  known.add(chat);
}

async function chats(offset: number, limit: number): Promise<unknown> {
  const all = (await wpp().chat.list()) as unknown as (ChatLike & {
    lastReceivedKey?: unknown;
  })[];
  const newestFirst = [...all].sort((a, b) => (b.t ?? 0) - (a.t ?? 0));
  return Promise.all(
    newestFirst
      .slice(offset, offset + limit)
      .map(async (chat) => chatOf(chat, await lastOf(idText(chat.id)))),
  );
}

async function lastOf(chat: string): Promise<Message | null> {
  const last = (await wpp().chat.getMessages(chat, { count: 1 })) as unknown as MessageLike[];
  const newest = last.at(-1);
  return newest ? messageOf(newest, myId(), null) : null;
}

async function messages(chat: string, before: string | null, limit: number): Promise<Message[]> {
  if (!wpp().chat.get(chat)) throw new AgentError("unknownChat", "there is no such chat");
  const options =
    before === null
      ? { count: limit }
      : { count: limit, id: before, direction: "before" as const };
  const found = (await wpp().chat.getMessages(chat, options)) as unknown as MessageLike[];
  // wa-js counts the newest message apart, and so may bring one more than it was asked for.
  return found.slice(-limit).map((message) => messageOf(message, myId(), quotedOf(message)));
}

/** None when WhatsApp does not know it. */
async function find(id: string): Promise<Message | null> {
  try {
    const found = (await wpp().chat.getMessageById(id)) as unknown as MessageLike;
    return messageOf(found, myId(), quotedOf(found));
  } catch (error) {
    if (failureOf(error).kind === "unknownMessage") return null;
    throw error;
  }
}

async function contact(id: string): Promise<Contact> {
  const exists = await wpp().contact.queryExists(id);
  if (exists === null) throw new AgentError("unknownContact", "this number is not on WhatsApp");
  const lid = (exists as { lid?: unknown }).lid;
  const model = (await wpp().contact.get(id)) as unknown as ContactLike | undefined;
  return contactOf(model ?? { id: id }, lid ? idText(lid) : null);
}

/** The parts of a group's chat that are read here. */
interface GroupLike {
  groupMetadata?: { subject?: string; desc?: string; owner?: IdLike; creation?: number };
}

async function group(id: string): Promise<unknown> {
  const chat = wpp().chat.get(id);
  const data = (chat as unknown as GroupLike | undefined)?.groupMetadata;
  if (!chat || !data) throw new AgentError("unknownGroup", "there is no such group");
  const people = (await wpp().group.getParticipants(id)) as unknown as {
    id: never;
    isAdmin?: boolean;
    isSuperAdmin?: boolean;
  }[];
  return {
    id,
    name: data.subject ?? chat.formattedTitle,
    description: data.desc ?? null,
    owner: data.owner ? idText(data.owner) : null,
    createdAt: data.creation ? moment(data.creation) : null,
    participants: people.map((person) => ({
      id: idText(person.id),
      admin: person.isAdmin === true,
      owner: person.isSuperAdmin === true,
    })),
  };
}

async function asAdmin(id: string): Promise<void> {
  if (!wpp().chat.get(id)) throw new AgentError("unknownGroup", "there is no such group");
  if (!(await wpp().group.iAmAdmin(id)))
    throw new AgentError("notAdmin", "You are not an admin of this group");
}

function outcomes(
  results: Record<string, unknown>,
): { id: string; status: number; inviteCode: string | null }[] {
  return Object.entries(results).map(([id, result]) => {
    const { code, invite_code: inviteCode } = result as {
      code?: number | string;
      invite_code?: string | null;
    };
    return { id, status: Number(code ?? 200), inviteCode: inviteCode ?? null };
  });
}

/** The chat that a message id names. */
function chatIn(message: string): string {
  return message.split("_")[1] ?? "";
}
