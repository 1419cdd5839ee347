// The code on the screen, reported before wa-js can: wa-js waits until the page has brought no more
// modules for most of a second. People scan what is shown here.
import { report } from "./page";
import { attempt } from "./people";

const LOOK_EVERY = 25;
/** The network's reference, two keys and a secret; then comes what kind of device this is. */
const LEAST_PARTS = 4;

let told = "";

/** The code that was told last. */
export function toldCode(): string {
  return told;
}

/** Tells each code that the page shows, and calls back with the first, until it is stopped. */
export function watchScreen(first: () => void): () => void {
  told = "";
  const watch = setInterval(() => {
    const code = attempt(() => document.querySelector("[data-ref]")?.getAttribute("data-ref"));
    if (!code || code.split(",").length < LEAST_PARTS || isSameCode(code, told)) return;
    if (told === "") first();
    told = code;
    report({ report: "qr", text: code });
  }, LOOK_EVERY);
  return () => clearInterval(watch);
}

/** wa-js leaves out the kind of device, with which the screen ends its codes. */
export function isSameCode(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other},`) || other.startsWith(`${one},`);
}
