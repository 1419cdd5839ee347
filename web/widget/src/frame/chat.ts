// A visitor's conversation: what was said, what waits to be sent, and what comes. The gateway takes
// a message in once, by the name that it gets here, so that one of unknown fate is sent again.
import type { Strings } from "../strings";
import { Refusal, ask, follow, type Frame } from "./api";
import type { Bubble } from "./bubble";
import { MOST_QUEUED, type VisitStore, type Kept, type Visit, type QueuedMessage } from "./kept";
import type { Answer, Draft, History, Message, Session, Ticket } from "./types";
import type { View } from "./view";

/** Pauses between attempts, in milliseconds. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export class Chat {
  private readonly kept: Kept;
  private session: Session | null = null;
  /** The person who wrote last. */
  private agent: string | null = null;
  /** Of messages that are there, by their ids. */
  private readonly bubbles = new Map<string, Bubble>();
  /** Of messages that wait, by the names that they were given here. */
  private readonly waiting = new Map<string, Bubble>();
  /** Oldest first. */
  private oldest: { id: string; bubble: Bubble } | null = null;
  private newest = 0;
  /** An answer that comes word by word, and what came beside it meanwhile. */
  private answer: Bubble | null = null;
  private held: Message[] = [];
  /** While something is sent. */
  private sending: Promise<void> | null = null;
  /** The ticket that was asked for last, until it is known to be open. */
  private draft = { words: "", id: "" };
  private isOver = false;
  private stream: AbortController | null = null;
  private unread = 0;
  isOpen = false;

  constructor(
    private readonly view: View,
    private readonly strings: Strings,
    private readonly lang: string,
    private readonly store: VisitStore,
    private readonly tell: (message: Record<string, unknown>) => void,
  ) {
    this.kept = store.kept;
    window.addEventListener("online", () => void this.resume());
    window.addEventListener("offline", () => {
      this.stream?.abort();
      this.view.tell(this.strings.offline);
    });
  }

  /** Goes on where the browser left off. */
  async begin(): Promise<void> {
    const { visit, queue } = this.kept;
    if (visit) await this.readHistory(visit);
    queue.forEach((one) => this.put(one));
    if (this.kept.visit) void this.listen(this.kept.visit);
    await this.drain();
  }

  private async resume(): Promise<void> {
    this.view.tell("");
    await this.drain();
  }

  /** Reads the newest messages. What fails now comes with the stream, which begins at zero. */
  private async readHistory(visit: Visit): Promise<void> {
    try {
      const path = `history/${visit.session}`;
      const found = await ask<History>("GET", path, { visitor: visit.token });
      found.messages.forEach((message) => this.receive(message));
      this.view.earlier(found.has_more);
      if (found.messages.length > 0) this.show(found.session);
    } catch (refusal) {
      this.refuse(refusal);
    }
    this.view.toEnd();
  }

  async readEarlier(): Promise<void> {
    const { visit } = this.kept;
    const oldest = this.oldest;
    if (!visit || !oldest) return;
    try {
      const path = `history/${visit.session}?before=${oldest.id}`;
      const found = await ask<History>("GET", path, { visitor: visit.token });
      this.view.earlier(found.has_more);
      found.messages.forEach((message, index) => {
        const bubble = this.view.add(message.role, oldest.bubble);
        this.fill(bubble, message);
        if (index === 0) this.oldest = { id: message.id, bubble };
      });
    } catch (refusal) {
      this.refuse(refusal);
    }
  }

  send(text: string): void {
    const { queue } = this.kept;
    if (this.isOver || queue.length >= MOST_QUEUED) return;
    const one = { id: newName(), text };
    queue.push(one);
    this.store.save();
    this.put(one);
    void this.drain();
  }

  private put(one: QueuedMessage): void {
    // It arrived, though nobody said so.
    if (this.waiting.has(one.id)) return;
    const bubble = this.view.add("user");
    bubble.show({ content: one.text, type: "text", media_url: null, agent: null });
    bubble.say(navigator.onLine ? "" : this.strings.unsent);
    this.waiting.set(one.id, bubble);
  }

  /** Sends what waits, one after the other. */
  private drain(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    const { queue } = this.kept;
    for (let pause = FIRST_PAUSE; queue.length > 0 && !this.isOver;) {
      const [one] = queue;
      if (!one) break;
      try {
        if (!navigator.onLine) throw new Refusal(0);
        await this.post(await this.visit(), one);
        this.drop(one);
        pause = FIRST_PAUSE;
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        if (refusal.isPassing) {
          this.waiting.get(one.id)?.say(this.strings.unsent);
          this.view.tell(navigator.onLine ? this.strings.connecting : this.strings.offline);
          await online(Math.max(pause, refusal.wait));
          pause = Math.min(pause * 2, LONGEST_PAUSE);
        } else if (!this.refuse(refusal)) {
          this.waiting.get(one.id)?.say(this.strings.failed, true);
          this.drop(one);
        }
      }
    }
  }

  private drop(one: QueuedMessage): void {
    const { queue } = this.kept;
    queue.splice(queue.indexOf(one), 1);
    this.store.save();
  }

  /** The visit, which begins with the first message. */
  private async visit(): Promise<Visit> {
    if (this.kept.visit) return this.kept.visit;
    const body = { language: this.lang.slice(0, 20) };
    const begun = await ask<{ session_id: string; visitor_token: string }>(
      "POST", "sessions", { body },
    );
    const visit = { session: begun.session_id, token: begun.visitor_token, seen: 0 };
    this.kept.visit = visit;
    this.store.save();
    void this.listen(visit);
    return visit;
  }

  private async post(visit: Visit, one: QueuedMessage): Promise<void> {
    const fate = { isIn: false };
    const body = { message: one.text, client_message_id: one.id };
    const handle = ({ event, data }: Frame) => {
      const said = JSON.parse(data) as Answer & { delta: string };
      if (event === "start") {
        fate.isIn = true;
        this.view.tell("");
        this.arrived(one.id, said.message_id);
        if ((this.session?.status ?? "bot") === "bot") this.view.typing(true);
      } else if (event === "token") this.grow(said.delta);
      else if (event === "done") this.finish(said);
    };
    try {
      await follow("POST", "stream", { visitor: visit.token, body }, handle);
    } catch (refusal) {
      if (!fate.isIn) throw refusal;
    }
    // What is in is not sent again: its answer comes with the events, whatever became of this.
    this.settle();
    if (!fate.isIn) throw new Refusal(0);
  }

  private arrived(name: string, id: string): void {
    const bubble = this.waiting.get(name);
    bubble?.say("");
    if (bubble) this.bubbles.set(id, bubble);
  }

  private grow(delta: string): void {
    this.view.typing(false);
    this.answer ??= this.view.add("assistant");
    this.answer.write(this.answer.text + delta);
    this.view.toEnd();
  }

  private finish({ message_id: id, response }: Answer): void {
    const bubble = this.answer;
    if (!bubble || response === null || this.bubbles.has(id)) return;
    this.answer = null;
    bubble.show({ content: response, type: "text", media_url: null, agent: null });
    this.bubbles.set(id, bubble);
    this.askFor(bubble, id, null);
    this.view.announce(response);
  }

  /** Ends the streaming of an answer; what came beside it takes its place. */
  private settle(): void {
    this.view.typing(false);
    this.answer?.line.remove();
    this.answer = null;
    this.held.splice(0).forEach((message) => this.receive(message));
  }

  /** Follows the conversation for as long as it is this one. */
  private async listen(visit: Visit): Promise<void> {
    for (let pause = FIRST_PAUSE; visit === this.kept.visit && !this.isOver;) {
      this.stream = new AbortController();
      const options = {
        visitor: visit.token, signal: this.stream.signal,
        headers: { "Last-Event-ID": String(this.newest) },
      };
      try {
        await follow("GET", `events?session_id=${visit.session}`, options, (frame) => {
          if (visit !== this.kept.visit) return;
          pause = FIRST_PAUSE;
          this.view.tell("");
          this.hear(frame);
        });
      } catch (refusal) {
        if (visit !== this.kept.visit) return;
        this.refuse(refusal);
        if (refusal instanceof Refusal) pause = Math.max(pause, refusal.wait);
      }
      if (visit !== this.kept.visit) return;
      await online(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  private hear({ event, data }: Frame): void {
    const said: unknown = JSON.parse(data);
    if (event === "typing") this.view.typing(true);
    else if (event === "message") {
      const message = said as Message;
      const isTold = message.role === "assistant" && this.sending && this.kept.queue.length > 0;
      if (isTold && !this.bubbles.has(message.id)) this.held.push(message);
      else this.receive(message);
      this.newest = Math.max(this.newest, message.number);
    } else this.show(said as Session);
  }

  private show(session: Session): void {
    // Who answered last, where nobody was given the conversation.
    const isAnswered = session.status === "open" && !session.handoff_requested;
    if (isAnswered) session = { ...session, agent: session.agent ?? this.agent };
    this.session = session;
    if (session.status !== "bot") this.view.typing(false);
    this.view.show(this.newest > 0 || this.bubbles.size > 0 ? session : null);
  }

  /** Takes a message in that the gateway has; each once. */
  private receive(message: Message): void {
    const { id, number, role, client_message_id: name } = message;
    const known = this.bubbles.get(id) ?? (name ? this.waiting.get(name) : undefined);
    this.newest = Math.max(this.newest, number);
    if (known) {
      this.bubbles.set(id, known);
      known.say(message.agent ?? "");
      this.count(message);
      return;
    }
    if (role !== "user") this.view.typing(false);
    const bubble = this.view.add(role);
    this.fill(bubble, message);
    if (name) this.waiting.set(name, bubble);
    this.oldest ??= { id, bubble };
    this.count(message);
    if (role !== "user") this.view.announce(message.content);
  }

  private fill(bubble: Bubble, message: Message): void {
    bubble.show(message);
    this.bubbles.set(message.id, bubble);
    this.agent = message.agent ?? this.agent;
    if (message.role === "assistant") this.askFor(bubble, message.id, message.feedback);
  }

  private askFor(bubble: Bubble, id: string, feedback: Message["feedback"]): void {
    bubble.ask(feedback, (thumb) => {
      const type = thumb === "up" ? "thumbs_up" : "thumbs_down";
      void this.act("feedback", { message_id: id, type });
    });
  }

  /** Counts what was not seen, for the button of the page around. */
  private count({ role, number }: Message): void {
    const { visit } = this.kept;
    if (!visit || number <= visit.seen) return;
    if (this.isOpen) {
      visit.seen = number;
      this.store.save();
    } else if (role !== "user") {
      this.unread += 1;
      this.tell({ wagate: "unread", unread: this.unread });
    }
  }

  opened(isOpen: boolean): void {
    this.isOpen = isOpen;
    if (!isOpen) return;
    this.unread = 0;
    const { visit } = this.kept;
    if (visit) visit.seen = Math.max(visit.seen, this.newest);
    this.store.save();
    this.view.focus();
  }

  /** Asks for a person; where nothing was said yet, with words. */
  async person(): Promise<void> {
    if (this.bubbles.size === 0) this.send(this.strings.wantPerson);
    await this.drain();
    const session = await this.act<Session>("handoff", {});
    if (session) this.show(session);
  }

  /** The tickets of this visit; none before it began. */
  async tickets(): Promise<Ticket[]> {
    const { visit } = this.kept;
    if (!visit) return [];
    try {
      const options = { visitor: visit.token };
      return (await ask<{ tickets: Ticket[] }>("GET", "tickets", options)).tickets;
    } catch (refusal) {
      this.refuse(refusal);
      return [];
    }
  }

  /** Opens a ticket; null where that is refused. After a lost answer, it is the same ticket. */
  async open(draft: Draft): Promise<Ticket | null> {
    const words = JSON.stringify(draft);
    if (this.draft.words !== words) this.draft = { words, id: newName() };
    const { subject, description, email } = draft;
    const body = {
      subject, description: description || null, email: email || null,
      client_ticket_id: this.draft.id,
    };
    try {
      const { token } = await this.visit();
      const ticket = await ask<Ticket>("POST", "tickets", { visitor: token, body });
      this.draft = { words: "", id: "" };
      return ticket;
    } catch (refusal) {
      this.refuse(refusal);
      return null;
    }
  }

  async end(): Promise<void> {
    const session = await this.act<Session>("close", {});
    if (session) this.show(session);
  }

  async rate(rating: number): Promise<void> {
    await this.act("feedback", { type: "csat", rating });
  }

  private async act<T>(path: string, body: unknown): Promise<T | null> {
    const { visit } = this.kept;
    if (!visit) return null;
    try {
      return await ask<T>("POST", path, { visitor: visit.token, body });
    } catch (refusal) {
      this.refuse(refusal);
      return null;
    }
  }

  /** Another conversation. What waits to be sent goes there. */
  again(): void {
    this.kept.visit = null;
    this.store.save();
    this.stream?.abort();
    this.bubbles.clear();
    this.waiting.clear();
    this.held = [];
    this.answer = null;
    this.oldest = null;
    this.newest = 0;
    this.session = null;
    this.agent = null;
    this.view.clear();
    this.kept.queue.forEach((one) => this.put(one));
    if (this.isOpen) this.view.focus();
  }

  /** Whether a refusal changed something: the visit is over, or the chat is. */
  private refuse(refusal: unknown): boolean {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (refusal.status === 401) {
      this.again();
      return true;
    }
    if (refusal.status === 403) {
      this.isOver = true;
      this.view.shut();
      return true;
    }
    if (refusal.isPassing && !navigator.onLine) this.view.tell(this.strings.offline);
    else if (refusal.isPassing) this.view.tell(this.strings.connecting);
    return false;
  }
}

/** A UUID (RFC 9562, version 4). `crypto.randomUUID` is there on pages over TLS alone. */
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

/** A pause that ends at once when the browser is online again. */
function online(pause: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, pause);
    window.addEventListener("online", end);
  });
}
