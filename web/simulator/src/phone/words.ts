// Formatting of times, sizes, names and messages.
import type { Account, Jid, Message } from "./types";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export function clockOf(timestamp: string): string {
  return clock.format(new Date(timestamp));
}

export function dayOf(timestamp: string): string {
  return fullDate.format(new Date(timestamp));
}

/** The time of today's messages, the date of older ones. */
export function whenOf(timestamp: string): string {
  const isToday = dayOf(timestamp) === dayOf(new Date().toISOString());
  return (isToday ? clock : date).format(new Date(timestamp));
}

export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function userOf(jid: Jid): string {
  return jid.split("@")[0] ?? jid;
}

export function addressOf(phone: string): Jid {
  return `${phone}@c.us`;
}

/** The name of a person, or the number without one. */
export function nameOf(jid: Jid, accounts: readonly Account[]): string {
  const account = accounts.find(({ phone }) => addressOf(phone) === jid);
  return account?.name ?? userOf(jid);
}

export function isOwn(message: Message): boolean {
  return message.id.startsWith("true_");
}

const KINDS: Partial<Record<Message["kind"], string>> = {
  contactCard: "Contact card",
  groupNotice: "Group notice",
  menuReply: "Reply to a menu",
  revoked: "Deleted",
  voice: "Voice message",
};

/** The kind of a message, for messages without a text. */
export function kindOf(message: Message): string {
  const { kind } = message;
  return KINDS[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** A message in one line. */
export function gistOf(message: Message): string {
  return message.body || kindOf(message);
}
