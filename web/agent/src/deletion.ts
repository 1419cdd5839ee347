// Messages deleted, for everyone or for oneself. wa-js says "done" when it has asked the page; that
// it is done is seen in the page alone.
import type { IdLike } from "./convert";
import { idText } from "./convert";
import { AgentError } from "./failure";
import { assertHeard } from "./main-screen";
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

/** wa-js deletes for oneself alone, without a word, where it may not delete for everybody. */
export async function revoke(id: string, forEveryone: boolean): Promise<null> {
  assertHeard("send_revoke_msgs");
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
  // What carries it out is there. The page does not say what WhatsApp answered.
  await until("delete the message", () => isGone(id) || (forEveryone && isRevoked()));
  return null;
}

/** Looks at the very things that wa-js decides by. */
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

/** The page replaces a message that was deleted for everyone by one of another id. */
function isGone(id: string): boolean {
  const { MsgStore } = wpp().whatsapp;
  if (attempt(() => MsgStore.get(id))) return false;
  const chat = chatOfId(id.split("_")[1] ?? "") as unknown as
    | { msgs?: { getModelsArray?: () => { id: IdLike }[] } }
    | undefined;
  const inChat = attempt(() => chat?.msgs?.getModelsArray?.()) ?? [];
  return !inChat.some((each) => idText(each.id) === id);
}
