// Whether others see the account as online. While it is, WhatsApp sends the phone no notifications,
// so a linked device rests as unavailable; it shows itself only as long as it types, because
// WhatsApp shows nobody typing who is not there.
import { wpp } from "./page";

/** How long typing may last without a word: the end of it may never be told. */
const TYPING_LIFE = 30_000;

let typing: ReturnType<typeof setTimeout> | undefined;

/** Takes the account out of sight. The page forgets it with its line: call it at each new one. */
export function rest(): Promise<void> {
  clearTimeout(typing);
  typing = undefined;
  return show(false);
}

export async function showTyping(chat: string): Promise<void> {
  await show(true);
  await wpp().chat.markIsComposing(chat);
  clearTimeout(typing);
  typing = setTimeout(() => void rest(), TYPING_LIFE);
}

export async function stopTyping(chat: string): Promise<void> {
  await wpp().chat.markIsPaused(chat);
  await rest();
}

async function show(available: boolean): Promise<void> {
  const { conn } = wpp();
  try {
    await (available ? conn.markAvailable() : conn.markUnavailable());
  } catch (error) {
    // A page without it shows what it likes; nothing that was asked for fails by that.
    console.warn("The presence could not be set:", error);
  }
}
