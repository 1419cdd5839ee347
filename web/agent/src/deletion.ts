// Deletion of messages, for everyone or for this account. wa-js resolves when it has sent the
// command; only the page's state shows the outcome.
import type { IdLike } from "./ids";
import { idText } from "./ids";
import { AgentError } from "./failure";
import { assertListener } from "./main-screen";
import { now, until, wpp } from "./page";
import { attempt, chatOfId } from "./people";
import { isRefusedNow, removeRefused } from "./refused";

/** How long a message can be deleted for everyone, in seconds. */
const REVOKE_WINDOW = 60 * 60 * 60;

/** The parts of a message that are read here. */
interface Deletable {
  type?: string;
  t?: number;
  senderObj?: { isMe?: boolean };
}

/**
 * Where a message cannot be deleted for everyone, wa-js deletes it for this account without an
 * error.
 */
export async function revoke(id: string, forEveryone: boolean): Promise<null> {
  assertListener("send_revoke_msgs");
  if (isRefusedNow(id)) {
    if (await removeRefused(id)) return null;
    throw new AgentError("timeout", "the page has not removed the message that was never sent yet");
  }
  const chat = id.split("_")[1] ?? "";
  const message = (await wpp().chat.getMessageById(id)) as unknown as Deletable | undefined;
  if (forEveryone) await assertRevocable(message, chat);
  const done = await wpp().chat.deleteMessage(chat, id, false, forEveryone);
  if (forEveryone && ![done].flat().every(({ isRevoked }) => isRevoked))
    throw new AgentError("notAllowed", "WhatsApp did not delete the message");
  const isRevoked = (): boolean => message?.type === "revoked";
  // The page's listener exists. The page does not report WhatsApp's answer.
  await until("delete the message", () => isGone(id) || (forEveryone && isRevoked()));
  return null;
}

/** Checks the same conditions as wa-js. */
async function assertRevocable(message: Deletable | undefined, chat: string): Promise<void> {
  const isOwn = message?.senderObj?.isMe === true;
  if (!isOwn && !(chat.endsWith("@g.us") && (await wpp().group.iAmAdmin(chat))))
    throw new AgentError("notAllowed", "only your own messages can be deleted for everyone");
  const isGone = message?.type === "revoked";
  if (!isGone && message?.t !== undefined && REVOKE_WINDOW < now() - message.t) {
    const reason = "only a message of the last 60 hours can be deleted for everyone";
    throw new AgentError("tooLate", reason);
  }
}

/** The page replaces a message that was deleted for everyone by one with another id. */
function isGone(id: string): boolean {
  const { MsgStore } = wpp().whatsapp;
  if (attempt(() => MsgStore.get(id))) return false;
  const chat = chatOfId(id.split("_")[1] ?? "") as unknown as
    | { msgs?: { getModelsArray?: () => { id: IdLike }[] } }
    | undefined;
  const inChat = attempt(() => chat?.msgs?.getModelsArray?.()) ?? [];
  return !inChat.some((each) => idText(each.id) === id);
}
