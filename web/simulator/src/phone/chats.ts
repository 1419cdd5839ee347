// Chat list of a phone, newest first, and the form for a new chat.
import type { Chat, Jid } from "./types";
import { button, element, hiddenText, make, showList } from "./dom";
import { digitsOf } from "./people";
import { chosen, onView } from "./refresh";
import type { View } from "./refresh";
import { addressOf, whenOf } from "./words";

const list = element("chats", HTMLElement);
const none = element("no-chats", HTMLElement);
const form = element("start-form", HTMLFormElement);
const number = element("start-number", HTMLInputElement);

/** Sets up the list. `choose` is called with the chosen chat. */
export function startChats(choose: (chat: Jid) => void): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const phone = digitsOf(number.value);
    form.reset();
    choose(addressOf(phone));
  });
  onView((view) => {
    show(view, choose);
  });
}

interface Shown {
  chat: Chat;
  isChosen: boolean;
}

function show({ chats }: View, choose: (chat: Jid) => void): void {
  const shown = chats.map((chat): Shown => ({ chat, isChosen: chat.id === chosen.chat }));
  const keyOf = ({ chat }: Shown): string => `${chosen.person} ${chat.id}`;
  showList(list, shown, keyOf, (item) => draw(item, choose));
  none.hidden = chats.length > 0;
}

function draw({ chat, isChosen }: Shown, choose: (chat: Jid) => void): HTMLElement {
  const open = button("open", "", () => {
    choose(chat.id);
  });
  if (isChosen) open.setAttribute("aria-current", "true");
  const badge = make("span", "badge", String(chat.unread), hiddenText(" unread"));
  badge.hidden = chat.unread === 0;
  const preview = chat.lastMessage?.preview ?? "";
  const author = chat.lastMessage?.fromMe ? "You: " : "";
  open.append(
    make("span", "top", make("span", "name", chat.name), when(chat)),
    make("span", "bottom", make("span", "preview", author + preview), badge),
  );
  return make("li", "", open);
}

function when({ lastActivity }: Chat): HTMLElement {
  const time = make("time", "", whenOf(lastActivity));
  time.dateTime = lastActivity;
  return time;
}
