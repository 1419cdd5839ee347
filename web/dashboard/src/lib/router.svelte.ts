// Which page is shown, by the address behind `#`.
import { parseHash } from "./address";

let hash = $state(location.hash);
addEventListener("hashchange", () => (hash = location.hash));

const parsed = $derived(parseHash(hash));

export function currentSegments(): string[] {
  return parsed.segments;
}

export function currentQuery(): URLSearchParams {
  return parsed.query;
}

/** Goes to an address made by `href`. With `replace` the way back skips the present one. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState(null, "", to);
    hash = location.hash;
  } else {
    location.hash = to;
  }
}
