// What the control API takes and answers, by the phone's names. The types are those of
// docs/openapi-simulator.json: `npm run types` generates schema.d.ts from it.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["SimulatedAccount"];
export type Behaviour = Account["behaviour"];
export type Device = Schemas["SimulatedDevice"];
export type Chat = Schemas["PhoneChat"];
export type Message = Schemas["PhoneMessage"];
export type Details = Schemas["PhoneDetails"];
export type Draft = Pick<
  Schemas["WriteBody"],
  "chat" | "text" | "mediaBase64" | "mime" | "filename"
>;
export type Jid = Chat["id"];
export type MessageId = Message["id"];
