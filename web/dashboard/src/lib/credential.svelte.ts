// Who we are to the gateway: an API key, or the token of a person's sign-in. It lives as long as
// its tab, in session storage; who has this device remembered finds it in local storage. It is in
// no address and no cookie.

const PLACE = "wagate.key";
/** How the names of what a person wrote begin, in either storage: it is gone with the sign-out. */
export const PERSONAL = "wagate.mine.";

let key = $state(sessionStorage.getItem(PLACE) ?? localStorage.getItem(PLACE) ?? "");
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is shown of it
const listeners = new Set<() => void>();
/** Whether the gateway let us in: unknown until it was asked. */
let standing = $state<"unknown" | "in" | "out">("unknown");

export function currentKey(): string {
  return key;
}

export function currentStanding(): "unknown" | "in" | "out" {
  return standing;
}

/** Whether the credential outlives the tab. */
export function isRemembered(): boolean {
  return localStorage.getItem(PLACE) !== null;
}

/** Calls bear this credential from now on; the empty one stands for none. */
export function useKey(chosen: string, isRemembered = false): void {
  key = chosen;
  sessionStorage.removeItem(PLACE);
  localStorage.removeItem(PLACE);
  if (chosen) (isRemembered ? localStorage : sessionStorage).setItem(PLACE, chosen);
}

export function admitted(): void {
  standing = "in";
}

/** The gateway refused a call that bore this key. An old key's says nothing of the present one. */
export function refused(borne: string): void {
  if (borne !== key) return;
  // What is over is not kept: the next visit would begin with a refusal.
  localStorage.removeItem(PLACE);
  standing = "out";
}

export function signOut(): void {
  useKey("");
  for (const storage of [sessionStorage, localStorage]) {
    for (const place of Object.keys(storage)) {
      if (place.startsWith(PERSONAL)) storage.removeItem(place);
    }
  }
  listeners.forEach((listener) => listener());
  standing = "out";
}

/** What the memory of the page has of a person is to be forgotten then. */
export function onSignOut(listener: () => void): void {
  listeners.add(listener);
}

// A sign-out in one tab is one in all tabs that share the credential.
addEventListener("storage", ({ key: place, newValue, oldValue }) => {
  if (place === PLACE && newValue === null && oldValue === key) signOut();
});
