// What happens on the page, told to the gateway.
import {
  type IdLike,
  type MessageLike,
  ackWord,
  bodyOf,
  contactOf,
  idText,
  messageOf,
} from "./convert";
import { isEcho } from "./echoes";
import { on } from "./listening";
import { isNoMessage, isNotice, isPlaceholder, tellNotice } from "./notices";
import { happened, wpp } from "./page";
import { attempt, introduce, isOwn, myId, myLid, otherIdentity, person } from "./people";
import { ackIn, addRecipients } from "./receipts";
import { isRefusedNow } from "./refused";
import { isUnderWay, tellAfter, tellSent } from "./sending";
import { chosenIn } from "./votes";
import type { Message, PresenceWord } from "./wire";

export function listen(): void {
  on("chat.new_message", (message) => tellMessage(message as unknown as MessageLike));
  on("chat.msg_ack_change", ({ ack, ids, sender }) => {
    // That WhatsApp refused a message is the answer to its send; without one, it is looked up.
    if (ack < 0) return;
    const participant = sender ? person(sender) : null;
    // What other devices of this account do says nothing of the receivers.
    if (participant !== null && isOwn(participant)) return;
    // The message may have gone out to them under the other identity.
    if (participant !== null) introduce(participant);
    for (const id of ids) {
      const message = messageNamed(id);
      // One to oneself was read when it was sent.
      if (isOwn(message.split("_")[1] ?? "")) continue;
      const event = { type: "ack", message, ack: ackWord(ack), participant } as const;
      void ifMessage(message, () => tellAfter(message, () => happened(event)));
    }
  });
  on("chat.msg_edited", ({ id, msg }) => {
    const text = bodyOf(msg);
    if (isEcho("edit", idText(id), text)) return;
    happened({ type: "message_edited", message: idText(id), text });
  });
  on("chat.msg_revoke", ({ refId, author, from }) => {
    happened({ type: "message_revoked", message: messageNamed(refId), by: person(author ?? from) });
  });
  on("chat.new_reaction", ({ msgId, sender, reactionText }) => {
    // The page keeps no text of a reaction that was taken back.
    const [message, emoji] = [messageNamed(msgId), reactionText || ""];
    const by = person(sender);
    if (by === myId() && isEcho("react", message, emoji)) return;
    happened({ type: "reaction", message, sender: by, emoji });
  });
  on("chat.poll_response", ({ msgId, sender, selectedOptions }) => {
    const [message, options] = [messageNamed(msgId), chosenIn(selectedOptions)];
    happened({ type: "poll_vote", message, sender: person(sender), options });
  });
  on("chat.presence_change", (change) => {
    const chat = idText(change.id);
    if (!change.isGroup) {
      tellPresence(chat, person(change.id), change.state, change.isOnline);
      return;
    }
    for (const { id, state } of change.participants ?? [])
      tellPresence(chat, person(id), state, true);
  });
  on("call.incoming_call", ({ id, sender, peerJid, isVideo, isGroup }) => {
    happened({
      type: "call",
      id,
      from: person((sender ?? peerJid) as IdLike),
      // On a model of the page, neither is sure to be there.
      video: (isVideo as unknown) === true,
      group: (isGroup as unknown) === true,
    });
  });
  listenToGroups();
}

function listenToGroups(): void {
  on("group.participant_changed", (change) => {
    const participants = change.participants.map(person);
    const by = change.author ? person(change.author) : null;
    const group = idText(change.groupId);
    switch (change.operation) {
      case "add": {
        const action = change.action === "join" ? "invite" : "add";
        happened({ type: "group_joined", group, groupName: null, participants, by, action });
        return;
      }
      case "remove": {
        // wa-js' types call it "leaver", and wa-js itself "leave".
        const word: string = change.action;
        const action = word === "leave" || word === "leaver" ? "leave" : "remove";
        happened({ type: "group_left", group, participants, by, action });
        return;
      }
      case "promote":
      case "demote": {
        const value = participants.join(",");
        happened({ type: "group_updated", group, change: change.operation, value, by });
        return;
      }
    }
  });
}

/** Authors whose two identities the gateway was told of. */
const introduced = new Set<string>();

function tellMessage(model: MessageLike): void {
  // Not decrypted yet: wa-js tells of it once more when it is.
  if (model.type === "ciphertext") return;
  if (isNotice(model)) {
    tellNotice(model);
    return;
  }
  // That a message was deleted is an event of its own.
  if (isPlaceholder(model)) return;
  const message = toMessage(model);
  const author = model.author ?? model.from;
  if (author) tellContact(idText(author), message);
  if (message.id.startsWith("true_")) {
    addRecipients(message);
    tellSent(message.id, () => {
      if (!isRefusedNow(message.id)) happened({ type: "message_sent", message });
    });
  } else happened({ type: "message", message });
}

