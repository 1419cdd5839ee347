// What happens on the page, told to the gateway.
import { type IdLike, type MessageLike, ackWord, idText, messageOf } from "./convert";
import { report, wpp } from "./page";
import type { EventBody } from "./wire";

export function myId(): string {
  return idText(wpp().conn.getMyUserId());
}

export function listen(): void {
  const page = wpp();
  page.on("chat.new_message", (message) => tellMessage(message as unknown as MessageLike));
  page.on("chat.msg_ack_change", ({ ack, ids, sender }) => {
    for (const id of ids) {
      happened({
        type: "ack",
        message: idText(id),
        ack: ackWord(ack),
        participant: sender ? idText(sender) : null,
      });
    }
  });
  page.on("chat.msg_edited", ({ id, msg }) => {
    const text = (msg as unknown as MessageLike).body ?? "";
    happened({ type: "message_edited", message: idText(id), text });
  });
  page.on("chat.msg_revoke", ({ refId, author, from }) => {
    happened({ type: "message_revoked", message: idText(refId), by: idText(author ?? from) });
  });
  page.on("chat.new_reaction", ({ msgId, sender, reactionText }) => {
    happened({
      type: "reaction",
      message: idText(msgId),
      sender: idText(sender),
      emoji: reactionText,
    });
  });
  page.on("chat.presence_change", (change) => {
    const words: Record<string, string> = {
      composing: "typing",
      typing: "typing",
      recording: "recording",
      available: "available",
    };
    const presence = words[change.state] ?? (change.isOnline ? "available" : "unavailable");
    happened({
      type: "presence",
      chat: idText(change.id),
      sender: idText(change.id),
      presence,
    });
  });
  page.on("group.participant_changed", (change) => {
    const participants = change.participants.map((id) => idText(id));
    const by = change.author ? idText(change.author) : null;
    const group = idText(change.groupId);
    switch (change.operation) {
      case "add":
      { happened({
        type: "group_joined",
        group,
        groupName: null,
        participants,
        by,
        action: change.action === "join" ? "invite" : "add",
      }); return; }
      case "remove":
      { happened({
        type: "group_left",
        group,
        participants,
        by,
        action: change.action === "leaver" ? "leave" : "remove",
      }); return; }
      case "promote":
      case "demote":
      { happened({
        type: "group_updated",
        group,
        change: change.operation,
        value: participants.join(","),
        by,
      }); return; }
    }
  });
}

/** A notice of a group, as the page shows it among the messages. */
interface NoticeLike extends MessageLike {
  subtype?: string;
  recipients?: IdLike[];
}

function tellMessage(model: MessageLike): void {
  if (model.type === "gp2") {
    tellNotice(model);
    return;
  }
  const message = messageOf(model, myId(), quotedOf(model));
  happened({ type: message.id.startsWith("true_") ? "message_sent" : "message", message });
}

/** What wa-js has no event for; of who came and went it tells itself. */
function tellNotice(notice: NoticeLike): void {
  const group = idText((notice.id as { remote?: IdLike }).remote);
  const by = notice.author ? idText(notice.author) : null;
  const value = notice.body ?? "";
  switch (notice.subtype) {
    case "create": {
      const participants = (notice.recipients ?? []).map(idText);
      const groupName = value === "" ? null : value;
      happened({
        type: "group_joined",
        group,
        groupName,
        participants,
        by,
        action: "create",
      }); return;
    }
    case "subject":
    case "description":
    { happened({ type: "group_updated", group, change: notice.subtype, value, by }); return; }
  }
}

export function quotedOf(model: MessageLike): string | null {
  const quoted = wpp().chat.getQuotedMsgKey;
  try {
    const stanza = (model as { quotedStanzaID?: string }).quotedStanzaID;
    return stanza ? idText(quoted(model as never)) : null;
  } catch {
    // A quote of something that is gone is no quote.
    return null;
  }
}

function happened(event: EventBody): void {
  report({ report: "happened", event });
}
