// Whether others see the account as online. While it is, WhatsApp sends the phone no notifications,
// so a linked device rests as unavailable; it shows itself only as long as it types, because
// WhatsApp shows nobody typing who is not there.
import { wpp } from "./page";

/** How long typing may last without a word: the end of it may never be told. */
const TYPING_LIFE = 30_000;

/** Where the account types now. The page repeats that it does until it is told the end. */
let typing: { chat: string; timer: ReturnType<typeof setTimeout> } | undefined;

/** Takes the account out of sight. The page forgets it with its line: call it at each new one. */
export async function rest(): Promise<void> {
  await pause();
  await show(false);
}

export async function showTyping(chat: string): Promise<void> {
  if (typing?.chat !== chat) await pause();
  await show(true);
  await wpp().chat.markIsComposing(chat);
  clearTimeout(typing?.timer);
  typing = { chat, timer: setTimeout(() => void rest(), TYPING_LIFE) };
}

export async function stopTyping(chat: string): Promise<void> {
  forget(chat);
  await wpp().chat.markIsPaused(chat);
  // Who types elsewhere stays in sight.
  if (typing === undefined) await show(false);
}

/** Ends the typing that nobody ended. */
async function pause(): Promise<void> {
  if (typing === undefined) return;
  const { chat } = typing;
  forget(chat);
  try {
    await wpp().chat.markIsPaused(chat);
  } catch (error) {
    console.warn("The typing could not be ended:", error);
  }
}

function forget(chat: string): void {
  if (typing?.chat !== chat) return;
  clearTimeout(typing.timer);
  typing = undefined;
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