/** A number in place of a hidden identity is told with it, so that both can be looked up. */
function tellContact(lid: string, { author, pushName }: Message): void {
  if (!lid.endsWith("@lid") || author.endsWith("@lid") || introduced.has(lid)) return;
  introduced.add(lid);
  const known = attempt(() => wpp().whatsapp.ContactStore.get(lid)) as object | undefined;
  const other = otherIdentity(lid);
  if (other !== author) return;
  const contact = contactOf({ id: lid, ...plainContact(known) }, author, lid.replace(/:\d+@/, "@"));
  contact.pushName ??= pushName;
  happened({ type: "contact_updated", contact });
}

function plainContact(model: object | undefined): object {
  const { name, shortName, pushname, isMyContact, isBusiness, isContactBlocked } = (model ??
    {}) as Record<string, unknown>;
  return { name, shortName, pushname, isMyContact, isBusiness, isContactBlocked };
}

export function toMessage(model: MessageLike): Message {
  const chat = idText(model.id).split("_")[1] ?? "";
  const groupName = groupNameOf(chat);
  const message = messageOf(model, { me: myId(), quoted: quotedOf(model), groupName, person });
  if (message.id.startsWith("true_")) message.ack = ackIn(chat, message.ack);
  return message;
}

/** What a group or a channel is called, as far as the page has it by now. */
function groupNameOf(chat: string): string | undefined {
  if (!/@(g\.us|newsletter)$/.test(chat)) return undefined;
  type Named = {
    name?: unknown;
    groupMetadata?: { subject?: unknown };
    newsletterMetadata?: { name?: unknown };
  };
  const found = attempt(() => wpp().chat.get(chat)) as Named | undefined;
  const look = () => [found?.name, found?.groupMetadata?.subject, found?.newsletterMetadata?.name];
  const names = attempt(look) ?? [];
  return names.find((name): name is string => typeof name === "string" && name !== "");
}

/**
 * The id under which the page keeps a message. wa-js makes up those in receipts, with whoever sent
 * the receipt in place of the writer.
 */
function messageNamed(id: IdLike | string): string {
  const given = idText(id);
  const store = wpp().whatsapp.MsgStore;
  if (attempt(() => store.get(given))) return given;
  const [fromMe, chat = "", key = ""] = given.split("_");
  if (fromMe !== "true") return given;
  const bare = `true_${chat}_${key}`;
  if (!chat.endsWith("@g.us")) return bare;
  const writers = [myLid(), myId()].flatMap((writer) => writer ?? []);
  const names = [...writers.map((writer) => `${bare}_${writer}`), bare];
  const kept = names.find((name) => attempt(() => store.get(name)));
  return kept ?? `${bare}_${myId()}`;
}

/** Own reactions, edits and deletions get receipts, too; nobody knows their ids. */
async function ifMessage(id: string, tell: () => void): Promise<void> {
  const kept = attempt(() => wpp().whatsapp.MsgStore.get(id)) as MessageLike | undefined;
  if (kept ? !isNoMessage(kept) : isUnderWay(id)) tell();
  if (kept || isUnderWay(id)) return;
  // One that is not loaded, the page has to look for.
  const found = (await wpp().chat.getMessageById(id).catch(() => undefined)) as
    | MessageLike
    | undefined;
  if (found && !isNoMessage(found)) tell();
}

/** The last that was told of somebody in a chat. */
const presences = new Map<string, PresenceWord>();
const MOST_PRESENCES = 10_000;

function tellPresence(chat: string, sender: string, state: string, isOnline: boolean): void {
  const before = presences.get(`${chat} ${sender}`);
  const presence = presenceOf(state, isOnline, before);
  if (presence === before) return;
  if (MOST_PRESENCES <= presences.size) presences.clear();
  presences.set(`${chat} ${sender}`, presence);
  happened({ type: "presence", chat, sender, presence });
}

function presenceOf(
  state: string,
  isOnline: boolean,
  before: PresenceWord | undefined,
): PresenceWord {
  switch (state) {
    case "composing":
    case "typing":
      return "typing";
    case "recording":
    case "recording_audio":
      return "recording";
    case "unavailable":
      return "unavailable";
    default: {
      // The page has no word for somebody who stops.
      const wasBusy = before === "typing" || before === "recording";
      if (state === "paused" || (wasBusy && (isOnline || state === "available"))) return "paused";
      return state === "available" || isOnline ? "available" : "unavailable";
    }
  }
}

function quotedOf(model: MessageLike): string | null {
  const { quotedStanzaID } = model as { quotedStanzaID?: string };
  if (!quotedStanzaID) return null;
  // A quote of something that is gone is no quote.
  const key = attempt(() => wpp().chat.getQuotedMsgKey(model as never));
  return key ? idText(key) : null;
}
