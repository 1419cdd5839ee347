// The list of conversations: read page by page as one scrolls, and changed by what happens.
/* eslint-disable svelte/prefer-svelte-reactivity -- what is shown is replaced as a whole */
import * as chat from "../../lib/api/chat";
import type { Conversation, ConversationFilter, Instance } from "../../lib/api/chat-types";
import { Failure } from "../../lib/api/failure";
import type { GatewayEvent } from "../../lib/api/types";
import { Pacer } from "../../lib/pacer";
import { RecentEvents } from "./recent-events";

const PAGE = 100;
const PAUSE = 2_500;
/** More changes than this are cheaper read as a page than one by one. */
const MOST_SINGLE = 2;

const CHANGES = [
  "message", "message_sent", "ack", "message_edit", "message_revoked", "chat_updated",
  "contact_updated", "group_update", "state_changed", "ready", "disconnected",
];

export const NO_FILTER: ConversationFilter = {
  search: "", unread: false, archived: false, tag: "", instance_id: "",
};

export class Conversations {
  items = $state.raw<Conversation[]>([]);
  instances = $state.raw<Instance[]>([]);
  /** Whether they were read: not every key may, and the gateway may be away. */
  knowsInstances = $state(false);
  filter = $state.raw<ConversationFilter>(NO_FILTER);
  /** What the items were chosen by: the filter as soon as it is answered. */
  shown = $state.raw<ConversationFilter>(NO_FILTER);
  hasMore = $state(false);
  isLoading = $state(true);
  failure = $state.raw<Failure | undefined>();
  /** The one that is looked at. It is held apart from the list, which may leave it out. */
  chosen = $state.raw<Conversation | undefined>();

  private number = 0;
  private opened = 0;
  private isLoadingMore = false;
  private isPageWanted = false;
  private readonly recent = new RecentEvents();
  private readonly touched = new Set<string>();
  private readonly pacer = new Pacer(() => this.readTouched(), PAUSE);

  close(): void {
    this.pacer.stop();
  }

  async choose(part: Partial<ConversationFilter>): Promise<void> {
    this.filter = { ...this.filter, ...part };
    await this.load();
  }

  async load(): Promise<void> {
    this.number += 1;
    const { number, filter } = this;
    const { count } = this.recent;
    this.isLoading = true;
    try {
      const page = await chat.listConversations(filter, 1, PAGE);
      if (number !== this.number) return;
      this.items = page.data;
      const { chosen } = this;
      if (chosen) this.chosen = page.data.find(({ id }) => id === chosen.id) ?? chosen;
      this.shown = filter;
      this.hasMore = page.data.length < page.total;
      this.failure = undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (number !== this.number) return;
      this.failure = error;
      // What another filter had found would pass for what this one finds.
      if (this.shown !== filter) this.items = [];
      this.shown = filter;
    } finally {
      if (number === this.number) this.isLoading = false;
      this.changeSince(count);
    }
  }

