// What the inbox takes and answers, by the dashboard's names.
import type { Schemas } from "./types";

/** A conversation on WhatsApp or by SMS. */
export type Chat = Schemas["BusinessChat"];
export type ChatMessage = Schemas["BusinessMessage"];
/** A conversation of a bot, the chat of its website among them. */
export type BotChat = Schemas["WorkspaceChatSession"];
export type BotMessage = Schemas["WorkspaceChatMessage"];
export type Bot = Pick<Schemas["WorkspaceBot"], "id" | "name" | "status">;
export type View = Schemas["WorkspaceInboxView"];
export type ViewDraft = Schemas["WorkspaceInboxViewDraft"];
export type Note = Schemas["WorkspaceNote"];
export type Contact = Schemas["BusinessContact"];
export type TimelineEntry = Schemas["BusinessTimelineEntry"];
export type QuickReply = Schemas["QuickReply"];
export type CannedResponse = Schemas["WorkspaceCannedResponse"];
