// Sending and changing messages, receipts, reactions, history: the modules behind a chat.
import { account } from "./account";
import { unixTimeMs } from "./clock";
import { MsgKey, Wid, idText, randomHex } from "./ids";
import { defineAll, importNamespace, type Exports } from "./loader";
import {
  chatStoreOf,
  findMessage,
  networkId,
  stores,
  type ChatModel,
  type MsgModel,
} from "./models";
import { NetworkRefusal, network } from "./network";
import { addHistory, ensureChat, now, ownKey, seconds } from "./inbound";
import { confirm, isOwnEntry, keepEdit, replaceRevoked } from "./entries";
import { contentOf } from "./outbound";
import { getReactions, keepReactions, reaction } from "./reactions";
import type { Presence } from "../protocol";

const HISTORY_PAGE = 100;

/** Adds a message to its chat and sends it. Returns two promises, as the web client does. */
function addAndSend(chat: ChatModel, raw: Exports): [Promise<MsgModel>, Promise<Exports>] {
  const message = stores.messages.add({ ...raw, ack: 0 })[0] as MsgModel;
  chat.set({ t: message["t"], lastReceivedKey: message["id"] });
  return [Promise.resolve(message), send(chat, message)];
}

async function send(chat: ChatModel, message: MsgModel): Promise<Exports> {
  const key: MsgKey = message["id"];
  const quoted = message["quotedStanzaID"] as string | undefined;
  const quotedMessage =
    quoted &&
        (chat["msgs"].findFirst((each: MsgModel) => each["id"].id === quoted) as
            MsgModel | undefined);
  const mentions = ((message["mentionedJidList"] ?? []) as unknown[]).map((each) =>
    String(idText(each)),
  );
  try {
    const { sent } = await network.ask(
      {
        request: "send",
        key: key.id,
        chat: key.remote.toString(),
        content: contentOf(message),
        quoted: quotedMessage ? networkId(quotedMessage) : null,
        mentions,
      },
      "sent",
    );
    message["networkId"] = sent.id;
    message["t"] = seconds(sent.timestamp);
    // A message to oneself is read at once.
    const reached = account.isMe(key.remote) ? 3 : 1;
    if (message["ack"] < reached) message["ack"] = reached;
    return { messageSendResult: "OK", t: message["t"], count: null };
  } catch (error) {
    console.warn("A message was not sent:", error);
    message["ack"] = -1;
    const errorCode = error instanceof NetworkRefusal ? error.code : undefined;
    return { messageSendResult: "ERROR_UNKNOWN", errorCode, t: message["t"], count: null };
  }
}

async function sendText(chat: ChatModel, body: string): Promise<Exports> {
  const id = ownKey(chat["id"], await MsgKey.newId());
  return addAndSend(chat, {
    id,
    body,
    type: "chat",
    t: now(),
    from: account.own,
    to: chat["id"],
    self: "out",
    isNewMsg: true,
  })[1];
}

async function edit(message: MsgModel, raw: Exports): Promise<void> {
  const text = String(raw["body"] ?? raw["caption"] ?? "");
  await network.ask({ request: "edit", message: networkId(message), text }, "done");
  message.set(message.isMedia ? { caption: text } : { body: text });
  message["latestEditSenderTimestampMs"] = Date.now();
  message["latestEditMsgKey"] = raw["id"];
  keepEdit(message, raw["id"], text);
  await confirm(raw["id"]);
}

async function revoke(_chat: ChatModel, messages: Iterable<MsgModel>): Promise<void> {
  for (const message of messages) {
    await network.ask(
      { request: "revoke", message: networkId(message), forEveryone: true },
      "done",
    );
    message["revokeSender"] = account.own;
    const { remote } = message["id"];
    replaceRevoked(message, message.isSentByMe ? "sender" : "admin");
    await confirm(new MsgKey({ fromMe: true, remote, id: await MsgKey.newId() }));
  }
}

async function remove(chat: ChatModel, messages: Iterable<MsgModel>): Promise<void> {
  for (const message of [...messages]) {
    // The network has none that it refused.
    if (0 <= message["ack"])
      await network.ask(
        { request: "revoke", message: networkId(message), forEveryone: false },
        "done",
      );
    chat["msgs"].remove(message);
    stores.messages.remove(message);
  }
}

