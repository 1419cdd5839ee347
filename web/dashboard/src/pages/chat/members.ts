// The members of a group, and which of them are offered for a mention.
import type { Offer } from "./offers";

export interface Member {
  id: string;
  /** Digits: the telephone number, or of the hidden id where that is not known. */
  number: string;
  /** The number where nobody said a name. */
  name: string;
  isAdmin: boolean;
}

const OFFERED = 8;

/** Those whose name or number holds what was typed; a mention is an at sign with the number. */
export function offerMembers(members: Member[], typed: string): Offer[] {
  const wanted = typed.toLowerCase();
  return members
    .filter(({ name, number }) => name.toLowerCase().includes(wanted) || number.includes(wanted))
    .slice(0, OFFERED)
    .map(({ id, name, number }) => ({
      key: id, label: name, hint: `+${number}`, take: () => `@${number} `,
    }));
}
