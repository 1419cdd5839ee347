// Presence of the account. While it is available, WhatsApp sends the phone no notifications, so
// the device is unavailable by default. It is available while it types, because WhatsApp shows
// typing only of available people.
import { wpp } from "./page";

/** Longest typing without a renewal: its end may never be commanded. */
const TYPING_LIFE = 30_000;

/** Chats in which the account is typing. The page repeats the state until it ends. */
let typing: { chat: string; timer: ReturnType<typeof setTimeout> } | undefined;

/**
 * Sets the account to unavailable. The page forgets it with its connection: call it after each
 * new one.
 */
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
  // The account stays available while it types in another chat.
  if (typing === undefined) await show(false);
}

/** Ends typing that was not ended by a command. */
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
    // A page without this function cannot set it; no command fails by that.
    console.warn("The presence could not be set:", error);
  }
}
