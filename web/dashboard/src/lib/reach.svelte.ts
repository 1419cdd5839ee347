// What a key may look at. No call of the API lists the scopes of a key, so each thing is asked for
// once, without its content, and a refusal is kept in mind.
import { fetchAnswer } from "./api/client";
import { Failure } from "./api/failure";
import { readInfo } from "./api/gateway";
import { admitted, currentKey } from "./credential.svelte";
import { meet } from "./me.svelte";

let denied = $state.raw<readonly string[]>([]);

/** Whether the key reads this. What could not be found out counts as allowed: it says so itself. */
export function isAllowed(path: string | undefined): boolean {
  return path === undefined || !denied.includes(path);
}

/** Comes in with the present key, or with none, once it is known what that reads of these. */
export async function enter(paths: string[]): Promise<void> {
  try {
    await readInfo();
  } catch (error) {
    // A key without the scope for this is a key all the same.
    if (!(error instanceof Failure) || error.status !== 403) throw error;
  }
  // Without a key one is on the gateway's own machine, and may do everything.
  const asked = currentKey() ? paths : [];
  const [refusals] = await Promise.all([Promise.all(asked.map(isRefused)), meet()]);
  denied = asked.filter((_, place) => refusals[place]);
  admitted();
}

async function isRefused(path: string): Promise<boolean> {
  try {
    await fetchAnswer(path, { method: "HEAD" });
    return false;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.status === 403;
  }
}
