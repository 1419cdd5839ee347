// Access to the page: wa-js, which is loaded before the agent, and the gateway's binding.
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

/** Another agent reports from now on; this one only answers its pending calls. */
export function silence(): void {
  silent = true;
}

/** Sends a report to the gateway. */
export function report(what: Report): void {
  if (silent && what.report !== "answer" && what.report !== "failure") return;
  window.wagateReport(JSON.stringify(what, wellFormed));
}

export function happened(event: EventBody): void {
  report({ report: "happened", event });
}

/** Replaces lone surrogates, which the gateway's JSON parser refuses. */
function wellFormed(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\uFFFD") : value;
}

/** Seconds since 1970 by WhatsApp's clock, which its rules use. */
export function now(): number {
  try {
    const time: unknown = wpp().whatsapp.functions.unixTime();
    if (typeof time === "number" && 0 < time) return time;
  } catch {
    // Falls back to the machine's clock.
  }
  return Date.now() / 1000;
}

/**
 * Waits for a condition without an event. A timeout is not a refusal: the condition may become true
 * later.
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
