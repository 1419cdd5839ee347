// The messages of one conversation, as far as they are looked at: a window on the history that
// grows where one reads and lets go at the other end.
/* eslint-disable svelte/prefer-svelte-reactivity -- what is shown is replaced as a whole */
import { tick } from "svelte";
import * as chat from "../../lib/api/chat";
import type { Conversation, Message, MessageStatus } from "../../lib/api/chat-types";
import { Failure } from "../../lib/api/failure";
import type { GatewayEvent } from "../../lib/api/types";
import { settle } from "./outgoing.svelte";
import { firstUnreadOf } from "./rows";
import { Pacer } from "../../lib/pacer";
import { messageOf, RecentEvents } from "./recent-events";

const PAGE = 60;
const LARGEST_PAGE = 200;
/** Messages that are held at most. */
export const MOST = 400;
/** More changes than this are cheaper read as a page than one by one. */
const MOST_SINGLE = 4;

const STATUSES: Record<number, MessageStatus> = {
  [-1]: "failed", 1: "sent", 2: "delivered", 3: "read", 4: "read",
};
const isGroup = (chat: unknown): boolean => String(chat).endsWith("@g.us");
const CHANGES = ["ack", "message_edit", "message_revoked", "reaction", "poll_vote"];
const ORDER: MessageStatus[] = ["failed", "pending", "sent", "delivered", "read"];

export class Thread {
  messages = $state.raw<Message[]>([]);
  /** At which end the last change was: rows above it keep their place, or those below. */
  edge = $state.raw<"start" | "end">("end");
  /** Rises with each new window, which has nothing to do with the one before. */
  generation = $state(0);
  hasOlder = $state(false);
  hasNewer = $state(false);
  isLoading = $state(true);
  isLoadingMore = $state(false);
  failure = $state.raw<Failure | undefined>();
  /** The message that the window was opened at; else it shows the newest. */
  target = $state.raw<number | null>(null);
  firstUnread = $state.raw<number | null>(null);
  /** What came in while nobody looked at the end. */
  newCount = $state(0);
  /** The names under which messages were shown before they were sent. */
  keys = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** The last message that came in while the page was open, for those who listen. */
  announced = $state.raw<Message | null>(null);

  /** Whether the end is in sight, as the list tells. */
  isAtEnd = $state(true);
  /** Called before rows are put above or taken away there; what it returns is called after. */
  onshift: (() => () => void) | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly recent = new RecentEvents();
  private readonly changed = new Set<number>();
  private readonly newer = new Pacer(() => this.catchUp());
  private readonly single = new Pacer(() => this.readChanged());

  constructor(
    readonly conversation: Conversation,
    /** The name of the instance in events; null where nobody tells. */
    readonly session: () => string | null,
  ) {}

  close(): void {
    this.newer.stop();
    this.single.stop();
  }

  /** Shows the newest messages. */
  openNewest(unread = 0): Promise<void> {
    return this.open(null, async () => {
      const page = await chat.listMessages(this.conversation.id, { limit: PAGE });
      this.firstUnread = firstUnreadOf(page.messages, unread);
      return { ...page, hasNewer: false, hasOlder: page.has_more };
    });
  }

  /** Shows a message among its neighbours. */
  openAt(id: number): Promise<void> {
    return this.open(id, async () => {
      const half = { limit: PAGE / 2 };
      const [before, after] = await Promise.all([
        chat.listMessages(this.conversation.id, { before_id: id + 1, ...half }),
        chat.listMessages(this.conversation.id, { after_id: id, ...half }),
      ]);
      const messages = [...before.messages, ...after.messages];
      return { messages, hasOlder: before.has_more, hasNewer: after.has_more };
    });
  }

  holds(id: number): boolean {
    return this.messages.some((message) => message.id === id);
  }

  loadOlder(): Promise<void> {
    return this.more(async () => {
      const first = this.messages[0];
      if (!first) return;
      const window = { before_id: first.id, limit: PAGE };
      const page = await chat.listMessages(this.conversation.id, window);
      this.hasOlder = page.has_more;
      await this.shift([...page.messages, ...this.messages]);
      this.trimEnd();
    });
  }

