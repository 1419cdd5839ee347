// Entry point of the phone page: act as a person of the simulated network.
import { onNewKey } from "./access";
import { startChats } from "./chats";
import { focusComposer } from "./composer";
import { openChat, startConversation } from "./conversation";
import { element } from "./dom";
import { startLinking } from "./linking";
import { startPeople } from "./people";
import { expectOtherSessions, holdWhilePressed, keepFresh, refresh } from "./refresh";

/** The visible part on a narrow screen. */
type Part = "chats" | "chat" | "phone";

const toChats = element("view-chats", HTMLButtonElement);
const toPhone = element("view-phone", HTMLButtonElement);
const chatName = element("chat-name", HTMLElement);
const hasMouse = window.matchMedia("(pointer: fine)");

function showPart(part: Part): void {
  document.body.dataset["part"] = part;
  toChats.ariaPressed = String(part !== "phone");
  toPhone.ariaPressed = String(part === "phone");
}

toChats.addEventListener("click", () => {
  showPart("chats");
});
toPhone.addEventListener("click", () => {
  showPart("phone");
});
element("back", HTMLButtonElement).addEventListener("click", () => {
  showPart("chats");
  toChats.focus();
});

onNewKey(() => {
  expectOtherSessions();
  void refresh();
});
startPeople(() => {
  openChat("");
  if (document.body.dataset["part"] === "chat") showPart("chats");
});
startLinking();
startConversation();
startChats((chat) => {
  openChat(chat);
  showPart("chat");
  // On a touch screen the keyboard would cover the messages.
  if (hasMouse.matches) focusComposer();
  else chatName.focus();
});
showPart("chats");
holdWhilePressed();
keepFresh();
