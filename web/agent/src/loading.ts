// The page's way up: injected, then fully loaded. wa-js can lose a race with the page and then
// never binds to what it needs; a page that stays half loaded is loaded again, a few times.
import { on, whenReplaced } from "./listening";
import { report, wpp } from "./page";
import { attempt } from "./people";
import { watchScreen } from "./screen-code";

/** How long a page that shows itself may keep wa-js waiting, and how often it is looked at. */
const PATIENCE = 15_000;
const LOOK_EVERY = 500;
const RELOADS = 3;
/** How long wa-js may stay away from a page that shows a code already. */
const ABSENCE = 20_000;
const COUNTER = "wagate-reloads";

/**
 * Says hello once wa-js is in the page, or the page shows a code. Calls back once wa-js is bound
 * to all of the page.
 */
export function onFullyLoaded(again: boolean, begin: () => void): void {
  if (wpp().isInjected) {
    sayHello(again);
    awaitAll(begin);
    return;
  }
  let hasSaidHello = false;
  let isInjected = false;
  let absence: ReturnType<typeof setTimeout> | undefined;
  const greet = (): void => {
    if (!hasSaidHello) sayHello(again);
    hasSaidHello = true;
  };
  const stopWatching = watchScreen(() => {
    greet();
    absence = setTimeout(loadAgain, ABSENCE);
  });
  const stop = (): void => {
    stopWatching();
    clearTimeout(absence);
  };
  whenReplaced(stop);
  on("loader.injected", () => {
    stop();
    greet();
    if (!isInjected) awaitAll(begin);
    isInjected = true;
  });
}

/** Resolves when wa-js is in the page: asked before, it would never find what comes later. */
export function whenInjected(): Promise<void> {
  if (wpp().isInjected) return Promise.resolve();
  return new Promise((resolve) => on("loader.injected", () => resolve()));
}

function sayHello(again: boolean): void {
  const version = (window as { Debug?: { VERSION?: string } }).Debug?.VERSION ?? null;
  report({ report: "hello", version, again });
}

function awaitAll(begin: () => void): void {
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    clearInterval(watch);
    sessionStorage.removeItem(COUNTER);
    begin();
  };
  let waited = 0;
  const watch = setInterval(() => {
    if (done) return;
    if (wpp().isFullReady) { finish(); return; }
    // An account that is still being loaded has its time: the gateway watches over that.
    waited = isSyncing() ? 0 : waited + LOOK_EVERY;
    if (waited < PATIENCE) return;
    clearInterval(watch);
    // What comes up now is about to be loaded again.
    done = true;
    loadAgain();
  }, LOOK_EVERY);
  whenReplaced(() => clearInterval(watch));
  if (wpp().isFullReady) finish();
  else on("loader.full_ready", finish);
}

function isSyncing(): boolean {
  return mode() === "SYNCING";
}

function mode(): string | undefined {
  return attempt(() => (wpp().whatsapp.Stream as { mode?: string } | undefined)?.mode);
}

function loadAgain(): void {
  const reloads = Number(sessionStorage.getItem(COUNTER) ?? "0");
  if (reloads >= RELOADS) {
    sessionStorage.removeItem(COUNTER);
    // Some of the modes, such as a version that is too old, are the whole explanation.
    const stand = `it stands at ${mode() ?? "nothing"}`;
    const reason = `WhatsApp Web did not load fully, even after ${RELOADS} more attempts: ${stand}`;
    report({ report: "stuck", reason });
    return;
  }
  sessionStorage.setItem(COUNTER, String(reloads + 1));
  location.reload();
}
