// One message of a conversation, and its actions.
import type { Message, MessageId } from "./types";
import { detailsOf } from "./details";
import { button, hiddenText, make } from "./dom";
import { clockOf, gistOf, isOwn, kindOf, sizeOf } from "./words";

const EMOJIS: readonly (readonly [emoji: string, name: string])[] = [
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["😂", "laughter"],
  ["😮", "surprise"],
  ["😢", "sadness"],
  ["🙏", "thanks"],
];

/** A message with everything that it is drawn from. */
export interface ShownMessage {
  message: Message;
  /** The author, where the chat has more than one. */
  author: string;
  quoted: string;
  /** Reactions with the names of their senders. */
  reactions: { emoji: string; name: string }[];
  ownReaction: string;
  isOpen: boolean;
}

export interface MessageActions {
  toggle(id: MessageId): void;
  react(id: MessageId, emoji: string): void;
  edit(message: Message): void;
  remove(id: MessageId): void;
}

export function drawMessage(shown: ShownMessage, actions: MessageActions): HTMLElement {
  const { message } = shown;
  if (message.kind === "groupNotice") return make("li", "day", gistOf(message));
  const bubble = make("div", "bubble");
  if (shown.author) bubble.append(make("p", "author", shown.author));
  if (shown.quoted) bubble.append(make("blockquote", "", shown.quoted));
  bubble.append(...contentOf(message), footOf(shown, actions));
  if (shown.isOpen) bubble.append(toolsOf(shown, actions));
  const item = make("li", isOwn(message) ? "message own" : "message", bubble);
  if (shown.reactions.length > 0) item.append(reactionsOf(shown));
  return item;
}

function contentOf(message: Message): HTMLElement[] {
  if (message.kind === "revoked") return [make("p", "gone", "This message was deleted.")];
  const content: HTMLElement[] = [];
  if (message.media) {
    const { filename, size } = message.media;
    const name = filename ?? kindOf(message);
    content.push(make("p", "file", make("span", "", name), make("small", "", sizeOf(size))));
  } else if (message.kind !== "text") {
    content.push(make("p", "file", kindOf(message)));
  }
  if (message.body) content.push(make("p", "body", message.body));
  content.push(...detailsOf(message.details));
  return content;
}

function footOf({ message, isOpen }: ShownMessage, actions: MessageActions): HTMLElement {
  const time = make("time", "", clockOf(message.timestamp));
  time.dateTime = message.timestamp;
  const foot = make("div", "foot", time);
  if (message.edited) foot.append(make("span", "", "edited"));
  if (isOwn(message)) foot.append(make("span", `ack ${message.ack}`, message.ack));
  if (message.kind === "revoked") return foot;
  const more = button("more", "", () => {
    actions.toggle(message.id);
  });
  more.append(hiddenText(`Actions for: ${gistOf(message).slice(0, 60)}`));
  more.setAttribute("aria-expanded", String(isOpen));
  foot.append(more);
  return foot;
}

function toolsOf(shown: ShownMessage, actions: MessageActions): HTMLElement {
  const { message, ownReaction } = shown;
  const tools = make("div", "tools");
  tools.role = "group";
  tools.ariaLabel = "Actions";
  for (const [emoji, name] of EMOJIS) {
    const isOwnNow = emoji === ownReaction;
    const react = button(`react ${name}`, emoji, () => {
      actions.react(message.id, isOwnNow ? "" : emoji);
    });
    react.ariaLabel = `React with ${name}`;
    react.title = name;
    react.ariaPressed = String(isOwnNow);
    tools.append(react);
  }
  if (!isOwn(message)) return tools;
  if (message.kind === "text") {
    tools.append(button("edit", "Edit", () => {
      actions.edit(message);
    }));
  }
  tools.append(button("delete", "Delete for everyone", () => {
    actions.remove(message.id);
  }));
  return tools;
}

function reactionsOf({ reactions }: ShownMessage): HTMLElement {
  const list = make("ul", "reactions");
  list.role = "list";
  list.ariaLabel = "Reactions";
  for (const { emoji, name } of reactions) {
    list.append(make("li", "", `${emoji} `, make("span", "", name)));
  }
  return list;
}
