// Texts that are sent often, offered behind a slash: quick replies, and the answers of a bot.
import { findCanned, findQuickReplies, renderQuickReply } from "../../lib/api/inbox";
import type { Offer } from "../chat/offers";

export async function offerCanned(
  typed: string, about: { contactId: string | null; botId: string | null },
): Promise<Offer[]> {
  const { contactId, botId } = about;
  const [replies, canned] = await Promise.all([
    findQuickReplies(`/${typed}`),
    botId === null ? [] : findCanned(botId, typed),
  ]);
  return [
    ...replies.map(({ id, shortcut, content }) => ({
      key: id, label: shortcut, hint: content,
      take: async () => (await renderQuickReply(id, contactId)).text,
    })),
    ...canned.map(({ id, shortcut, title, content }) => ({
      key: id, label: shortcut ?? title, hint: content, take: () => content,
    })),
  ];
}
