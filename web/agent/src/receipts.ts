// Receipts of own messages by person, and their recipients.
import { moment } from "./convert";
import { type IdLike, idText, isAddress } from "./ids";
import { wpp } from "./page";
import { attempt, introduce, isOwn, person } from "./people";
import type { Ack, Receipt } from "./wire";

interface MembersLike {
  participants?: { getModelsArray(): { id: IdLike }[] };
}

/** The ack of a message. A message to oneself is read once it is sent. */
export function ackIn(chat: string, ack: Ack): Ack {
  return isOwn(chat) && (ack === "sent" || ack === "delivered") ? "read" : ack;
}

/** Adds the members of the group as recipients, if the page has loaded them. */
export function addRecipients(message: { id: string; recipients?: string[] }): void {
  const [fromMe, chat = ""] = idText(message.id).split("_");
  if (fromMe !== "true" || !chat.endsWith("@g.us")) return;
  const group = attempt(() => wpp().whatsapp.GroupMetadataStore.get(chat)) as
    | MembersLike
    | undefined;
  const members = attempt(() => group?.participants?.getModelsArray()) ?? [];
  if (members.length === 0) return;
  const people = members.map(({ id }) => person(id));
  message.recipients = people.filter((each) => isAddress(each) && !isOwn(each));
}

/** The receipts of a message by recipient. */
export async function receipts(id: string): Promise<Receipt[]> {
  const { participants } = await wpp().chat.getMessageACK(id);
  const at = (seconds: number | undefined) => (seconds ? moment(seconds) : null);
  const known = participants.map(({ wid, deliveredAt, readAt, playedAt }) => ({
    participant: person(idText(wid as unknown as IdLike)),
    ack: wordOf(deliveredAt, readAt, playedAt),
    deliveredAt: at(deliveredAt),
    readAt: at(readAt),
    playedAt: at(playedAt),
  }));
  const others = known.filter(
    ({ participant }) => isAddress(participant) && !isOwn(participant),
  );
  for (const { participant } of others) introduce(participant);
  return others;
}

function wordOf(delivered?: number, read?: number, played?: number): Ack {
  if (played) return "played";
  if (read) return "read";
  return delivered ? "delivered" : "sent";
}
