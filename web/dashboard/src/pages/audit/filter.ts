// Which entries of the audit log are shown, as the address says it.
import type { Query } from "../../lib/api/client";

export interface Filter {
  /** The UUID of a person or of a key. */
  actor: string;
  action: string;
  /** Days of the place where the page is read. */
  from: string;
  to: string;
  page: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function filterOf(query: URLSearchParams): Filter {
  const get = (name: string): string => query.get(name) ?? "";
  const day = (name: string): string => (startOf(get(name)) ? get(name) : "");
  const page = Math.trunc(Number(get("page")));
  return {
    actor: get("actor"), action: get("action"), from: day("from"), to: day("to"),
    page: 1 < page ? String(page) : "",
  };
}

/** The last day counts with all its hours. */
export function queryOf({ actor, action, from, to, page }: Filter): Query {
  return {
    actor, action, page: page || 1,
    from: startOf(from)?.toISOString(), to: startOf(to, 1)?.toISOString(),
  };
}

/** When a day begins, or one some days later. */
function startOf(day: string, later = 0): Date | undefined {
  if (!DAY.test(day)) return undefined;
  const start = new Date(`${day}T00:00:00`);
  start.setDate(start.getDate() + later);
  return Number.isNaN(start.getTime()) ? undefined : start;
}
