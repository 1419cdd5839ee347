// The words of the event log.
import { count, number } from "./language";

export const events = {
  lead: "What happens in the sessions, as it is written to the log.",
  list: "Events, newest first",
  filters: "Filters",
  session: "Session",
  allSessions: "All sessions",
  name: "Event",
  allNames: "All events",
  chat: "Chat",
  chatHint: "A part of its id",
  text: "Text",
  textHint: "Anything in the event",
  clear: "Clear the filters",
  shown: (value: number) => `${count(value, "event", "events")} shown`,
  pause: "Pause",
  resume: "Resume",
  paused: (value: number) =>
    value === 0
      ? "Paused. Nothing came since."
      : `Paused. ${count(value, "came", "came")} since.`,
  past: "You are looking at an earlier part of the log.",
  toPresent: "Back to the present",
  newer: "Load newer",
  older: "Load older",
  toNewest: "To the newest",
  jump: "Number",
  jumpAction: "Jump",
  jumpFault: "Give a number from 1 on.",
  notThere: (seq: number) =>
    `Number ${number.format(seq)} is not in the log, or is filtered away.`,
  start: "The log begins here.",
  reset: (seq: number) =>
    `What was before number ${number.format(seq)} is past its retention, and gone.`,
  nothing: "No event here matches",
  nothingText: "What comes is shown as soon as it matches. Older ones may, too.",
  empty: "Nothing has happened yet",
  emptyText: "Link a session: its code, its state and every message appear here at once.",
  heard: (value: number) => count(value, "new event", "new events"),
  detail: (seq: number) => `Event ${number.format(seq)}`,
  choose: "Choose an event to see all of it.",
  copyJson: "Copy as JSON",
  onlyChat: "Only this chat",
  onlyName: "Only this event",
  terminal: "From a terminal",
  terminalLead:
    "These lines follow the same stream. The filters for chat and text are this page's own.",
  terminalKey: "Set WAGATE_KEY to your API key first: the key itself is never written here.",
  terminalSocket: "A WebSocket follows one session: choose one in the filters to get its line.",
  fields: (value: number) => count(value, "field", "fields"),
  items: (value: number) => count(value, "item", "items"),
} as const;
