// What the page says about itself: one line that is always there, and one that is only heard.
import { element } from "./dom";

const LINGER = 8_000;

const line = element("notice", HTMLElement);
const announcement = element("announcement", HTMLElement);
let problem = "";
let newest = { text: "", isFault: false };
let fading: number | undefined;

function show(): void {
  const text = problem || newest.text;
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("fault", Boolean(problem) || newest.isFault);
}

/** Something was done. Said for a while. */
export function say(text: string): void {
  newest = { text, isFault: false };
  window.clearTimeout(fading);
  fading = window.setTimeout(forget, LINGER);
  show();
}

/** Something could not be done. Said until the next thing is tried. */
export function complain(text: string): void {
  window.clearTimeout(fading);
  newest = { text, isFault: true };
  show();
}

export function forget(): void {
  newest = { text: "", isFault: false };
  show();
}

/** What keeps the whole page from working; empty when nothing does. */
export function setProblem(text: string): void {
  problem = text;
  show();
}

/** For those who listen: a message came in. */
export function announce(text: string): void {
  announcement.textContent = text;
}
