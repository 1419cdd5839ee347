// QR code on the screen, reported before wa-js is ready: wa-js waits until the page has loaded no
// more modules for most of a second.
import { report } from "./page";
import { attempt } from "./people";

const LOOK_EVERY = 25;
/** The network's reference, two keys and a secret, followed by the kind of device. */
const LEAST_PARTS = 4;

let reported = "";

/** The last reported code. */
export function toldCode(): string {
  return reported;
}

/** Reports each code on the screen, and calls back at the first one, until it is stopped. */
export function watchScreen(first: () => void): () => void {
  reported = "";
  const watch = setInterval(() => {
    const code = attempt(() => document.querySelector("[data-ref]")?.getAttribute("data-ref"));
    if (!code || code.split(",").length < LEAST_PARTS || isSameCode(code, reported)) return;
    if (reported === "") first();
    reported = code;
    report({ report: "qr", text: code });
  }, LOOK_EVERY);
  return () => clearInterval(watch);
}

/** wa-js' codes lack the kind of device at the end of the screen's codes. */
export function isSameCode(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other},`) || other.startsWith(`${one},`);
}