/** Applies incoming messages. Page libraries hook this function. */
async function process(chatId: Wid, raws: Exports[]): Promise<void> {
  for (const raw of raws) {
    const target =
      raw["type"] === "protocol" ? findMessage(raw["protocolMessageKey"]) : undefined;
    if (raw["type"] === "protocol") {
      if (!target) continue;
      if (raw["subtype"] === "message_edit") {
        target.set(target.isMedia ? { caption: raw["body"] } : { body: raw["body"] });
        target["latestEditMsgKey"] = raw["id"];
        keepEdit(target, raw["id"], raw["body"]);
      } else {
        replaceRevoked(target, "sender");
      }
      continue;
    }
    if (findMessage(raw["id"])) continue;
    if (chatId.isStatus()) {
      stores.messages.add(raw);
      continue;
    }
    const { chat } = await ensureChat(chatId);
    if (findMessage(raw["id"])) continue;
    const message = stores.messages.add(raw)[0] as MsgModel;
    chat.set({ t: message["t"], lastReceivedKey: message["id"] });
    if (!message["id"].fromMe && !message.isNotification)
      chat["unreadCount"] = Math.max(0, chat["unreadCount"]) + 1;
  }
}

function applyReceipt(details: Exports): Promise<void> {
  // One person's receipt raises no message of a group.
  if (details["participant"]) return Promise.resolve();
  for (const id of details["externalIds"] as string[]) {
    const message = findMessage(new MsgKey({ fromMe: true, remote: details["from"], id }));
    if (message && message["ack"] < details["ack"]) message["ack"] = details["ack"];
  }
  return Promise.resolve();
}

/** Messages of a chat beside an anchor; earlier ones are asked of the network. */
async function findBeside(options: Exports): Promise<MsgModel[]> {
  const anchor = options["anchor"] ? MsgKey.fromString(options["anchor"]) : undefined;
  const chatId = anchor?.remote ?? Wid.of(options["chat"]);
  const known = (): MsgModel[] =>
    [...(chatStoreOf(chatId).get(chatId)?.["msgs"] ?? [])].sort(
      (a: MsgModel, b: MsgModel) => a["t"] - b["t"],
    );
  const wanted =
    Number.isFinite(options["count"]) && 0 <= options["count"]
      ? Number(options["count"])
      : Infinity;
  const place = (all: MsgModel[]): number =>
    all.findIndex((each) => anchor && each["id"].id === anchor.id);
  if (options["direction"] === "after") {
    const all = known();
    return all.slice(place(all) + 1).slice(0, wanted);
  }
  const at = onNetwork(anchor && findMessage(anchor), known());
  const limit = Math.min(wanted, HISTORY_PAGE);
  if (limit === 0) return [];
  const request = {
    request: "history",
    chat: chatId.toString(),
    before: at ? networkId(at) : null,
    limit,
  } as const;
  try {
    const { messages } = await network.ask(request, "messages");
    const found = messages.map(addHistory);
    return withOwnEntries(found, anchor && findMessage(anchor), known(), limit);
  } catch (error) {
    // A chat of which nothing was sent yet is on this page alone.
    if (error instanceof NetworkRefusal && error.kind === "unknownChat") return [];
    throw error;
  }
}

/** With the page's own entries from the oldest that was found to the anchor. */
function withOwnEntries(
  found: MsgModel[],
  anchor: MsgModel | undefined,
  all: MsgModel[],
  limit: number,
): MsgModel[] {
  const oldest = found.length < limit ? undefined : found[0];
  const begin = oldest ? all.indexOf(oldest) : 0;
  const end = anchor ? all.indexOf(anchor) : all.length;
  const own = all.slice(Math.max(0, begin), end).filter(isOwnEntry);
  return [...own, ...found].sort((a, b) => a["t"] - b["t"]).slice(-limit);
}

/** The message itself, or the next one that the network has: it knows none that it refused. */
function onNetwork(anchor: MsgModel | undefined, all: MsgModel[]): MsgModel | undefined {
  if (!anchor || anchor["networkId"]) return anchor;
  return all.slice(all.indexOf(anchor)).find((each) => each["networkId"]);
}

async function findMedia(options: Exports): Promise<{ messages: MsgModel[] }> {
  const found = await findBeside(options);
  return { messages: found.filter((each) => each.isMedia) };
}

