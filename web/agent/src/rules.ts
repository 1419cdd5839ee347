// WhatsApp's rules for changes of existing messages. The page refuses without a reason, so the
// reason is derived from the message.
import { AgentError } from "./failure";
import { now, wpp } from "./page";
import { attempt } from "./people";

/** How long a text or a caption can be edited, in seconds. */
const EDIT_WINDOW = 15 * 60;

interface Model {
  type?: string;
  caption?: string;
  t?: number;
  senderObj?: { isMe?: boolean };
}

/** A reaction to a deleted message would stay in the page alone. */
export function assertNotDeleted(id: string): void {
  if (known(id)?.type === "revoked") throw new AgentError("deleted", "that message was deleted");
}

/** The rule that an edit broke; the page's own error where none applies. */
export function whyNotEdited(id: string, error: unknown): unknown {
  if ((error as { code?: unknown } | null)?.code !== "edit_message_error") return error;
  const model = known(id);
  if (!model) return error;
  const { type, caption, t, senderObj } = model;
  const isOwn = senderObj?.isMe ?? id.startsWith("true_");
  if (type === "revoked") return new AgentError("deleted", "that message was deleted");
  if (!isOwn) return error;
  if (type !== "chat" && !caption)
    return new AgentError("noText", "only a text or a caption can be edited");
  if (t !== undefined && EDIT_WINDOW <= now() - t)
    return new AgentError("tooLate", "only a message of the last 15 minutes can be edited");
  return error;
}

function known(id: string): Model | undefined {
  return attempt(() => wpp().whatsapp.MsgStore.get(id) as Model | undefined) ?? undefined;
}
