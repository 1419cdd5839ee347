// What happens on the page, told to the gateway.
import { type ContactLike, type MessageLike, ackWord, idText, messageOf } from "./convert";
import { report, wpp } from "./page";
import type { EventBody, Me } from "./wire";

/** How often the signs of login are looked at; no single event can be relied on. */
const LOOK_EVERY = 250;

export function myId(): string {
  return idText(wpp().conn.getMyUserId());
}

export function listen(): void {
  const page = wpp();
  page.on("conn.auth_code_change", (code) => {
    if (code?.fullCode) report({ report: "qr", text: code.fullCode });
  });
  page.on("conn.qrcode_idle", () => report({ report: "qrIdle" }));
  page.on("conn.logout", () => report({ report: "loggedOut" }));
  page.on("chat.new_message", (message) => tellMessage(message as unknown as MessageLike & { isNewMsg?: boolean }));
  page.on("chat.msg_ack_change", ({ ack, ids, sender }) => {
    for (const id of ids) {
      happened({ type: "ack", message: idText(id), ack: ackWord(ack), participant: sender ? idText(sender) : null });
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
    happened({ type: "reaction", message: idText(msgId), sender: idText(sender), emoji: reactionText ?? "" });
  });
  page.on("chat.presence_change", (change) => {
    const words: Record<string, string> = { composing: "typing", typing: "typing", recording: "recording", available: "available" };
    const presence = words[change.state] ?? (change.isOnline ? "available" : "unavailable");
    happened({ type: "presence", chat: idText(change.id), sender: idText(change.id), presence });
  });
  page.on("group.participant_changed", (change) => {
    const participants = change.participants.map((id) => idText(id));
    const by = change.author ? idText(change.author) : null;
    const group = idText(change.groupId);
    switch (change.operation) {
      case "add":
        return happened({ type: "group_joined", group, groupName: null, participants, by, action: change.action === "join" ? "invite" : "add" });
      case "remove":
        return happened({ type: "group_left", group, participants, by, action: change.action === "leaver" ? "leave" : "remove" });
      case "promote":
      case "demote":
        return happened({ type: "group_updated", group, change: change.operation, value: participants.join(","), by });
    }
  });
}

/** Watches for the login from several signs, since the events that name it are not always sent. */
export function watchLogin(): void {
  let wasAuthenticated = false;
  let wasReady = false;
  let line = "";
  let shown = "";
  setInterval(() => {
    const page = wpp();
    const stream = page.whatsapp.Stream as unknown as { mode?: string } | undefined;
    const socket = page.whatsapp.Socket as unknown as { state?: string; hasSynced?: boolean } | undefined;
    const state = socket?.state ?? "UNKNOWN";
    const isAuthenticated = page.conn.isAuthenticated() === true;
    const isMain = stream?.mode === "MAIN";
    if (!isAuthenticated) {
      // The event for the first code may have passed before anybody listened.
      const code = page.conn.getAuthCode();
      void Promise.resolve(code).then((found) => {
        if (found?.fullCode && found.fullCode !== shown) {
          shown = found.fullCode;
          report({ report: "qr", text: shown });
        }
      });
      return;
    }
    if (!wasAuthenticated) {
      wasAuthenticated = true;
      report({ report: "authenticated" });
    }
    if (isMain && !wasReady) {
      wasReady = true;
      void page.conn.setKeepAlive(true);
      report({ report: "ready", me: me() });
    }
    if (wasReady && state !== line) {
      line = state;
      report({ report: "line", state, connected: state === "CONNECTED" });
    }
  }, LOOK_EVERY);
}

function me(): Me {
  const page = wpp();
  const connection = page.whatsapp.Conn as unknown as { pushname?: string; platform?: string } | undefined;
  const lid = page.conn.getMyUserLid?.();
  return {
    id: myId(),
    lid: lid ? idText(lid) : null,
    pushName: connection?.pushname ?? null,
    platform: connection?.platform ?? null,
  };
}

function tellMessage(model: MessageLike & { isNewMsg?: boolean }): void {
  const message = messageOf(model, myId(), quotedOf(model));
  happened({ type: message.id.startsWith("true_") ? "message_sent" : "message", message });
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

export type { ContactLike };
