// Votes in polls: incoming ones, and those that the page has stored.
import { type MessageLike, moment } from "./convert";
import { idText, isAddress } from "./ids";
import { wpp } from "./page";
import { person } from "./people";
import type { Message, Vote } from "./wire";

const MOST_OPTIONS = 100;

/** wa-js reports options by position, with gaps for those that were not chosen. */
export function chosenIn(selectedOptions: unknown): string[] {
  if (!Array.isArray(selectedOptions)) return [];
  const given = selectedOptions as ({ name?: unknown } | undefined)[];
  const names = given.flatMap((option) => (typeof option?.name === "string" ? option.name : []));
  return names.slice(0, MOST_OPTIONS);
}

/** Adds everybody's last vote to a poll, where the page has stored the votes. */
export async function addVotes(model: MessageLike, message: Message): Promise<void> {
  const poll = message.details?.poll;
  if (!poll) return;
  try {
    const { votes } = await wpp().chat.getVotes(idText(model.id));
    const last = new Map<string, { vote: Vote; at: number }>();
    for (const { sender, selectedOptions, timestamp: at } of votes) {
      const by = person(sender);
      if (!isAddress(by) || at < (last.get(by)?.at ?? 0)) continue;
      const options = chosenIn(selectedOptions);
      last.set(by, { vote: { sender: by, options, timestamp: moment(at / 1_000) }, at });
    }
    poll.votes = [...last.values()].map(({ vote }) => vote).filter((vote) => vote.options[0]);
  } catch {
    // Without the table the votes are unknown.
  }
}
