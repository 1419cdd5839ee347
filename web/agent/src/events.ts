// Event listeners on wa-js, and their translation to reports.
import { type MessageLike, ackWord, bodyOf, contactOf, messageOf } from "./convert";
import { type IdLike, idText } from "./ids";
import { isEcho } from "./echoes";
import { on } from "./listening";
import { isNoMessage, isNotice, isPlaceholder, tellNotice } from "./notices";
import { happened, wpp } from "./page";
import { attempt, introduce, isOwn, myId, myLid, otherIdentity, person } from "./people";
import { ackIn, addRecipients } from "./receipts";
import { isRefusedNow } from "./refused";
import { isUnderWay, tellAfter, tellSent } from "./sending";
import { chosenIn } from "./votes";
import type { Message, Presence } from "./wire";

export function listen(): void {
  on("chat.new_message", (message) => tellMessage(message as unknown as MessageLike));
  on("chat.msg_ack_change", ({ ack, ids, sender }) => {
    // A refusal is the answer to the send; without an answer the gateway looks the message up.
    if (ack < 0) return;
    const participant = sender ? person(sender) : null;
    // Receipts of this account's other devices do not concern the receivers.
    if (participant !== null && isOwn(participant)) return;
    // The message may have been sent to their other identity.
    if (participant !== null) introduce(participant);
    for (const id of ids) {
      const message = messageNamed(id);
      // A message to oneself is read when it is sent.
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
    // A removed reaction has no text in the page.
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

/** Authors whose two identities were reported. */
const introduced = new Set<string>();

function tellMessage(model: MessageLike): void {
  // Not decrypted yet: wa-js emits the event again after decryption.
  if (model.type === "ciphertext") return;
  if (isNotice(model)) {
    tellNotice(model);
    return;
  }
  // A deletion is an event of its own.
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

/**
 * Reports both identities where a number replaces a hidden one, so that either can be looked up.
 */
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

/** The name of a group or a channel, if the page has loaded it. */
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
 * The page's id of a message. wa-js builds the ids in receipts from the sender of the receipt
 * instead of the author.
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

/** Own reactions, edits and deletions get receipts, too; their ids are no messages. */
async function ifMessage(id: string, tell: () => void): Promise<void> {
  const kept = attempt(() => wpp().whatsapp.MsgStore.get(id)) as MessageLike | undefined;
  if (kept ? !isNoMessage(kept) : isUnderWay(id)) tell();
  if (kept || isUnderWay(id)) return;
  // The page searches for a message that is not loaded.
  const found = (await wpp().chat.getMessageById(id).catch(() => undefined)) as
    | MessageLike
    | undefined;
  if (found && !isNoMessage(found)) tell();
}

/** The last reported presence per chat and person. */
const presences = new Map<string, Presence>();
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
  before: Presence | undefined,
): Presence {
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
      // The page has no state for the end of typing.
      const wasBusy = before === "typing" || before === "recording";
      if (state === "paused" || (wasBusy && (isOnline || state === "available"))) return "paused";
      return state === "available" || isOnline ? "available" : "unavailable";
    }
  }
}

function quotedOf(model: MessageLike): string | null {
  const { quotedStanzaID } = model as { quotedStanzaID?: string };
  if (!quotedStanzaID) return null;
  // A quoted message that is gone is left out.
  const key = attempt(() => wpp().chat.getQuotedMsgKey(model as never));
  return key ? idText(key) : null;
}
