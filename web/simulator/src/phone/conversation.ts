// Conversation: the messages of the open chat, and actions on them.
import type { Jid, Message, MessageId } from "./types";
import { startEditing, startComposer, turnTo } from "./composer";
import * as control from "./control";
import { element, make, showList } from "./dom";
import { drawMessage } from "./message";
import type { MessageActions, ShownMessage } from "./message";
import { announce } from "./notice";
import { attempt, chooseChat, chosen, onView, refresh } from "./refresh";
import type { View } from "./refresh";
import { addressOf, dayOf, gistOf, isOwn, nameOf, userOf } from "./words";

/** Distance from the end within which the list follows new messages, in pixels. */
const NEAR_END = 80;

const heading = element("chat-name", HTMLElement);
const address = element("chat-address", HTMLElement);
const markRead = element("mark-read", HTMLButtonElement);
const list = element("messages", HTMLElement);
const scroller = element("scroller", HTMLElement);
const empty = element("no-messages", HTMLElement);
const panel = element("conversation", HTMLElement);
/** The message whose actions are shown. */
let openMessage = "";
/** The chat on the screen, and its newest message. */
let shownChat = "";
let newest = "";
let lastView: View | undefined;
/** Whether the list is scrolled to its end. */
let isAtEnd = true;

type Row = { day: string } | ShownMessage;

const actions: MessageActions = {
  toggle(id) {
    openMessage = openMessage === id ? "" : id;
    void refresh().then(() => {
      list.querySelector(".tools")?.scrollIntoView({ block: "nearest" });
    });
  },
  react(id, emoji) {
    openMessage = "";
    void attempt(() => control.react(chosen.person, id, emoji));
  },
  edit(message) {
    openMessage = "";
    startEditing(message);
    void refresh();
  },
  remove(id: MessageId) {
    openMessage = "";
    void attempt(() => control.remove(chosen.person, id), "The message is deleted.");
  },
};

export function startConversation(): void {
  startComposer();
  onView(show);
  markRead.addEventListener("click", () => {
    if (markRead.ariaDisabled === "true") return;
    void attempt(() => control.read(chosen.person, chosen.chat), "Marked as read.");
  });
  scroller.addEventListener("scroll", () => {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  });
  // A panel that opens below shrinks the list: the newest message stays visible.
  new ResizeObserver(() => {
    if (isAtEnd) goToEnd();
  }).observe(scroller);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && openMessage) actions.toggle(openMessage);
  });
}

/** Opens a chat of the chosen person; empty for none. */
export function openChat(chat: Jid): void {
  chooseChat(chat);
  openMessage = "";
  turnTo(chat);
  // Clears the former chat until the messages of this one are loaded.
  if (lastView) show({ ...lastView, messages: [] });
  shownChat = "";
  void refresh();
}

function show(view: View): void {
  const { person, chat } = chosen;
  lastView = view;
  const known = view.chats.find(({ id }) => id === chat);
  panel.classList.toggle("blank", !chat);
  heading.textContent = chat ? (known?.name ?? nameOf(chat, view.accounts)) : "No chat chosen";
  address.textContent = chat ? userOf(chat) : "";
  markRead.ariaDisabled = String(!known?.unread);
  empty.hidden = view.messages.length > 0;
  empty.textContent = chat
    ? "No messages yet. Write the first one."
    : "Choose a chat, or begin one with a telephone number.";
  const isOther = shownChat !== `${person} ${chat}`;
  showList(list, rowsOf(view), keyOf, draw);
  const last = view.messages.at(-1);
  const isNew = (last?.id ?? "") !== newest;
  if (isOther || (isNew && (isAtEnd || (last && isOwn(last))))) {
    goToEnd();
  }
  if (last && isNew && !isOther) announce(`${spokenAuthor(last, view)}: ${gistOf(last)}`);
  newest = last?.id ?? "";
  shownChat = `${person} ${chat}`;
}

function goToEnd(): void {
  isAtEnd = true;
  scroller.scrollTop = scroller.scrollHeight;
}

function spokenAuthor(message: Message, view: View): string {
  return isOwn(message) ? "You" : (message.pushName ?? nameOf(message.author, view.accounts));
}

function rowsOf(view: View): Row[] {
  const isGroup = chosen.chat.endsWith("@g.us");
  const me = addressOf(chosen.person);
  const rows: Row[] = [];
  let day = "";
  for (const message of view.messages) {
    const its = dayOf(message.timestamp);
    if (its !== day) rows.push({ day: its });
    day = its;
    const quoted = view.messages.find(({ id }) => id === message.quoted);
    const reactions = message.reactions;
    rows.push({
      message,
      author: isGroup && !isOwn(message) ? spokenAuthor(message, view) : "",
      quoted: message.quoted ? (quoted ? gistOf(quoted) : "An earlier message") : "",
      reactions: reactions.map(({ sender, emoji }) => {
        return { emoji, name: sender === me ? "You" : nameOf(sender, view.accounts) };
      }),
      ownReaction: reactions.find(({ sender }) => sender === me)?.emoji ?? "",
      isOpen: message.id === openMessage,
    });
  }
  return rows;
}

function keyOf(row: Row): string {
  return "day" in row ? row.day : row.message.id;
}

function draw(row: Row): HTMLElement {
  return "day" in row ? make("li", "day", row.day) : drawMessage(row, actions);
}