async function sendSeen(given: Exports): Promise<void> {
  const chat: ChatModel = given["chat"] ?? given;
  // A chat that nothing was said in yet is on this page alone: the network has nothing to mark.
  if (chat["msgs"].every(isOwnEntry)) return;
  await network.ask({ request: "markRead", chat: chat["id"].toString() }, "done");
  chat["unreadCount"] = 0;
}

async function setArchive(chat: ChatModel, archived: boolean): Promise<void> {
  await network.ask({ request: "archive", chat: chat["id"].toString(), archived }, "done");
  chat["archive"] = archived;
}

const showing =
  (presence: Presence) =>
    async (chat: Exports): Promise<void> => {
      const id = Wid.of(chat["id"] ?? chat);
      await network.ask({ request: "presence", chat: id.toString(), presence }, "done");
    };

const EDIT_WINDOW = 15 * 60;
const isFresh = (message: MsgModel): boolean => now() - message["t"] < EDIT_WINDOW;
const names = (...list: string[]): Record<string, string> =>
  Object.fromEntries(list.map((name) => [name.toUpperCase(), name]));

export function defineMessages(): void {
  const receipts = [
    "WAWebHandleChatReceipt.handleChatSimpleReceipt",
    "WAWebHandleGroupReceipt.handleGroupSimpleReceipt",
    "WAWebHandleStatusReceipt.handleStatusSimpleReceipt",
  ];
  for (const path of receipts) {
    const [id = "", name = ""] = path.split(".");
    defineAll({ [id]: () => ({ [name]: applyReceipt }) });
  }
  defineAll({
    WATimeUtils: () => ({ unixTime: now, unixTimeMs }),
    WAWebAck: () => ({
      ACK: {
        MD_DOWNGRADE: -7,
        INACTIVE: -6,
        CONTENT_UNUPLOADABLE: -5,
        CONTENT_TOO_BIG: -4,
        CONTENT_GONE: -3,
        EXPIRED: -2,
        FAILED: -1,
        CLOCK: 0,
        SENT: 1,
        RECEIVED: 2,
        READ: 3,
        PLAYED: 4,
        PEER: 5,
      },
      EDIT_ATTR: { SENDER_REVOKE: 7, ADMIN_REVOKE: 8 },
      ACK_STRING: {
        SENDER: "sender",
        DELIVERY: "delivery",
        READ: "read",
        PLAYED: "played",
        INACTIVE: "inactive",
      },
    }),
    WAWebMsgType: () => ({
      MSG_TYPE: names(
        "notification",
        "gp2",
        "e2e_notification",
        "notification_template",
        "call_log",
        "protocol",
        "chat",
        "location",
        "vcard",
        "ciphertext",
        "multi_vcard",
        "revoked",
        "image",
        "video",
        "audio",
        "ptt",
        "sticker",
        "document",
        "product",
        "order",
        "list",
        "interactive",
        "list_response",
        "buttons_response",
        "reaction",
        "poll_creation",
        "unknown",
      ),
      SYSTEM_MESSAGE_TYPES: ["gp2", "e2e_notification"],
    }),
    WAWebSendMsgResultAction: () => ({
      SendMsgResult: names(
        "OK",
        "ERROR_NETWORK",
        "ERROR_EXPIRED",
        "ERROR_CANCELLED",
        "ERROR_UPLOAD",
        "ERROR_UNKNOWN",
      ),
    }),
    WAWebFindChatAction: () => ({
      findOrCreateLatestChat: ensureChat,
      findExistingChat: (id: unknown) => Promise.resolve(stores.chats.get(id)),
    }),
    WAWebCreateChat: () => ({
      createChat: async (id: unknown) => (await ensureChat(id)).chat,
      createChatRecord: () => Promise.resolve(),
    }),
    WAWebChatGetExistingBridge: () => ({
      getExisting: (id: unknown) => Promise.resolve(stores.chats.get(id)),
    }),
    WAWebSendMsgChatAction: () => ({ addAndSendMsgToChat: addAndSend }),
    WAWebSendTextMsgChatAction: () => ({ sendTextMsgToChat: sendText }),
    WAWebSendMessageEditAction: () => ({
      addAndSendMessageEdit: edit,
      sendMessageEdit: async (message: MsgModel, body: string) =>
        edit(message, {
          body,
          id: new MsgKey({
            fromMe: true,
            remote: message["id"].remote,
            id: await MsgKey.newId(),
          }),
        }),
    }),
    WAWebSendRevokeMsgAction: () => ({ sendRevokeMsgs: revoke }),
    WAWebSendDeleteMsgAction: () => ({ sendDeleteMsgs: remove }),
    WAWebReactionsMsgAction: () => ({ addOrUpdateReactionsModelCollection: keepReactions }),
    WAWebSendReactionMsgAction: () => ({
      sendReactionToMsg: async (message: MsgModel, emoji: string) => {
        await network.ask(
          { request: "react", message: networkId(message), emoji },
          "done",
        );
        await importNamespace("WAWebMsgProcess")["reaction"](
          message["id"],
          account.own,
          emoji,
        );
        const { remote } = message["id"];
        await confirm(new MsgKey({ fromMe: true, remote, id: await MsgKey.newId() }));
        return "OK";
      },
    }),
    WAWebReactionsGetter: () => ({ getReactions }),
    WAWebAddonReactionTableMode: () => ({
      reactionTableMode: { bulkUpsert: () => Promise.resolve() },
    }),
    WAWebAddonPollVoteTableMode: () => ({
      pollVoteTableMode: { bulkUpsert: () => Promise.resolve() },
    }),
    WAWebMsgProcess: () => ({ process, reaction }),
    WAWebHandleSingleMsg: () => ({
      handleSingleMsg: (raw: Exports) =>
        stores.messages.processMultipleMessages(raw["id"].remote, [raw]),
    }),
    WAWebDBMessageFindLocal: () => ({
      msgFindByDirection: findBeside,
      msgFindBefore: async (options: Exports) => ({
        messages: await findBeside({ ...options, direction: "before" }),
      }),
      msgFindAfter: async (options: Exports) => ({
        messages: await findBeside({ ...options, direction: "after" }),
      }),
      msgFindMedia: findMedia,
      msgFindCallLog: () => Promise.resolve([]),
      msgFindEvents: () => Promise.resolve([]),
      msgFindSearch: () => Promise.resolve([]),
      msgFindStarred: () => Promise.resolve(stores.messages.filter((each) => each["star"])),
    }),
    WAWebMsgActionCapability: () => ({
      canEditText: (message: MsgModel) =>
        message.isSentByMe && message["type"] === "chat" && isFresh(message),
      canEditCaption: (message: MsgModel) =>
        message.isSentByMe &&
                message.isMedia &&
                Boolean(message["caption"]) &&
                isFresh(message),
      canStarMsg: () => true,
      canSenderRevokeMsg: (message: MsgModel) => message.isSentByMe,
      canAdminRevokeMsg: (message: MsgModel) => !message.isSentByMe &&
                stores.groups.get(message["id"].remote)?.participants.iAmAdmin() === true,
    }),
    WAWebMsgReply: () => ({
      canReplyMsg: (message: MsgModel) => message["type"] !== "revoked",
    }),
    WAWebQuotedMsgModelUtils: () => ({
      getQuotedMsgObj: (message: MsgModel) =>
        stores.messages.findFirst((each) => each["id"].id === message["quotedStanzaID"]),
    }),
    WAWebUpdateUnreadChatAction: () => ({
      sendSeen,
      markUnread: (chat: ChatModel, unread: boolean) =>
        Promise.resolve((chat["unreadCount"] = unread ? -1 : 0)),
    }),
    WAWebGetEphemeralFieldsMsgActionsUtils: () => ({ getEphemeralFields: () => ({}) }),
    WAWebMsgDataFromModel: () => ({
      msgDataFromMsgModel: (message: MsgModel) => Promise.resolve(message.toJSON()),
    }),
    WAWebChatStateBridge: () => ({
      sendChatStateComposing: showing("typing"),
      sendChatStatePaused: showing("paused"),
      sendChatStateRecording: showing("recording"),
    }),
    WAWebChatPresence: () => ({
      markComposing: showing("typing"),
      markRecording: showing("recording"),
      markPaused: showing("paused"),
    }),
    WAWebChatPresenceBridge: () => ({ subscribePresence: () => Promise.resolve() }),
    WAWebSetArchiveChatAction: () => ({ setArchive }),
    WAWebPinCount: () => ({
      getNumChatsPinned: () => stores.chats.filter((chat) => chat["pin"]).length,
    }),
    WAWebRandomHex: () => ({ randomHex }),
  });
}