  /** Not every key may list the instances: without the list, events match by chat alone. */
  async loadInstances(): Promise<void> {
    try {
      this.instances = await chat.listInstances();
      this.knowsInstances = true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  /** What can send: where the instances are not known, those of the conversations. */
  senders(): Instance[] {
    if (this.knowsInstances) return this.instances;
    const found = new Map(this.items.map(({ instance: { uuid, status } }) =>
      [uuid, { uuid, session_id: uuid, phone_number: null, connected: status === "connected" }]));
    return [...found.values()];
  }

  /** Polls the newest conversations where no live events come. */
  lookAgain(): void {
    this.isPageWanted = true;
    if (this.chosen) this.touched.add(this.chosen.id);
    this.pacer.push();
  }

  async loadMore(): Promise<void> {
    if (!this.hasMore || this.isLoadingMore || this.isLoading) return;
    this.isLoadingMore = true;
    const { number } = this;
    const { count } = this.recent;
    try {
      // The page that holds the next one: what is known of it already is left out.
      const wanted = Math.floor(this.items.length / PAGE) + 1;
      const page = await chat.listConversations(this.filter, wanted, PAGE);
      if (number !== this.number) return;
      const held = new Set(this.items.map(({ id }) => id));
      const found = page.data.filter(({ id }) => !held.has(id));
      this.items = [...this.items, ...found];
      this.hasMore = 0 < found.length && this.items.length < page.total;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    } finally {
      this.isLoadingMore = false;
      this.changeSince(count);
    }
  }

  find(id: string): Conversation | undefined {
    return this.chosen?.id === id ? this.chosen : this.items.find((each) => each.id === id);
  }

  /** Chooses the one to look at, wherever it stands; what is returned is not there any more. */
  async open(id: string | null): Promise<Conversation | undefined> {
    this.opened += 1;
    const { opened } = this;
    this.chosen = id === null ? undefined : this.find(id);
    if (id === null || this.chosen) return this.chosen;
    const { count } = this.recent;
    const found = await chat.readConversation(id);
    if (opened !== this.opened) return undefined;
    this.chosen = found;
    this.changeSince(count);
    return found;
  }

  sessionOf(conversation: Conversation): string | null {
    const is = (instance: Instance) => instance.uuid === conversation.instance.uuid;
    return this.instances.find(is)?.session_id ?? null;
  }

  handleEvent(event: GatewayEvent): void {
    if (!CHANGES.includes(event.event)) return;
    this.recent.add(event);
    this.change(event);
  }

  /** Puts a conversation where it belongs now. */
  put(one: Conversation): void {
    if (one.id === this.chosen?.id) this.chosen = one;
    const rest = this.items.filter(({ id }) => id !== one.id);
    const wasThere = rest.length < this.items.length;
    if (!this.takes(one, wasThere)) {
      this.items = rest;
      return;
    }
    const at = one.last_message_at ?? "";
    const found = rest.findIndex((each) => (each.last_message_at ?? "") <= at);
    const place = found === -1 ? rest.length : found;
    // Behind the last one that was read there may be others before it.
    if (place === rest.length && this.hasMore) this.items = rest;
    else this.items = [...rest.slice(0, place), one, ...rest.slice(place)];
  }

  patch(id: string, part: Partial<Conversation>): void {
    this.items = this.items.map((each) => (each.id === id ? { ...each, ...part } : each));
    if (this.chosen?.id === id) this.chosen = { ...this.chosen, ...part };
  }

  remove(id: string): void {
    if (this.chosen?.id === id) this.chosen = undefined;
    this.items = this.items.filter((each) => each.id !== id);
  }

  /** A response may miss events that arrived while it was in flight. */
  private changeSince(count: number): void {
    const meanwhile = this.recent.since(count);
    meanwhile?.forEach((event) => this.change(event));
    if (meanwhile) return;
    this.isPageWanted = true;
    this.pacer.push();
  }

  private change({ event, sessionId, data }: GatewayEvent): void {
    const instance = this.instances.find((each) => each.session_id === sessionId);
    if (!instance && this.knowsInstances) void this.loadInstances();
    const named = data["chatId"] ?? data["id"];
    const is = (each: Conversation) =>
      each.chat_id === named && (!instance || each.instance.uuid === instance.uuid);
    const all = this.chosen ? [...this.items, this.chosen] : this.items;
    const known = all.filter(is);
    known.forEach(({ id }) => this.touched.add(id));
    const isOfAll = ["state_changed", "ready", "disconnected"].includes(event);
    if (isOfAll) void this.loadInstances();
    const isOfNew = event.startsWith("message") || event === "chat_updated";
    if (known.length === 0 && (isOfAll || isOfNew)) this.isPageWanted = true;
    if (known.length || this.isPageWanted) this.pacer.push();
  }

  private takes(one: Conversation, wasThere: boolean): boolean {
    const { search, unread, archived, tag, instance_id: instance } = this.filter;
    if (archived !== one.is_archived) return false;
    if (instance && instance !== one.instance.uuid) return false;
    if (tag && !one.tags.some(({ id }) => id === tag)) return false;
    if (unread && one.unread_count === 0 && one.id !== this.chosen?.id) return false;
    // What is searched for is the gateway's to tell.
    return wasThere || search === "";
  }

  private async readTouched(): Promise<void> {
    const ids = [...this.touched];
    const isPageWanted = this.isPageWanted || MOST_SINGLE < ids.length;
    this.touched.clear();
    this.isPageWanted = false;
    if (isPageWanted) {
      const page = await chat.listConversations(this.filter, 1, PAGE);
      page.data.reverse().forEach((one) => this.put(one));
    }
    const isOnPage = (id: string) => isPageWanted && id !== this.chosen?.id;
    for (const id of ids.filter((each) => !isOnPage(each))) {
      try {
        this.put(await chat.readConversation(id));
      } catch (error) {
        if (error instanceof Failure && error.status === 404) this.remove(id);
        else {
          ids.forEach((each) => this.touched.add(each));
          throw error;
        }
      }
    }
  }
}
