// Who got, read and played an own message, and whom it went to.
import { type IdLike, idText, isAddress, moment } from "./convert";
import { wpp } from "./page";
import { attempt, introduce, isOwn, person } from "./people";
import type { AckWord } from "./wire";

interface Receipt {
  participant: string;
  ack: AckWord;
  deliveredAt: string | null;
  readAt: string | null;
  playedAt: string | null;
}

interface MembersLike {
  participants?: { getModelsArray(): { id: IdLike }[] };
}

/** How far a message has come. One to oneself is read as soon as WhatsApp has it. */
export function ackIn(chat: string, ack: AckWord): AckWord {
  return isOwn(chat) && (ack === "sent" || ack === "delivered") ? "read" : ack;
}

/** Notes the members of the group, where the page has learned of them by now. */
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

/** What the page knows of each person whom a message went to. */
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

function wordOf(delivered?: number, read?: number, played?: number): AckWord {
  if (played) return "played";
  if (read) return "read";
  return delivered ? "delivered" : "sent";
}
