// Reads something again and again while somebody looks.
import { untrack } from "svelte";

/**
 * Calls at once and then with this pause after each call's end, while the tab is seen.
 *
 * An effect that starts it depends on nothing that the work reads: what the work writes would
 * restart the effect, and each answer would lead to the next request at once.
 */
export function repeatedly(work: () => Promise<unknown>, milliseconds: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isBusy = false;
  const stopped = new AbortController();

  const turn = async () => {
    clearTimeout(timer);
    if (isBusy || stopped.signal.aborted) return;
    isBusy = true;
    try {
      if (document.visibilityState === "visible") await untrack(work);
    } finally {
      isBusy = false;
    }
    timer = setTimeout(() => void turn(), milliseconds);
  };
  const look = () => void turn();

  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    stopped.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
