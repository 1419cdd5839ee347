// Inbound events: applied to the page's stores through the functions that page libraries hook.
import { account } from "./account";
import { client } from "./client";
import { unixTime } from "./clock";
import { beginChat, revokedKey } from "./entries";
import { MsgKey, Wid } from "./ids";
import { importNamespace, type Exports } from "./loader";
import {
  MediaDataModel,
  chatStoreOf,
  findMessage,
  originalKey,
  stores,
  type ChatModel,
  type MsgModel,
} from "./models";
import { network } from "./network";
import { contentAttributes } from "./content";
import { rememberMedia } from "./media";
import { keepVotes, vote } from "./votes";
import type { Ack, Chat, Contact, EventBody, Group, Message, Push } from "../protocol";

const LEVELS: Record<Ack, number> = {
  failed: -1,
  pending: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  played: 4,
};
const TYPES: Record<string, string> = {
  text: "chat",
  voice: "ptt",
  contactCard: "vcard",
  poll: "poll_creation",
  groupNotice: "gp2",
};

export const seconds = (time: string): number => Math.floor(Date.parse(time) / 1000);
export const now = unixTime;

/** The web client names the writer of a message in a group by the hidden identity. */
function pageKey(text: string): MsgKey {
  const id = MsgKey.fromString(text);
  // Messages to oneself end with the direction in which they went.
  if (account.isMe(id.remote)) return ownKey(id.remote, id.id);
  const lid = account.me?.lid;
  if (id.fromMe && id.remote.isGroup() && lid)
    return new MsgKey({ fromMe: true, remote: id.remote, id: id.id, participant: lid });
  const remote = account.inChats(id.remote);
  return new MsgKey({ fromMe: id.fromMe, remote, id: id.id, participant: id.participant });
}

/** The key of a message to oneself, or of any other that this account writes. */
export function ownKey(remote: Wid, id: string): MsgKey {
  return new MsgKey({
    fromMe: true,
    remote,
    id,
    self: account.isMe(remote) ? "out" : undefined,
  });
}

/** A message of the network as the attributes of a message of the page. */
export function attributesOf(message: Message, isNew: boolean): Exports {
  const id = pageKey(message.id);
  const mine = account.own;
  const quoted = message.quoted ? MsgKey.fromString(message.quoted) : undefined;
  const author = writerOf(id, message.author);
  const attributes: Exports = {
    id,
    networkId: message.id,
    type: TYPES[message.kind] ?? message.kind,
    t: seconds(message.timestamp),
    from: id.fromMe ? mine : id.remote,
    to: id.fromMe ? id.remote : mine,
    author: id.remote.isGroup() || id.remote.isStatus() ? author : undefined,
    notifyName: message.pushName ?? undefined,
    ack: LEVELS[message.ack],
    isNewMsg: isNew,
    isForwarded: message.forwarded || undefined,
    mentionedJidList: message.mentions.map((each) => new Wid(each)),
    quotedStanzaID: quoted?.id,
    quotedParticipant:
            quoted && (findMessage(quoted)?.sender ?? (quoted.fromMe ? mine : quoted.remote)),
    quotedMsg: quoted && { type: "chat", body: findMessage(quoted)?.["body"] },
  };
  if (message.kind === "revoked") {
    // Under another id, as when it is deleted before one's eyes.
    attributes["id"] = revokedKey(id);
    attributes["protocolMessageKey"] = id;
  }
  if (message.edited) attributes["latestEditMsgKey"] = id;
  const content = contentAttributes(message);
  if (!message.media) return { ...attributes, body: message.body, ...content };
  const { mime, size, filename } = message.media;
  const filehash = `network:${message.id}`;
  rememberMedia(filehash, message.id);
  const mediaData = new MediaDataModel({
    type: attributes["type"],
    mimetype: mime,
    size,
    filehash,
    mediaStage: "RESOLVED",
  });
  return {
    ...attributes,
    caption: message.body || undefined,
    body: "",
    mimetype: mime,
    size,
    filename: filename ?? undefined,
    filehash,
    mediaData,
    mediaKey: "simulated",
    directPath: "/simulated",
    ...content,
  };
}

