// Addresses within the dashboard: what stands behind `#`. They hold names of things, never a key.

/** The values of a route's parameters, or null where an address is not the route's. */
export type Match = Record<string, string> | null;

/** `#/sessions/my%20bot?tab=log` as its decoded segments and its query. */
export function parseHash(hash: string): { segments: string[]; query: URLSearchParams } {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const segments = path.split("/").filter((segment) => segment !== "").map(decoded);
  return { segments, query: new URLSearchParams(query) };
}

/** Holds segments against a pattern such as `sessions/:id`. */
export function match(pattern: string, segments: string[]): Match {
  const parts = pattern.split("/").filter((part) => part !== "");
  if (parts.length !== segments.length) return null;
  const found: Record<string, string> = {};
  for (const [place, part] of parts.entries()) {
    const segment = segments[place] ?? "";
    if (part.startsWith(":")) found[part.slice(1)] = segment;
    else if (part !== segment) return null;
  }
  return found;
}

/** The address of a pattern filled in: `href("sessions/:id", { id })`. */
export function href(
  pattern: string,
  values: Record<string, string> = {},
  query: Record<string, string> = {},
): string {
  const parts = pattern.split("/").map((part) =>
    part.startsWith(":") ? encodeURIComponent(values[part.slice(1)] ?? "") : part,
  );
  const search = new URLSearchParams(query).toString();
  return `#/${parts.join("/")}${search && `?${search}`}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
