// Conversations of texts, whichever API they are of.
import * as api from "../../lib/api/inbox";
import { words } from "../../strings/inbox";
import type { Entry } from "./entries";

export interface Line {
  id: string;
  side: "contact" | "bot" | "team";
  /** Who wrote it. */
  by: string;
  /** Null for what is no text. */
  text: string | null;
  at: string;
  isFailed: boolean;
}

const PAGE = 50;

/** The newest lines, or those before one. */
export async function readLines(
  { id, isWeb }: Entry, before?: string,
): Promise<{ lines: Line[]; hasMore: boolean }> {
  const query = { limit: PAGE, ...(before !== undefined && { before }) };
  if (isWeb) {
    const { messages, has_more: hasMore } = await api.readBotChat(id, query);
    const lines = messages.map((message): Line => {
      const side = message.role === "user" ? "contact" : message.role === "agent" ? "team" : "bot";
      return {
        id: message.id,
        side,
        by: message.agent?.name ?? { contact: words.fromContact, bot: words.fromBot,
          team: words.fromTeam }[side],
        text: message.type === "deleted" ? words.deleted : message.content || null,
        at: message.created_at,
        isFailed: false,
      };
    });
    return { lines, hasMore };
  }
  const { messages, hasMore } = await api.readChat(id, query);
  const lines = messages.map((message): Line => {
    const isContact = message.direction.startsWith("in");
    return {
      id: message.id,
      side: isContact ? "contact" : "team",
      by: isContact ? words.fromContact : (message.sentBy?.name ?? words.fromTeam),
      text: message.type === "deleted" ? words.deleted : (message.text ?? message.caption),
      at: message.createdAt,
      isFailed: message.status.toLowerCase() === "failed",
    };
  });
  return { lines, hasMore };
}

/** A name for one message: sent again under it, it is sent once. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");

export async function sendText({ id, isWeb }: Entry, text: string, key: string): Promise<void> {
  if (isWeb) await api.sendToBotChat(id, text, key);
  else await api.sendToChat(id, text, key);
}

export async function markRead({ id, isWeb }: Entry): Promise<void> {
  if (isWeb) await api.setBotChatRead(id, true);
  else await api.changeChat(id, { read: true });
}
