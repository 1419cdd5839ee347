// Runs inside WhatsApp Web after wa-js: listens, takes calls, answers. Speaks to the page through
// wa-js alone, so that it does not matter which page it is.
import { carryOut } from "./commands";
import { listen } from "./events";
import { failureOf } from "./failure";
import { watchLogin } from "./login";
import { onFullyLoaded, whenInjected } from "./loading";
import { takeOver, whenReplaced } from "./listening";
import { fallSilent, report } from "./page";
import type { Command } from "./wire";

const again = takeOver();
whenReplaced(fallSilent);

window.wagate = {
  /** Returns at once; the answer comes as a report of the same number. */
  call(number: number, text: string): void {
    const command = JSON.parse(text) as Command;
    whenInjected().then(() => carryOut(command)).then(
      (reply) => report({ report: "answer", number, reply: reply ?? null }),
      (error: unknown) => report({ report: "failure", number, failure: failureOf(error) }),
    );
  },
};

// Only the page itself: frames within it have no WhatsApp.
if (window.top === window) {
  onFullyLoaded(again, () => {
    listen();
    watchLogin();
  });
}
