// Notices of the page: a visible status line, and announcements for screen readers.
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

/** Shows a success for a while. */
export function say(text: string): void {
  newest = { text, isFault: false };
  window.clearTimeout(fading);
  fading = window.setTimeout(forget, LINGER);
  show();
}

/** Shows a failure until the next action. */
export function complain(text: string): void {
  window.clearTimeout(fading);
  newest = { text, isFault: true };
  show();
}

export function forget(): void {
  newest = { text: "", isFault: false };
  show();
}

/** Shows a problem of the whole page; an empty text clears it. */
export function setProblem(text: string): void {
  problem = text;
  show();
}

/** Announces an incoming message to screen readers. */
export function announce(text: string): void {
  announcement.textContent = text;
}
