// Own messages that WhatsApp refused: the page keeps each with a negative ack; nobody else has it.
import type { IdLike } from "./convert";
import { idText } from "./convert";
import { wpp } from "./page";
import { attempt } from "./people";

export function isRefused(message: { id: IdLike | string; ack?: number | undefined }): boolean {
  return idText(message.id).startsWith("true_") && (message.ack ?? 0) < 0;
}

/** The same for a message by its id, as the page has it now. */
export function isRefusedNow(id: string): boolean {
  const model = attempt(() => wpp().whatsapp.MsgStore.get(id));
  return model ? isRefused({ id, ack: model.ack }) : false;
}

/** Removes it from the page. True when it is gone: nobody else has to be asked. */
export async function removeRefused(id: string): Promise<boolean> {
  const chat = id.split("_")[1] ?? "";
  const done = await wpp().chat.deleteMessage(chat, id, true, false);
  return [done].flat().every(({ isDeleted }) => isDeleted);
}
