// Changes of chats and contacts on the phone or on another device: debounced, one event per change.
import { type ChatLike, type ContactLike, chatOf } from "./convert";
import { idText, isAddress } from "./ids";
import { contactOfModel } from "./contacts";
import { lastOf, nameOf } from "./chats";
import { happened, wpp } from "./page";
import { attempt } from "./people";

/** One change of a chat moves several of its attributes. */
const PAUSE = 250;

const CHAT_CHANGES = [
  "change:archive",
  "change:pin",
  "change:muteExpiration",
  "change:mute.expiration",
  "change:name",
  "add",
];
const CONTACT_CHANGES = ["change:name", "change:shortName", "change:pushname"];

/** Call it once the account is loaded. */
export function watchChanges(): void {
  const { ChatStore, ContactStore } = wpp().whatsapp;
  const tellChat = gathered((chat: ChatLike) => {
    const id = idText(chat.id);
    if (!isAddress(id)) return;
    happened({ type: "chat_updated", chat: chatOf(chat, lastOf(chat), nameOf(chat)) });
  });
  // The page has a separate collection of channels; some versions have none.
  type Store = { on(change: string, tell: (chat: ChatLike) => void): void } | undefined;
  const channels = attempt(() => wpp().whatsapp.NewsletterStore as unknown as Store);
  for (const change of ["change:name", "add"]) {
    channels?.on(change, (chat: ChatLike) => tellChat(idText(chat.id), chat));
  }
  for (const change of CHAT_CHANGES) {
    ChatStore.on(change, (chat: ChatLike) => tellChat(idText(chat.id), chat));
  }
  ChatStore.on("change:unreadCount", (chat: ChatLike, now: number, before: number | undefined) => {
    // An increase comes with a message, which is an event of its own.
    if (now < (before ?? 0)) tellChat(idText(chat.id), chat);
  });
  const tellContact = gathered((model: ContactLike) => {
    const contact = contactOfModel(model);
    if (contact) happened({ type: "contact_updated", contact });
  });
  for (const change of CONTACT_CHANGES) {
    ContactStore.on(change, (model: ContactLike) => tellContact(idText(model.id), model));
  }
}

/** Calls `tell` once per name, a moment after the first change. */
function gathered<T>(tell: (what: T) => void): (name: string, what: T) => void {
  const waiting = new Set<string>();
  return (name, what) => {
    if (waiting.has(name)) return;
    waiting.add(name);
    setTimeout(() => {
      waiting.delete(name);
      tell(what);
    }, PAUSE);
  };
}
