// The ways to the business API: contacts, tags, imports.
import { ask, fetchAnswer } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export const BUSINESS = "api/whatsapp-api";
const CONTACTS = `${BUSINESS}/contacts`;
/** A file of the largest size is read and written in that time. */
const IMPORT_DEADLINE = 600_000;

export type Contact = Schemas["BusinessContact"];
export type ContactDraft = Schemas["BusinessContactDraft"];
/** Fields that a business adds have any values. */
export type ContactChange = Omit<Schemas["BusinessContactChange"], "customFields" | "attributes">
  & { customFields?: Record<string, unknown> };
export type ContactWithConversations = Schemas["BusinessContactWithConversations"];
export type Tag = Schemas["BusinessTag"];
export type Entry = Schemas["BusinessTimelineEntry"];
export type ImportPreview = Schemas["BusinessImportPreview"];
export type ImportResult = Schemas["BusinessImport"];
export type RowError = Schemas["BusinessRowError"];
export type Pagination = Schemas["Pagination"];

export interface ContactFilter {
  search: string;
  tag: string;
  optedIn: string;
  page: number;
  limit: number;
}

export const listContacts = (filter: ContactFilter) =>
  ask<{ contacts: Contact[]; pagination: Pagination }>(CONTACTS, { query: { ...filter } });

export const readContact = (id: string) =>
  ask<ContactWithConversations>(`${CONTACTS}/${inPath(id)}`);

export const createContact = (draft: ContactDraft) =>
  ask<Contact>(CONTACTS, { method: "POST", body: draft });

export const changeContact = (id: string, change: ContactChange) =>
  ask<Contact>(`${CONTACTS}/${inPath(id)}`, { method: "PATCH", body: change });

export const deleteContact = (id: string) =>
  ask<unknown>(`${CONTACTS}/${inPath(id)}`, { method: "DELETE" });

export const setOptIn = (id: string, change: Schemas["BusinessOptIn"]) =>
  ask<Contact>(`${CONTACTS}/${inPath(id)}/opt-in`, { method: "POST", body: change });

export const addTags = (id: string, tags: string[]) =>
  ask<Contact>(`${CONTACTS}/${inPath(id)}/tags`, { method: "POST", body: { tags } });

export const removeTag = (id: string, tag: string) =>
  ask<Contact>(`${CONTACTS}/${inPath(id)}/tags/${inPath(tag)}`, { method: "DELETE" });

export const readTimeline = (
  id: string,
  query: { type: string; before?: string | undefined; limit: number },
) => ask<Schemas["BusinessTimeline"]>(`${CONTACTS}/${inPath(id)}/timeline`, { query });

/** The tags that most lists offer to choose from. */
export const listTags = () =>
  ask<Schemas["BusinessTags"]>(`${BUSINESS}/tags`, { query: { limit: 100 } });

/** Which column each field of a contact is in. */
export type Mapping = Record<string, string>;

function importForm(file: File, fields: Record<string, string>): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", file);
  return body;
}

export const previewImport = (file: File, mapping?: Mapping) =>
  ask<ImportPreview>(`${CONTACTS}/import/preview`, {
    method: "POST",
    body: importForm(file, mapping ? { mapping: JSON.stringify(mapping) } : {}),
    deadline: IMPORT_DEADLINE,
  });

export const importContacts = (
  file: File,
  options: { mapping: Mapping; skipsKnown: boolean; isTrial: boolean },
) =>
  ask<ImportResult>(`${CONTACTS}/import`, {
    method: "POST",
    body: importForm(file, {
      mapping: JSON.stringify(options.mapping),
      onDuplicate: options.skipsKnown ? "skip" : "update",
      dryRun: String(options.isTrial),
    }),
    deadline: IMPORT_DEADLINE,
  });

export const readSample = async (): Promise<Blob> =>
  (await fetchAnswer(`${CONTACTS}/import/sample`, { headers: { accept: "text/csv" } })).blob();
