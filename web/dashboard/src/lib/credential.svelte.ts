// Who we are to the gateway. A key lives as long as its tab, in session storage: it is in no
// address, no cookie and no other tab.

const PLACE = "wagate.key";

let key = $state(sessionStorage.getItem(PLACE) ?? "");
/** Whether the gateway let us in: unknown until it was asked. */
let standing = $state<"unknown" | "in" | "out">("unknown");

export function currentKey(): string {
  return key;
}

export function currentStanding(): "unknown" | "in" | "out" {
  return standing;
}

/** Calls bear this key from now on; the empty one stands for none. */
export function useKey(chosen: string): void {
  key = chosen;
  if (chosen) sessionStorage.setItem(PLACE, chosen);
  else sessionStorage.removeItem(PLACE);
}

export function admitted(): void {
  standing = "in";
}

/** The gateway refused a call that bore this key. An old key's says nothing of the present one. */
export function refused(borne: string): void {
  if (borne === key) standing = "out";
}

export function signOut(): void {
  useKey("");
  standing = "out";
}