/** The author: the hidden identity where the id has it, otherwise the number. */
function writerOf(id: MsgKey, author: string): Wid {
  const { participant } = id;
  if (id.fromMe || !participant?.isLid()) return new Wid(author);
  if (author.endsWith("@c.us")) account.learn(author, participant.toString());
  return participant;
}

/** Adds a message of the history, without an event. */
export function addHistory(message: Message): MsgModel {
  const known = findMessage(message.id);
  if (known) return known;
  const [added] = stores.messages.add(attributesOf(message, false));
  for (const each of message.reactions)
    void react(added as MsgModel, each.sender, each.emoji, Date.parse(each.timestamp));
  keepVotes(added as MsgModel, message.details?.poll?.votes ?? []);
  return added as MsgModel;
}

export function takeContact(contact: Contact): void {
  const id = new Wid(contact.id);
  if (contact.lid && contact.lid !== contact.id) account.learn(contact.id, contact.lid);
  const model = stores.contacts.gadd(id);
  model.set({
    name: contact.name ?? undefined,
    shortName: contact.shortName ?? undefined,
    pushname: contact.pushName ?? undefined,
    lid: contact.lid ? new Wid(contact.lid) : undefined,
    isAddressBookContact: contact.inAddressBook ? 1 : 0,
    isBusiness: contact.business,
  });
  if (contact.picture?.url) stores.pictures.gadd({ id, eurl: contact.picture.url });
}

export function takeGroup(group: Group): void {
  const id = new Wid(group.id);
  const known = stores.groups.get(id);
  if (!client.groupDetails) {
    stores.groups.add({ id });
    return;
  }
  const attributes = {
    id,
    subject: group.name,
    desc: group.description ?? undefined,
    owner: group.owner ? new Wid(group.owner) : undefined,
    creation: group.createdAt ? seconds(group.createdAt) : undefined,
  };
  const participants = group.participants.map((each) => ({
    id: new Wid(each.id),
    isAdmin: each.admin || each.owner,
    isSuperAdmin: each.owner,
  }));
  if (!known) {
    stores.groups.add({ ...attributes, participants });
    return;
  }
  known.set(attributes);
  const left = new Set(participants.map((each) => each.id.toString()));
  for (const each of known.participants.toArray()) {
    if (!left.has(each["id"].toString())) known.participants.remove(each);
  }
  known.participants.add(participants, { merge: true });
}

function takeChat(chat: Chat): ChatModel {
  const id = account.inChats(new Wid(chat.id));
  const attributes = {
    id,
    name: id.isGroup() && !client.groupDetails ? "" : chat.name,
    unreadCount: chat.unread,
    archive: chat.archived,
    pin: chat.pinned ? 1 : 0,
    t: seconds(chat.lastActivity),
  };
  const [model] = chatStoreOf(id).add(attributes, { merge: true });
  beginChat(model as ChatModel);
  return model as ChatModel;
}

export function load(snapshot: Extract<Push, { push: "snapshot" }>): void {
  const me = snapshot.me;
  stores.contacts
    .gadd(me.id)
    .set({ name: me.pushName ?? undefined, pushname: me.pushName ?? undefined, isMe: true });
  for (const { lid, phone } of snapshot.identities) account.learn(phone, lid);
  snapshot.contacts.forEach(takeContact);
  snapshot.groups.forEach(takeGroup);
  // Stories are in no list of chats.
  snapshot.chats.filter(({ id }) => !new Wid(id).isStatus()).forEach(takeChat);
  const oldestFirst = [...snapshot.messages].sort(
    (a, b) => seconds(a.timestamp) - seconds(b.timestamp),
  );
  for (const message of oldestFirst) {
    const model = addHistory(message);
    const { remote } = model["id"];
    const chat = chatStoreOf(remote).get(remote);
    if (chat) chat["lastReceivedKey"] = model["id"];
  }
}

