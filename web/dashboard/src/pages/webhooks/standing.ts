// How a webhook does, in one word.
import type { Webhook } from "../../lib/api/webhooks";
import { webhooks as words } from "../../strings/webhooks";

interface Standing {
  tone: "good" | "warn" | "bad" | "quiet";
  text: string;
}

export function standingOf(webhook: Webhook, now: number): Standing {
  if (!webhook.enabled) {
    return { tone: webhook.disabledReason ? "bad" : "quiet", text: words.off };
  }
  if (isResting(webhook, now)) return { tone: "warn", text: words.resting };
  if (webhook.failingSince) return { tone: "warn", text: words.failing };
  return { tone: "good", text: words.on };
}

export function isResting(webhook: Webhook, now: number): boolean {
  return now < Date.parse(webhook.pausedUntil ?? "");
}

/** The share of what ended that was delivered; null before anything ended. */
export function successOf({ stats }: Webhook): number | null {
  const ended = stats.delivered + stats.failed;
  return ended === 0 ? null : stats.delivered / ended;
}
