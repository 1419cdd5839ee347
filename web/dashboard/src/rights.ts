// What one may change here: by one's role, and with a key of nobody's by what that reads.
import { mayAdminister, mayWrite } from "./lib/me.svelte";
import { isAllowed } from "./lib/reach.svelte";
import { ADMINISTRATION, BOT_CHANGES, CONVERSATIONS } from "./routes";

/** Settings, keys, templates, people. */
export const mayChangeAll = (): boolean => mayAdminister(isAllowed(ADMINISTRATION));

/** Bots and what they know. */
export const mayChangeBots = (): boolean => mayWrite() && isAllowed(BOT_CHANGES);

/** Conversations and what one answers with. */
export const mayAnswer = (): boolean => mayWrite() && isAllowed(CONVERSATIONS);
