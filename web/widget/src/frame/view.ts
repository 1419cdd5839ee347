// The page of the frame: what stands where, and what a person can do with it.
import { onColour } from "../colour";
import type { Strings } from "../strings";
import { Bubble } from "./bubble";
import { button, element } from "./dom";
import { TicketForm } from "./tickets";
import type { Config, Draft, Message, Session, Ticket } from "./types";

export interface Actions {
  send: (text: string) => void;
  person: () => void;
  end: () => void;
  again: () => void;
  close: () => void;
  earlier: () => void;
  rate: (rating: number) => void;
  tickets: () => Promise<Ticket[]>;
  open: (draft: Draft) => Promise<Ticket | null>;
}

const LONGEST = 4_000;
/** How long an answer may be announced without coming. */
const PATIENCE = 60_000;

export class View {
  private readonly list = element("div", { className: "list" });
  private readonly messages = element("ol");
  private readonly input = element("textarea");
  private readonly line = element("p");
  private readonly state = element("p", { className: "state" });
  private readonly announcement = element("div", { className: "heard" });
  private readonly rating = element("div", { className: "rating" });
  private readonly suggestions = element("div", { className: "suggestions" });
  private readonly dots = element("li");
  private readonly form = element("form");
  private readonly older: HTMLButtonElement;
  private readonly person: HTMLButtonElement;
  private readonly end: HTMLButtonElement;
  private readonly again: HTMLButtonElement;
  private readonly ticket: HTMLButtonElement;
  private readonly tickets: TicketForm;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly config: Config,
    private readonly strings: Strings,
    private readonly actions: Actions,
  ) {
    this.older = button(strings.earlier, "plain earlier", actions.earlier);
    this.person = button(strings.person, "plain", actions.person);
    this.end = button(strings.end, "plain", actions.end);
    this.again = button(strings.again, "plain", actions.again);
    this.ticket = button(strings.ticket, "plain", () => this.showTickets(true));
    this.tickets = new TicketForm(strings, actions, {
      done: (words) => {
        this.showTickets(false);
        if (words) this.tell(words);
      },
    });
    this.compose();
    const { color } = config.bot.widget;
    if (color) {
      document.documentElement.style.setProperty("--brand", color);
      document.documentElement.style.setProperty("--on-brand", onColour(color));
    }
    this.clear();
  }

  private compose(): void {
    const { strings, actions, config: { bot } } = this;
    const title = element("h1", { text: bot.widget.title ?? bot.name });
    title.id = "title";
    document.title = title.textContent;
    const head = element("header", { className: "head" });
    if (bot.widget.avatar_url) {
      const picture = element("img");
      picture.src = bot.widget.avatar_url;
      picture.alt = "";
      picture.referrerPolicy = "no-referrer";
      head.append(picture);
    }
    const shut = button("×", "", actions.close, strings.close);
    this.line.role = "status";
    head.append(element("div", {}, title, this.line), shut);

    this.list.role = "log";
    this.list.tabIndex = 0;
    this.list.ariaLabel = strings.messages;
    // What is new is said once, when it is whole.
    this.list.ariaLive = "off";
    this.suggestions.role = "group";
    this.suggestions.ariaLabel = strings.suggestions;
    const three = Array.from({ length: 3 }, () => element("i"));
    const dots = element("div", { className: "words dots" }, ...three);
    dots.role = "img";
    dots.ariaLabel = strings.typing;
    this.dots.append(dots);
    this.list.append(this.older, this.messages, this.suggestions);
    this.state.role = "status";
    this.announcement.role = "status";

    this.input.rows = 1;
    this.input.maxLength = LONGEST;
    this.input.placeholder = strings.write;
    this.input.ariaLabel = strings.write;
    this.input.dir = "auto";
    const send = element("button", { className: "send", text: strings.send });
    send.type = "submit";
    this.form.append(this.input, send);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.fit());

    const foot = element("div", { className: "foot" });
    foot.append(this.person, this.ticket, this.end, this.again);
    const chat = element("div", { className: "chat" });
    chat.role = "dialog";
    chat.setAttribute("aria-labelledby", "title");
    chat.append(head, this.list, this.state, this.rating);
    chat.append(this.form, this.tickets.form, foot, this.announcement);
    chat.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (this.tickets.form.hidden) actions.close();
      else this.showTickets(false);
    });
    document.body.append(chat);
  }

  /** The form of a ticket stands where messages are written. */
  private showTickets(isShown: boolean): void {
    this.form.hidden = isShown;
    this.ticket.hidden = isShown;
    if (isShown) this.tickets.show();
    else {
      this.tickets.form.hidden = true;
      this.ticket.focus();
    }
  }

  private submit(): void {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.fit();
    this.actions.send(text);
  }

  /** As high as its text. */
  private fit(): void {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  focus(): void {
    this.input.focus();
    this.toEnd();
  }

  /** As before anything was said. */
  clear(): void {
    const { bot } = this.config;
    this.messages.replaceChildren();
    this.older.hidden = true;
    this.rating.replaceChildren();
    this.rating.hidden = true;
    const greeting = new Bubble("assistant", this.strings);
    const words = bot.welcome_message ?? this.strings.greeting;
    greeting.show({ content: words, type: "text", media_url: null, agent: null });
    this.messages.append(greeting.line);
    const questions = bot.widget.suggestions;
    const ask = (question: string) => {
      this.input.focus();
      this.actions.send(question);
    };
    this.suggestions.replaceChildren(...questions.map((question) => {
      const made = button(question, "plain", () => ask(question));
      made.dir = "auto";
      return made;
    }));
    this.suggestions.hidden = questions.length === 0;
    this.show(null);
  }

  add(role: Message["role"], before?: Bubble): Bubble {
    const bubble = new Bubble(role, this.strings);
    const wasAtEnd = this.isAtEnd();
    this.suggestions.hidden = true;
    if (before) this.messages.insertBefore(bubble.line, before.line);
    else if (this.dots.isConnected) this.messages.insertBefore(bubble.line, this.dots);
    else this.messages.append(bubble.line);
    if (wasAtEnd || role === "user") this.toEnd();
    return bubble;
  }

  private isAtEnd(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.list;
    return scrollHeight - clientHeight - scrollTop < 80;
  }

  toEnd(): void {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Says a message to those who cannot see it. */
  announce(text: string): void {
    this.announcement.textContent = text;
  }

  typing(isTyping: boolean): void {
    clearTimeout(this.timer);
    if (isTyping) {
      this.messages.append(this.dots);
      this.timer = setTimeout(() => this.typing(false), PATIENCE);
      this.toEnd();
    } else this.dots.remove();
  }

  /** How the connection is. */
  tell(text: string): void {
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  earlier(isThere: boolean): void {
    this.older.hidden = !isThere;
  }

  /** Who answers, and what can be done. */
  show(session: Session | null): void {
    const { strings, config: { bot } } = this;
    const status = session?.status ?? "bot";
    const isWithPeople = status === "open" || status === "assigned";
    const agent = isWithPeople && session?.agent ? strings.with(session.agent) : "";
    const waits = isWithPeople && !agent;
    this.line.textContent = status === "resolved" ? strings.ended : waits ? strings.waiting : agent;
    this.person.hidden = !bot.handoff || status !== "bot";
    this.end.hidden = !session || status === "resolved";
    this.again.hidden = status !== "resolved";
    const isAsked = status === "resolved" && session?.rating === null;
    if (!isAsked) this.rating.hidden = true;
    else if (this.rating.hidden) this.askForRating();
  }

  private askForRating(): void {
    const { strings } = this;
    const stars = [1, 2, 3, 4, 5].map((count) => button(`${count} ★`, "", () => {
      this.actions.rate(count);
      this.rating.replaceChildren(element("p", { text: strings.thanks }));
      this.input.focus();
    }, strings.stars(count)));
    const question = element("p", { text: strings.rate });
    question.id = "rate";
    const group = element("div", { className: "stars" }, ...stars);
    group.role = "group";
    group.setAttribute("aria-labelledby", "rate");
    this.rating.replaceChildren(question, group);
    this.rating.hidden = false;
  }

  /** Nothing can be said any more. */
  shut(): void {
    this.form.hidden = true;
    this.tickets.form.hidden = true;
    this.ticket.hidden = true;
    this.person.hidden = true;
    this.end.hidden = true;
    this.tell(this.strings.gone);
  }
}
