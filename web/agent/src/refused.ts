// Own messages that WhatsApp refused: they exist in the page alone, with a negative ack.
import type { IdLike } from "./ids";
import { idText } from "./ids";
import { until, wpp } from "./page";
import { attempt } from "./people";

export function isRefused(message: { id: IdLike | string; ack?: number | undefined }): boolean {
  return idText(message.id).startsWith("true_") && (message.ack ?? 0) < 0;
}

/** The same for the page's present version of a message. */
export function isRefusedNow(id: string): boolean {
  const model = attempt(() => wpp().whatsapp.MsgStore.get(id));
  return model ? isRefused({ id, ack: model.ack }) : false;
}

/** Removes it from the page. Returns whether it is gone; the network has no copy. */
export async function removeRefused(id: string): Promise<boolean> {
  const chat = id.split("_")[1] ?? "";
  await wpp().chat.deleteMessage(chat, id, true, false);
  const isGone = (): boolean => !attempt(() => wpp().whatsapp.MsgStore.get(id));
  return until("remove the message", isGone).then(
    () => true,
    () => false,
  );
}

/** Fields in which the page and its libraries put the code of a refusal. */
const CODES = ["error", "errorCode", "nackCode", "status", "statusCode", "code"] as const;
/** Patterns of the code in error texts. */
const WORDS: readonly [RegExp, number][] = [
  [/rate-?overlimit/i, 429],
  [/\b(?:error|code|nack|status)\W{1,3}(4\d\d|5\d\d)\b/i, NaN],
];

/** WhatsApp's code in the outcome or the error of a send; none where there is none. */
export function refusalCode(outcome: unknown): number | undefined {
  if (typeof outcome === "string") return codeInWords(outcome);
  if (typeof outcome !== "object" || outcome === null) return undefined;
  const fields = outcome as Record<string, unknown>;
  for (const name of CODES) {
    const code = Number(fields[name]);
    if (typeof fields[name] !== "object" && 400 <= code && code < 600) return code;
  }
  const words = ["message", "text", "messageSendResult", "error"].map((name) => fields[name]);
  return codeInWords(words.filter((word) => typeof word === "string").join(" "));
}

function codeInWords(words: string): number | undefined {
  for (const [pattern, code] of WORDS) {
    const found = pattern.exec(words);
    if (found) return Number.isNaN(code) ? Number(found[1]) : code;
  }
  return undefined;
}
