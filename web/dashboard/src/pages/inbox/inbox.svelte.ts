// The list of the inbox: read page by page, and changed by what happens and by one's own work.
/* eslint-disable svelte/prefer-svelte-reactivity -- what is shown is replaced as a whole */
import { Failure } from "../../lib/api/failure";
import * as api from "../../lib/api/inbox";
import type { GatewayEvent } from "../../lib/api/types";
import { Pacer } from "../../lib/pacer";
import {
  botChatsQuery, chatsQuery, type Entry, entryOfBotChat, entryOfChat, type Filter, NO_FILTER,
} from "./entries";

const PAGE = 50;
/** Events that come together lead to one reading. */
const PAUSE = 2_500;
const CHANGES = [
  "message", "message_sent", "ack", "message_revoked", "chat_updated", "conversation.changed",
  "conversation.message",
];

export class Inbox {
  items = $state.raw<Entry[]>([]);
  total = $state(0);
  filter = $state.raw<Filter>(NO_FILTER);
  /** What the items were chosen by: the filter as soon as it is answered. */
  shown = $state.raw<Filter>(NO_FILTER);
  isLoading = $state(true);
  failure = $state.raw<Failure | undefined>();
  /** The one that is looked at. It is held apart from the list, which may leave it out. */
  chosen = $state.raw<Entry | undefined>();

  private number = 0;
  private opened = 0;
  private pages = 1;
  private readonly pacer = new Pacer(() => this.look(), PAUSE);

  close(): void {
    this.pacer.stop();
  }

  async choose(part: Partial<Filter>): Promise<void> {
    this.filter = { ...this.filter, ...part };
    this.pages = 1;
    await this.load();
  }

  async loadMore(): Promise<void> {
    this.pages += 1;
    await this.load();
  }

  get hasMore(): boolean {
    return this.items.length < this.total;
  }

  /** Reads as much as is shown. What is there stays until the answer comes. */
  async load(): Promise<void> {
    this.number += 1;
    const { number, filter } = this;
    this.isLoading = true;
    try {
      const read = await Promise.all(
        Array.from({ length: this.pages }, (_, place) => readPage(filter, place + 1)),
      );
      if (number !== this.number) return;
      const found = new Map(read.flatMap(({ entries }) => entries).map((each) => [each.id, each]));
      this.items = [...found.values()];
      this.total = read[0]?.total ?? 0;
      const again = this.chosen && found.get(this.chosen.id);
      if (again) this.chosen = again;
      [this.shown, this.failure] = [filter, undefined];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (number !== this.number) return;
      // What another filter had found would pass for what this one finds.
      if (this.shown !== filter) [this.items, this.total] = [[], 0];
      [this.shown, this.failure] = [filter, error];
    } finally {
      if (number === this.number) this.isLoading = false;
    }
  }

  /** Reads everything again: the list, and the one that is looked at. */
  async look(): Promise<void> {
    const { chosen } = this;
    await this.load();
    if (chosen && !this.items.some(({ id }) => id === chosen.id)) await this.reread(chosen.id);
  }

  /** Chooses the one to look at, wherever it stands. What it gives back is not there. */
  async open(id: string | null): Promise<Entry | undefined> {
    this.opened += 1;
    const { opened } = this;
    this.chosen = id === null ? undefined : this.items.find((each) => each.id === id);
    if (id === null || this.chosen) return this.chosen;
    const found = await readEntry(id);
    if (opened !== this.opened) return undefined;
    this.chosen = found;
    return found;
  }

  put(entry: Entry): void {
    if (this.chosen?.id === entry.id) this.chosen = entry;
    this.items = this.items.map((each) => (each.id === entry.id ? entry : each));
  }

  patch(id: string, part: Partial<Entry>): void {
    if (this.chosen?.id === id) this.chosen = { ...this.chosen, ...part };
    this.items = this.items.map((each) => (each.id === id ? { ...each, ...part } : each));
  }

  handleEvent({ event }: GatewayEvent): void {
    if (CHANGES.includes(event)) this.pacer.push();
  }

  private async reread(id: string): Promise<void> {
    try {
      this.put(await readEntry(id));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.status === 404 && this.chosen?.id === id) this.chosen = undefined;
    }
  }
}

async function readPage(filter: Filter, page: number) {
  const place = { page };
  if (!filter.bot) {
    const query = { ...chatsQuery(filter), ...place, limit: PAGE };
    const { chats, total } = await api.listChats(query);
    return { entries: chats.map(entryOfChat), total };
  }
  const query = { ...botChatsQuery(filter), ...place, per_page: PAGE };
  const { chats, total } = await api.listBotChats(filter.bot, query);
  return { entries: chats.map(entryOfBotChat), total };
}

/** A conversation on WhatsApp or by SMS, or else the chat of a website. */
async function readEntry(id: string): Promise<Entry> {
  try {
    return entryOfChat((await api.readChat(id, { limit: 1 })).chat);
  } catch (error) {
    if (!(error instanceof Failure) || error.status !== 404) throw error;
    return entryOfBotChat((await api.readBotChat(id, { limit: 1 })).session);
  }
}

/** What one's work on a conversation comes to. */
export const work = {
  assign: async (entry: Entry, person: string | null): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.assignBotChat(entry.id, person))
      : entryOfChat(await api.assignChat(entry.id, person)),
  resolve: async (entry: Entry, asksForRating?: boolean): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.setBotChatStatus(entry.id, "resolved"))
      : entryOfChat(await api.resolveChat(entry.id, asksForRating)),
  reopen: async (entry: Entry): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.setBotChatStatus(entry.id, "open"))
      : entryOfChat(await api.reopenChat(entry.id)),
  /** The bot answers from now on. */
  giveBack: async (entry: Entry): Promise<Entry> => {
    const changed = entryOfBotChat(await api.setBotChatStatus(entry.id, "bot"));
    return { ...entry, status: changed.status, assignee: changed.assignee };
  },
  star: async (entry: Entry, isStarred: boolean): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.starBotChat(entry.id, isStarred))
      : entryOfChat(await api.changeChat(entry.id, { starred: isStarred })),
  setRead: async (entry: Entry, isRead: boolean): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.setBotChatRead(entry.id, isRead))
      : entryOfChat(await api.changeChat(entry.id, { read: isRead })),
  /** Null brings it back at once. */
  snooze: async (entry: Entry, until: string | null): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.snoozeBotChat(entry.id, until))
      : entryOfChat(await api.changeChat(entry.id, { snoozedUntil: until })),
  tag: async (entry: Entry, tags: string[]): Promise<Entry> =>
    entry.isWeb
      ? entryOfBotChat(await api.setBotChatTags(entry.id, tags))
      : entryOfChat(await api.changeChat(entry.id, { tags })),
};