  loadNewer(): Promise<void> {
    return this.more(() => this.readNewer());
  }

  /** Events were missed: the messages in view are loaded again. */
  refresh(): Promise<void> {
    return this.inTurn(async () => {
      const first = this.messages[0];
      if (!first) return;
      await this.readAgain(first.id);
      if (!this.hasNewer) await this.readNewer();
    });
  }

  /** A message that was just sent, under the name that it was shown by. */
  accept(message: Message, key: string): void {
    this.keys = new Map([...this.keys, [message.uuid, key]]);
    if (this.hasNewer || this.messages.some(({ id }) => id === message.id)) return;
    const last = this.messages.at(-1);
    if (last && message.id < last.id) {
      // It stands between what is there: its place is found by reading.
      void this.refresh();
      return;
    }
    this.edge = "end";
    this.messages = [...this.messages, message];
    this.recent.about(message.whatsapp_id).forEach((event) => this.change(event));
  }

  /** Shows a change before its event comes. */
  patch(uuid: string, part: Partial<Message>): void {
    const is = (message: Message) => message.uuid === uuid;
    this.messages = this.messages.map((each) => (is(each) ? { ...each, ...part } : each));
  }

  handleEvent(incoming: GatewayEvent): void {
    const { event, sessionId, data } = incoming;
    const session = this.session();
    if (session !== null && sessionId !== session) return;
    if (data["chatId"] !== this.conversation.chat_id) return;
    if (event === "message" || event === "message_sent") {
      if (this.messageOf(incoming)) return;
      if (!this.hasNewer) this.newer.push();
      else if (event === "message") this.newCount += 1;
    } else if (CHANGES.includes(event)) {
      this.recent.add(incoming);
      this.change(incoming);
      // A queued message that was not sent stands in the conversation from then on.
      if (event === "ack" && data["ack"] === -1 && !this.messageOf(incoming)) this.newer.push();
    }
  }

  private messageOf(event: GatewayEvent): Message | undefined {
    const name = messageOf(event);
    return this.messages.find((message) => message.whatsapp_id === name);
  }

  /** Applies an event to its message, if that is loaded. Applying it twice changes nothing. */
  private change(incoming: GatewayEvent): void {
    const message = this.messageOf(incoming);
    if (!message) return;
    if (incoming.event === "ack") {
      // One member's receipt is not the message's own ack, which has its own event.
      const isOfOne = Boolean(incoming.data["participant"]) && isGroup(incoming.data["chatId"]);
      if (!isOfOne) this.acknowledge(message, incoming);
    }
    // Others may quote it.
    else this.markChanged((each) => each === message || each.reply_to?.uuid === message.uuid);
  }

  private markChanged(is: (message: Message) => boolean): void {
    this.messages.filter(is).forEach(({ id }) => this.changed.add(id));
    this.single.push();
  }

  private acknowledge(message: Message, { data }: GatewayEvent): void {
    const ack = Number(data["ack"]);
    const status = STATUSES[ack];
    if (!message.is_from_me || !status) return;
    const isLater = ORDER.indexOf(message.status) < ORDER.indexOf(status);
    const isFailed = status === "failed" && message.status === "pending";
    const [error, code] = [data["reason"], data["code"]];
    if (isLater) this.patch(message.uuid, { status });
    if (isFailed) {
      this.patch(message.uuid, {
        status,
        ...(typeof error === "string" && { error }),
        ...(typeof code === "string" && { error_code: code }),
      });
    }
    if (ack === 4) this.patch(message.uuid, { is_played: true });
  }

  private async open(
    target: number | null,
    read: () => Promise<{ messages: Message[]; hasOlder: boolean; hasNewer: boolean }>,
  ): Promise<void> {
    this.isLoading = true;
    await this.inTurn(async () => {
      const { messages, hasOlder, hasNewer } = await read();
      [this.hasOlder, this.hasNewer, this.messages] = [hasOlder, hasNewer, messages];
      this.edge = "end";
      this.target = target;
      this.generation += 1;
      if (!hasNewer) this.newCount = 0;
      settle(messages);
    });
    this.isLoading = false;
  }

