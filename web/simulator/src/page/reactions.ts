// Reactions, which the page stores separately from messages.
import { account } from "./account";
import { MsgKey, idText, type Wid } from "./ids";
import { importNamespace, type Exports } from "./loader";
import { findMessage } from "./models";

/** Reactions by message, then by sender. */
const reactions = new Map<string, Map<string, Exports>>();

export async function reaction(
  parent: MsgKey,
  sender: Wid,
  text: string,
  time = Date.now(),
): Promise<void> {
  const mine = account.isMe(sender);
  const key = new MsgKey({
    fromMe: mine,
    remote: parent.remote,
    id: await MsgKey.newId(),
    participant: parent.remote.isGroup() ? sender : undefined,
  });
  const row = {
    msgKey: key.toString(),
    parentMsgKey: parent.toString(),
    reactionText: text,
    read: false,
    senderUserJid: sender.toString(),
    // In milliseconds, though messages count in seconds.
    t: time,
    orphan: 0,
  };
  importNamespace("WAWebAddonReactionTableMode")["reactionTableMode"].bulkUpsert([
    {
      ...row,
      id: key,
      reactionParentKey: parent,
      reactionTimestamp: time,
      from: sender,
      author: sender,
    },
  ]);
  await importNamespace("WAWebReactionsMsgAction")["addOrUpdateReactionsModelCollection"](
    row,
    true,
  );
}

export function keepReactions(given: Exports | Exports[]): Promise<void> {
  for (const row of [given].flat<Exports[]>()) {
    const parent = String(idText(row["parentMsgKey"] ?? row["reactionParentKey"]));
    const rows = reactions.get(parent) ?? new Map<string, Exports>();
    reactions.set(parent, rows);
    if (row["reactionText"]) rows.set(row["senderUserJid"], row);
    else rows.delete(row["senderUserJid"]);
    const message = findMessage(parent);
    if (message) message["hasReaction"] = rows.size > 0;
  }
  return Promise.resolve();
}

export function getReactions(id: unknown): Promise<Exports> {
  const byText = new Map<string, Exports>();
  let reactionByMe: Exports | undefined;
  for (const row of reactions.get(String(idText(id)))?.values() ?? []) {
    const text: string = row["reactionText"];
    const group = byText.get(text) ?? {
      aggregateEmoji: text,
      hasReactionByMe: false,
      senders: [],
    };
    byText.set(text, group);
    const sender = {
      ...row,
      msgKey: MsgKey.fromString(row["msgKey"]),
      parentMsgKey: MsgKey.fromString(row["parentMsgKey"]),
      timestamp: row["t"],
    };
    group["senders"].push(sender);
    if (account.isMe(row["senderUserJid"])) {
      group["hasReactionByMe"] = true;
      reactionByMe = sender;
    }
  }
  return Promise.resolve({ reactions: [...byText.values()], reactionByMe });
}