/** A chat of this id, asked of the network when the page has none. */
export async function ensureChat(given: unknown): Promise<{ chat: ChatModel; created: boolean }> {
  const id = Wid.of(given);
  const other = id.isLid() ? account.toPhone(id) : account.toLid(id);
  const known = chatStoreOf(id).get(id) ?? stores.chats.get(other);
  if (known) return { chat: known, created: false };
  if (id.isNewsletter()) {
    const name = await channelName(id);
    const chat = stores.newsletters.add({ id, name, newsletterMetadata: { name }, t: now() })[0];
    return { chat: chat as ChatModel, created: true };
  }
  if (id.isGroup()) {
    takeGroup((await network.ask({ request: "group", id: id.toString() }, "group")).group);
  } else {
    const { contact } = await network.ask({ request: "exists", id: id.toString() }, "exists");
    if (!contact) throw new Error("the number is not on WhatsApp");
    takeContact(contact);
  }
  const name: unknown = stores.groups.get(id)?.["subject"];
  const [chat] = stores.chats.add({ id: account.inChats(id), name, t: now() });
  beginChat(chat as ChatModel);
  return { chat: chat as ChatModel, created: true };
}

async function channelName(id: Wid): Promise<string | undefined> {
  try {
    return (await network.ask({ request: "group", id: id.toString() }, "group")).group.name;
  } catch {
    // A former follower gets no answer.
    return undefined;
  }
}

export async function happened(event: EventBody): Promise<void> {
  switch (event.type) {
    case "message":
    case "message_sent": {
      if (findMessage(event.message.id)) return;
      const attributes = attributesOf(event.message, true);
      await stores.messages.processMultipleMessages(attributes["id"].remote, [attributes]);
      return;
    }
    case "ack":
      await receipt(event.message, LEVELS[event.ack], event.participant);
      return;
    case "message_edited":
      await protocolMessage(event.message, { subtype: "message_edit", body: event.text });
      return;
    case "message_revoked":
      await protocolMessage(event.message, {
        subtype: "sender_revoke",
        author: new Wid(event.by),
      });
      return;
    case "reaction": {
      const message = findMessage(event.message);
      if (message) await react(message, event.sender, event.emoji);
      return;
    }
    case "poll_vote":
      await vote(event.message, event.sender, event.options);
      return;
    case "group_joined":
      takeGroup((await network.ask({ request: "group", id: event.group }, "group")).group);
      await ensureChat(event.group);
      if (event.action === "create") {
        await groupNotice(
          event.group,
          "create",
          event.by,
          event.groupName ?? "",
          event.participants,
        );
      } else {
        const isInvite = event.action === "invite";
        await groupAction(event.group, "add", event.by, event.participants, isInvite);
      }
      return;
    case "group_left": {
      const group = stores.groups.get(event.group);
      for (const each of event.participants) group?.participants.remove(each);
      // A person who leaves is reported as removed by themselves.
      const by = event.action === "leave" ? (event.participants[0] ?? null) : event.by;
      await groupAction(event.group, "remove", by, event.participants);
      return;
    }
    case "group_updated": {
      const group = stores.groups.get(event.group);
      if (event.change === "subject") {
        group?.set({ subject: event.value });
        stores.chats.get(event.group)?.set({ name: event.value });
      }
      if (event.change === "description") group?.set({ desc: event.value });
      if (event.change !== "promote" && event.change !== "demote") {
        await groupNotice(event.group, event.change, event.by, event.value ?? "", []);
      } else {
        const people = (event.value ?? "").split(",");
        for (const each of people)
          group?.participants.get(each)?.set({ isAdmin: event.change === "promote" });
        await groupAction(event.group, event.change, event.by, people);
      }
      return;
    }
    case "chat_updated":
      if (new Wid(event.chat.id).isStatus()) return;
      if (stores.groups.get(event.chat.id) || !event.chat.id.endsWith("@g.us"))
        takeChat(event.chat);
      return;
    case "contact_updated":
      takeContact(event.contact);
      return;
    case "identity_learned":
      account.learn(event.phone, event.lid);
      return;
    case "presence":
      showPresence(event.chat, event.sender, event.presence);
      return;
    case "call":
      importNamespace("WAWebCallCollection")["default"].processIncomingCall({
        id: event.id,
        peerJid: new Wid(event.from),
        isVideo: event.video,
        isGroup: event.group,
        outgoing: false,
      });
      return;
    default:
      return;
  }
}

