// Entries that the page itself adds to a chat: the notice of encryption, the contact card, the
// envelope of an edit, and the placeholder of a message that was deleted for everyone.
import { MsgKey } from "./ids";
import { importNamespace } from "./loader";
import { stores, type ChatModel, type MsgModel } from "./models";

const OWN_TYPES = ["e2e_notification", "notification_template", "protocol"];

/** Whether the network knows nothing of this entry. */
export function isOwnEntry(message: MsgModel): boolean {
  return OWN_TYPES.includes(message["type"]);
}

/** Adds the first entries of a chat with a person. */
export function beginChat(chat: ChatModel): void {
  if (chat["id"].isGroup()) return;
  const remote = chat["id"];
  const entry = (key: string, type: string, subtype: string): void => {
    const id = new MsgKey({ fromMe: false, remote, id: `${key}${remote.user}` });
    if (stores.messages.get(id)) return;
    stores.messages.add({ id, type, subtype, t: 0, from: remote, author: remote, ack: 0 });
  };
  entry("E2E", "e2e_notification", "encrypt");
  entry("CARD", "notification_template", "contact_info_card");
}

/** The envelope in which an edit came stays in the chat, as its newest entry. */
export function keepEdit(message: MsgModel, id: MsgKey, text: string): void {
  const chat = stores.chats.get(message["id"].remote);
  if (!chat || stores.messages.get(id)) return;
  stores.messages.add({
    id,
    type: "protocol",
    subtype: "message_edit",
    body: text,
    protocolMessageKey: message["id"],
    t: Math.floor(Date.now() / 1000),
    from: message["from"],
    to: message["to"],
    author: message["author"],
    ack: 1,
  });
  chat["lastReceivedKey"] = id;
}

export function revokedKey({ fromMe, remote, participant, id }: MsgKey): MsgKey {
  return new MsgKey({ fromMe, remote, participant, id: `REVOKED${id}` });
}

/** A message that was deleted for everyone makes way for one of another id that names it. */
export function replaceRevoked(message: MsgModel, subtype: string): void {
  message["body"] = undefined;
  message["caption"] = undefined;
  message["subtype"] = subtype;
  message["type"] = "revoked";
  const was: MsgKey = message["id"];
  const chat = stores.chats.get(was.remote);
  const id = revokedKey(was);
  const { mediaData: _media, ...kept } = message.attributes;
  chat?.["msgs"].remove(message);
  stores.messages.remove(message);
  stores.messages.add({ ...kept, id, protocolMessageKey: was, isNewMsg: false });
  if (chat && String(chat["lastReceivedKey"]) === String(was)) chat["lastReceivedKey"] = id;
}

/** The network's receipt for a reaction, an edit or a deletion. */
export async function confirm(key: MsgKey): Promise<void> {
  const details = {
    type: "receipt",
    stanzaId: key.id,
    externalIds: [key.id],
    from: key.remote,
    participant: null,
    recipient: null,
    ts: Math.floor(Date.now() / 1000),
    ack: 2,
    ackString: "delivery",
    offline: null,
  };
  const [module, name] = key.remote.isGroup()
    ? ["WAWebHandleGroupReceipt", "handleGroupSimpleReceipt"]
    : ["WAWebHandleChatReceipt", "handleChatSimpleReceipt"];
  await importNamespace(module)[name](details);
}
