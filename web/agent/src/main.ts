// Entry point of the page agent, injected into WhatsApp Web after wa-js: listens, takes calls,
// answers. It uses the page through wa-js alone, so it works on a simulated page as well.
import { carryOut } from "./commands";
import { listen } from "./events";
import { failureOf } from "./failure";
import { watchLogin } from "./login";
import { onFullyLoaded, whenInjected } from "./loading";
import { takeOver, whenReplaced } from "./listening";
import { silence, report } from "./page";
import type { Command } from "./wire";

const again = takeOver();
whenReplaced(silence);

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

// Only the top frame is WhatsApp.
if (window.top === window) {
  onFullyLoaded(again, () => {
    listen();
    watchLogin();
  });
}
