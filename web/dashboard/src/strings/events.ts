// The words of the event log.
import { count, number } from "./language";
import { translated } from "./translated";

export const events = translated("events", {
  lead: "Everything that happens in the sessions, live and from the log.",
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
      ? "Paused. No new events."
      : `Paused. ${count(value, "new event", "new events")}.`,
  past: "You are viewing an earlier part of the log.",
  toPresent: "Back to live",
  newer: "Load newer",
  older: "Load older",
  toNewest: "To the newest",
  jump: "Number",
  jumpAction: "Jump",
  jumpFault: "Enter a number, 1 or more.",
  notThere: (seq: number) =>
    `Number ${number.format(seq)} is not in the log, or the filters hide it.`,
  start: "The log begins here.",
  reset: (seq: number) =>
    `Events before number ${number.format(seq)} were removed when their retention ended.`,
  nothing: "No events match",
  nothingText: "New events that match appear here. Load older ones to search further.",
  empty: "No events yet",
  emptyText: "Link a session: its QR code, its status and every message appear here live.",
  newEvents: (value: number) => count(value, "new event", "new events"),
  detail: (seq: number) => `Event ${number.format(seq)}`,
  choose: "Choose an event to see its details.",
  copyJson: "Copy as JSON",
  onlyChat: "Only this chat",
  onlyName: "Only this event",
  terminal: "From a terminal",
  terminalLead:
    "These commands follow the same stream. The chat and text filters work only on this page.",
  terminalKey: "Set WAGATE_KEY to your API key first: the key itself is never written here.",
  terminalSocket: "A WebSocket follows one session: choose a session above to see its command.",
  fields: (value: number) => count(value, "field", "fields"),
  items: (value: number) => count(value, "item", "items"),
});
