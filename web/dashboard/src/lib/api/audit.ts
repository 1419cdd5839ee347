// The way to the audit log.
import { call, type Query } from "./client";
import type { Schemas } from "./types";

export type AuditEntry = Schemas["AuditEntry"];

/** A page of the log, newest first, and how many entries there are on all. */
export interface AuditPage {
  entries: AuditEntry[];
  pagination: { page: number; limit: number; total: number; totalPages: number };
}

export const listAudit = (query: Query) => call<AuditPage>("api/v1/audit", { query });
