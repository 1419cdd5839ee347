// Coming in with a credential that the gateway gave or is to accept.
import { href } from "../../lib/address";
import {
  admitted, currentKey, currentStanding, isRemembered, useKey,
} from "../../lib/credential.svelte";
import { enter } from "../../lib/reach.svelte";
import { currentSegments, go } from "../../lib/router.svelte";
import { allAsked, isDoor, OVERVIEW } from "../../routes";

/** Comes in; where that fails, all is as before. */
export async function arrive(credential: string, remember: boolean): Promise<void> {
  const [before, wasRemembered, wasIn] = [currentKey(), isRemembered(), currentStanding() === "in"];
  useKey(credential, remember);
  try {
    await enter(allAsked());
  } catch (error) {
    useKey(before, wasRemembered);
    if (wasIn) admitted();
    throw error;
  }
  // Who came for another page sees that one.
  if (isDoor(currentSegments())) go(href(OVERVIEW), { replace: true });
}
