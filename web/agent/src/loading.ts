// Loading of the page: wa-js injected, then fully loaded. wa-js can lose a race with the page and
// then never finds its modules; a page that stays half loaded is reloaded a few times.
import { on, whenReplaced } from "./listening";
import { report, wpp } from "./page";
import { attempt } from "./people";
import { watchScreen } from "./screen-code";

/** Deadline and polling interval for wa-js on a page that is visible. */
const PATIENCE = 15_000;
const LOOK_EVERY = 500;
const RELOADS = 3;
/** Deadline for wa-js on a page that shows a code already. */
const ABSENCE = 20_000;
const COUNTER = "wagate-reloads";

/**
 * Reports hello once wa-js is in the page, or the page shows a code. Calls back once wa-js is fully
 * loaded.
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

/** Resolves when wa-js is injected: a call before that would never find modules that load later. */
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
    // The gateway has a deadline of its own for an account that is loading.
    waited = isSyncing() ? 0 : waited + LOOK_EVERY;
    if (waited < PATIENCE) return;
    clearInterval(watch);
    // This page is about to be reloaded.
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
    // Some modes, such as an outdated version, explain the failure.
    const stand = `it stands at ${mode() ?? "nothing"}`;
    const reason = `WhatsApp Web did not load fully, even after ${RELOADS} more attempts: ${stand}`;
    report({ report: "stuck", reason });
    return;
  }
  sessionStorage.setItem(COUNTER, String(reloads + 1));
  location.reload();
}
