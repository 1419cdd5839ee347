// What the gateway answers to a widget. The types are those of docs/openapi.json: `npm run types`
// generates schema.d.ts from it.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Config = Schemas["WidgetConfig"];
export type Session = Schemas["WidgetSession"];
export type Message = Schemas["WidgetMessage"];
export type History = Schemas["WidgetHistory"];
export type Ticket = Schemas["WidgetTicket"];
/** What a visitor fills in. */
export type Draft = Record<"subject" | "description" | "email", string>;
export type Answer = Schemas["WorkspaceChatAnswer"];