async function receipt(id: string, ack: number, participant: string | null): Promise<void> {
  const message = findMessage(id);
  if (!message) return;
  const key = originalKey(message);
  if (key.remote.isGroup() && participant === null) {
    // The web client derives the message's ack from the receipts that it has stored.
    if (message["ack"] < ack) message["ack"] = ack;
    return;
  }
  const words: Record<number, string> = { 2: "delivery", 3: "read", 4: "played" };
  const details = {
    type: "receipt",
    stanzaId: key.id,
    externalIds: [key.id],
    from: key.remote,
    participant: participant ? new Wid(participant) : null,
    recipient: null,
    ts: now(),
    ack,
    ackString: words[ack] ?? "sender",
    offline: null,
  };
  if (key.remote.isGroup())
    await importNamespace("WAWebHandleGroupReceipt")["handleGroupSimpleReceipt"](details);
  else await importNamespace("WAWebHandleChatReceipt")["handleChatSimpleReceipt"](details);
}

async function protocolMessage(id: string, what: Exports): Promise<void> {
  const message = findMessage(id);
  if (!message) return;
  const target: MsgKey = message["id"];
  const key = new MsgKey({
    fromMe: target.fromMe,
    remote: target.remote,
    participant: target.participant,
    id: await MsgKey.newId(),
  });
  const raw = {
    type: "protocol",
    protocolMessageKey: target,
    id: key,
    from: message["from"],
    to: message["to"],
    author: message.sender,
    t: now(),
    isNewMsg: true,
    ...what,
  };
  await stores.messages.processMultipleMessages(target.remote, [raw]);
}

export function react(
  message: MsgModel,
  sender: unknown,
  emoji: string,
  time?: number,
): Promise<void> {
  const person = account.inChats(Wid.of(sender));
  return importNamespace("WAWebMsgProcess")["reaction"](message["id"], person, emoji, time);
}

async function groupAction(
  group: string,
  action: string,
  by: string | null,
  who: string[],
  isInvite = false,
): Promise<void> {
  const author = by ? new Wid(by) : undefined;
  const participants = who.map((id) => ({
    id: new Wid(id),
    isAdmin: false,
    isSuperAdmin: false,
  }));
  const notice = {
    actions: [],
    author,
    chatId: new Wid(group),
    externalId: await MsgKey.newId(),
    offline: null,
    pushname: undefined,
    ts: now(),
  };
  await importNamespace("WAWebUpdateDBForGroupAction")["updateDBForGroupAction"](notice, {
    action,
    actionType: action,
    participants,
    isInvite,
    reason: "",
    version: 1,
    prevVersion: 0,
  });
}

/** Adds a notice about a changed group to its messages. */
async function groupNotice(
  group: string,
  subtype: string,
  by: string | null,
  body: string,
  who: string[],
): Promise<void> {
  const remote = new Wid(group);
  const author = by ? new Wid(by) : undefined;
  const id = new MsgKey({ fromMe: false, remote, participant: author, id: await MsgKey.newId() });
  const recipients = who.map((each) => new Wid(each));
  const notice = {
    id,
    type: "gp2",
    subtype,
    body,
    recipients,
    author,
    from: remote,
    to: account.me?.pn,
    t: now(),
    isNewMsg: true,
  };
  await stores.messages.processMultipleMessages(remote, [notice]);
}

function showPresence(chat: string, sender: string, word: string): void {
  const id = account.inChats(new Wid(chat));
  const presence = stores.presences.gadd(id);
  presence["hasData"] = true;
  presence["isOnline"] = word !== "unavailable";
  const type = word === "recording" ? "recording_audio" : word === "paused" ? "available" : word;
  presence["chatstate"].type = type;
  if (id.isGroup())
    presence["chatstates"].add({ id: new Wid(sender), type }, { merge: true });
  stores.presences.trigger("change:chatstate.type", presence["chatstate"]);
}
