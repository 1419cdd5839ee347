// The two doors of the agent: wa-js, which is loaded before it, and the gateway's binding.
import type * as WaJs from "@wppconnect/wa-js";
import { AgentError } from "./failure";
import type { EventBody, Report } from "./wire";

declare global {
  interface Window {
    WPP: typeof WaJs;
    wagateReport: (text: string) => void;
    wagate: { call(number: number, text: string): void };
  }
}

export function wpp(): typeof WaJs {
  return window.WPP;
}

let silent = false;

/** Another agent tells from now on; what this one was asked, it still answers. */
export function fallSilent(): void {
  silent = true;
}

/** Tells the gateway. A report that cannot be told is lost with the page: nobody else is there. */
export function report(what: Report): void {
  if (silent && what.report !== "answer" && what.report !== "failure") return;
  window.wagateReport(JSON.stringify(what, wellFormed));
}

export function happened(event: EventBody): void {
  report({ report: "happened", event });
}

/** Half of a character is no JSON that the gateway could read. */
function wellFormed(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\uFFFD") : value;
}

/** Seconds since 1970 by WhatsApp's clock, which its rules go by; the page keeps it. */
export function now(): number {
  try {
    const time: unknown = wpp().whatsapp.functions.unixTime();
    if (typeof time === "number" && 0 < time) return time;
  } catch {
    // A page without it: the machine's clock is the next best.
  }
  return Date.now() / 1000;
}

/**
 * Waits for something that no event tells. A slow page is no refusal: what does not come about in
 * time may still come about.
 */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const [LOOK_EVERY, DEADLINE] = [20, 10_000];
  for (let waited = 0; !isSo(); waited += LOOK_EVERY) {
    if (waited >= DEADLINE) {
      const reason = `WhatsApp Web did not ${what} within 10 s; whether it still will is unknown`;
      throw new AgentError("timeout", reason);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}
