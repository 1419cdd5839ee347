// The ways to broadcasts, templates and quick replies.
import { BUSINESS, type Pagination } from "./business";
import { ask } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export type Broadcast = Schemas["Broadcast"];
export type BroadcastStatus = Broadcast["status"];
export type BroadcastDraft = Omit<Schemas["BroadcastDraft"], "components">
  & { components?: Component[] };
export type BroadcastChange = Omit<Schemas["BroadcastChange"], "components">
  & { components?: Component[] };
export type Preview = Schemas["BroadcastPreview"];
export type Recipient = Schemas["BroadcastRecipient"];
export type RecipientStatus = Recipient["status"];
export type Template = Schemas["Template"];
export type TemplateComponent = Schemas["TemplateComponent"];
export type TemplateButton = Schemas["TemplateButton"];
export type QuickReply = Schemas["QuickReply"];

/** What fills the variables of a part of a template, as Meta's API has it. */
export interface Component {
  type: string;
  sub_type?: string;
  index?: number;
  parameters: Record<string, unknown>[];
}

export interface TemplateDraft {
  name: string;
  language: string;
  category: Template["category"];
  components: TemplateComponent[];
  draft?: boolean;
}

const BROADCASTS = `${BUSINESS}/broadcasts`;
const TEMPLATES = `${BUSINESS}/templates`;
const REPLIES = `${BUSINESS}/quick-replies`;
/** All recipients are looked at for a preview. */
const PREVIEW_DEADLINE = 120_000;

const broadcastPath = (id: string, rest = "") => `${BROADCASTS}/${inPath(id)}${rest}`;

export const listBroadcasts = (query: { page: number; limit: number; status: string }) =>
  ask<{ broadcasts: Broadcast[]; pagination: Pagination }>(BROADCASTS, { query });

export const readBroadcast = (id: string) => ask<Broadcast>(broadcastPath(id));

export const createBroadcast = (draft: BroadcastDraft) =>
  ask<Broadcast>(BROADCASTS, { method: "POST", body: draft });

/** Of one that was not started. */
export const changeBroadcast = (id: string, change: BroadcastChange) =>
  ask<Broadcast>(broadcastPath(id), { method: "PATCH", body: change });

export const previewBroadcast = (draft: Schemas["BroadcastPreviewDraft"]) =>
  ask<Preview>(`${BROADCASTS}/preview`, {
    method: "POST", body: draft, deadline: PREVIEW_DEADLINE,
  });

export const sendBroadcast = (id: string) =>
  ask<Broadcast>(broadcastPath(id, "/send"), { method: "POST" });

export const cancelBroadcast = (id: string) =>
  ask<Broadcast>(broadcastPath(id, "/cancel"), { method: "POST" });

export const listRecipients = (
  id: string,
  query: { page: number; limit: number; status: string },
) =>
  ask<{ recipients: Recipient[]; pagination: Pagination }>(broadcastPath(id, "/recipients"), {
    query,
  });

export const listTemplates = (query: { page: number; limit: number; status?: string }) =>
  ask<{ templates: Template[]; pagination: Pagination }>(TEMPLATES, { query });

export const createTemplate = (draft: TemplateDraft) =>
  ask<Template>(TEMPLATES, { method: "POST", body: draft });

export const changeTemplate = (id: string, draft: TemplateDraft) =>
  ask<Template>(`${TEMPLATES}/${inPath(id)}`, { method: "PATCH", body: draft });

export const deleteTemplate = (id: string) =>
  ask<unknown>(`${TEMPLATES}/${inPath(id)}`, { method: "DELETE" });

/** Takes the whole answer of Meta's API. */
export const importTemplates = (body: unknown) =>
  ask<Schemas["TemplateImportResult"]>(`${TEMPLATES}/import`, { method: "POST", body });

export const listQuickReplies = () =>
  ask<Schemas["QuickReplies"]>(REPLIES).then(({ quickReplies }) => quickReplies);

export const createQuickReply = (draft: { shortcut: string; content: string }) =>
  ask<QuickReply>(REPLIES, { method: "POST", body: draft });

export const changeQuickReply = (id: string, change: { shortcut: string; content: string }) =>
  ask<QuickReply>(`${REPLIES}/${inPath(id)}`, { method: "PATCH", body: change });

export const deleteQuickReply = (id: string) =>
  ask<unknown>(`${REPLIES}/${inPath(id)}`, { method: "DELETE" });
