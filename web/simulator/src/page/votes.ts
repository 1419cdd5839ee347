// Votes in polls: the web client's table of votes, and incoming votes.
import { account } from "./account";
import { MsgKey, Wid } from "./ids";
import { defineAll, importNamespace, type Exports } from "./loader";
import { findMessage, type MsgModel } from "./models";
import type { Vote } from "../protocol";

/** By poll and voter. */
const table = new Map<string, Exports>();

/** Applies a vote through the function that page libraries hook. */
export async function vote(poll: string, sender: string, options: string[]): Promise<void> {
  const message = findMessage(poll);
  if (!message) return;
  const rows = [rowOf(message, { sender, options, timestamp: new Date().toISOString() })];
  await importNamespace("WAWebPollsVotesUpsert")["upsertVotesDb"](rows);
}

/** Adds votes of the history, without an event. */
export function keepVotes(message: MsgModel, votes: Vote[]): void {
  keep(votes.map((each) => rowOf(message, each)));
}

function rowOf(message: MsgModel, { sender, options, timestamp }: Vote): Exports {
  const key: MsgKey = message["id"];
  const all = (message["pollOptions"] ?? []) as { name: string; localId: number }[];
  const chosen = all.filter(({ name }) => options.includes(name));
  const by = new Wid(sender);
  return {
    ack: 1,
    msgKey: new MsgKey({ fromMe: account.isMe(by), remote: key.remote, id: `${key.id}V` }),
    parentMsgKey: key,
    selectedOptionLocalIds: chosen.map(({ localId }) => localId),
    sender: by,
    senderTimestampMs: Date.parse(timestamp),
  };
}

function keep(rows: Exports[]): void {
  for (const row of rows) table.set(`${row["parentMsgKey"]} ${row["sender"]}`, row);
}

export function defineVotes(): void {
  defineAll({
    WAWebPollsVotesUpsert: () => ({
      upsertVotesDb: (rows: Exports[]): Promise<void> => {
        keep(rows);
        return Promise.resolve();
      },
    }),
    WAWebPollsVotesSchema: () => ({
      // Page libraries find it by the table's name in its text.
      getTable: () => ({ name: "poll-votes", ...lookUp }),
    }),
    WAWebPollsDbSerialization: () => ({ voteFromDbRow: (row: Exports) => row }),
  });
}

const lookUp = {
  anyOf: (_index: string[], polls: string[]): Promise<Exports[]> => {
    const rows = [...table.values()];
    return Promise.resolve(rows.filter((row) => polls.includes(String(row["parentMsgKey"]))));
  },
};
