// What a contact has agreed to on a channel, and how that looks.
import type { Contact } from "../../lib/api/business";
import { contacts as words } from "../../strings/contacts";

export type Channel = "whatsapp" | "sms";

export function hasOptedIn(contact: Contact, channel: Channel): boolean {
  return channel === "sms" ? contact.smsOptedIn : contact.optedIn;
}

export function standingOf(contact: Contact, channel: Channel) {
  const outAt = channel === "sms" ? contact.smsOptOutDate : contact.optedOutAt;
  if (hasOptedIn(contact, channel)) return { tone: "good", text: words.optedIn } as const;
  if (outAt) return { tone: "bad", text: words.optedOut } as const;
  return { tone: "quiet", text: words.undecided } as const;
}

export const nameOf = ({ name, phone }: Contact): string => name ?? phone ?? words.noName;