  /** All that came since the last message that is held. */
  private async catchUp(): Promise<void> {
    await this.inTurn(async () => {
      if (!this.hasNewer) await this.readNewer();
    });
    if (this.failure) throw this.failure;
  }

  private async readNewer(): Promise<void> {
    const wasAtNewest = !this.hasNewer;
    do {
      const after = this.messages.at(-1)?.id ?? 0;
      const window = { after_id: after, limit: wasAtNewest ? LARGEST_PAGE : PAGE };
      const page = await chat.listMessages(this.conversation.id, window);
      const held = new Set(this.messages.map((message) => message.id));
      const found = page.messages.filter((message) => !held.has(message.id));
      this.hasNewer = page.has_more;
      if (found.length) this.append(found, wasAtNewest);
      await tick();
      if (this.isAtEnd || !wasAtNewest) await this.trimStart();
      else if (MOST < this.messages.length) this.trimEnd();
    } while (wasAtNewest && this.hasNewer && this.isAtEnd);
  }

  private append(found: Message[], isNew: boolean): void {
    const theirs = found.filter((message) => !message.is_from_me);
    if (isNew) {
      if (!this.isAtEnd) this.newCount += theirs.length;
      this.announced = theirs.at(-1) ?? this.announced;
    }
    this.edge = "end";
    this.messages = [...this.messages, ...found].sort((one, other) => one.id - other.id);
    settle(found);
  }

  private async readChanged(): Promise<void> {
    const ids = [...this.changed].sort((one, other) => one - other);
    this.changed.clear();
    const [first] = ids;
    if (first === undefined) return;
    await this.inTurn(async () => {
      if (MOST_SINGLE < ids.length) {
        await this.readAgain(first);
        return;
      }
      for (const id of ids) {
        const window = { after_id: id - 1, limit: 1 };
        const page = await chat.listMessages(this.conversation.id, window);
        this.replace(page.messages);
      }
    });
    if (!this.failure) return;
    ids.forEach((id) => this.changed.add(id));
    throw this.failure;
  }

  /** What is held, from one message on. */
  private async readAgain(from: number): Promise<void> {
    const last = this.messages.at(-1)?.id ?? 0;
    for (let after = from - 1; after < last;) {
      const window = { after_id: after, limit: LARGEST_PAGE };
      const page = await chat.listMessages(this.conversation.id, window);
      this.replace(page.messages);
      const end = page.messages.at(-1)?.id;
      if (end === undefined || !page.has_more) return;
      after = end;
    }
  }

  private replace(fresh: Message[]): void {
    const byId = new Map(fresh.map((message) => [message.id, message]));
    this.messages = this.messages.map((message) => byId.get(message.id) ?? message);
  }

  private trimEnd(): void {
    if (this.messages.length <= MOST) return;
    this.edge = "end";
    this.messages = this.messages.slice(0, MOST);
    this.hasNewer = true;
  }

  private async trimStart(): Promise<void> {
    if (this.messages.length <= MOST) return;
    this.hasOlder = true;
    await this.shift(this.messages.slice(-MOST));
  }

  private async shift(messages: Message[]): Promise<void> {
    const restore = this.onshift?.();
    this.edge = "start";
    this.messages = messages;
    await tick();
    restore?.();
  }

  private async more(work: () => Promise<void>): Promise<void> {
    this.isLoadingMore = true;
    await this.inTurn(work);
    this.isLoadingMore = false;
  }

  /** One after the other: each begins where the last one ended. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(async () => {
      const { count } = this.recent;
      try {
        await work();
        this.failure = undefined;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.failure = error;
      }
      const meanwhile = this.recent.since(count);
      if (meanwhile) meanwhile.forEach((event) => this.change(event));
      else this.markChanged(() => true);
    });
    this.queue = done.catch(() => undefined);
    return done;
  }
}
