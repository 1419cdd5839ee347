// The words of the list of keyboard shortcuts.
import { translated } from "./translated";

export const shortcuts = translated("shortcuts", {
  keys: {
    control: "Ctrl", shift: "Shift", enter: "Enter", escape: "Esc", home: "Home", end: "End",
  },
  or: "or",
  everywhere: "Everywhere",
  list: "In the list of conversations",
  writing: "While you write",
  forms: "In a dialog",
  help: "Show the keyboard shortcuts",
  search: "Search conversations",
  close: "Close a dialog or a menu",
  move: "Move through the list",
  ends: "Go to the first or the last",
  open: "Open the conversation",
  send: "Send the message",
  line: "Start a new line",
  last: "Edit your last message, while the field is empty",
  reply: "Insert a quick reply, at the beginning of the message",
  mention: "Mention a member of the group",
  paste: "Attach a picture from the clipboard",
  leave: "Cancel a reply or an edit, then return to the list",
  submit: "Submit a text of several lines",
});
