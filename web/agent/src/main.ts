// Runs inside WhatsApp Web after wa-js: listens, takes calls, answers. Speaks to the page through
// wa-js alone, so that it does not matter which page it is.
import { carryOut } from "./commands";
import { listen, watchLogin } from "./events";
import { failureOf } from "./failure";
import { report, wpp } from "./page";
import { missingFunctions } from "./self-test";
import type { Command } from "./wire";

window.wagate = {
  /** Returns at once; the answer comes as a report of the same number. */
  call(number: number, text: string): void {
    const command = JSON.parse(text) as Command;
    carryOut(command).then(
      (reply) => report({ report: "answer", number, reply: reply ?? null }),
      (error: unknown) => report({ report: "failure", number, failure: failureOf(error) }),
    );
  },
};

// Only the page itself: frames within it have no WhatsApp.
if (window.top === window) {
  const begin = (): void => {
    const version = (window as unknown as { Debug?: { VERSION?: string } }).Debug?.VERSION ?? null;
    report({ report: "hello", version, missing: missingFunctions() });
    listen();
    watchLogin();
  };
  if (wpp().isInjected) begin();
  else wpp().once("loader.injected", begin);
}
