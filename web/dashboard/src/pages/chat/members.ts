// The members of a group with their names, as far as the session knows them.
import { type Group, listPeople, readGroup } from "../../lib/api/directory";
import type { Offer } from "./offers";

export interface Member {
  id: string;
  /** Digits: the telephone number, or of the hidden id where that is not known. */
  number: string;
  /** The number where nobody said a name. */
  name: string;
  isAdmin: boolean;
}

/** Contacts of a session that are looked through for names. */
const MOST_PEOPLE = 1_000;
const OFFERED = 8;

export async function readMembers(
  session: string, id: string,
): Promise<{ group: Group; members: Member[] }> {
  const [group, people] = await Promise.all([
    readGroup(session, id), listPeople(session, MOST_PEOPLE),
  ]);
  const names = new Map(people.flatMap(({ id: each, lid, name, pushname }) =>
    [each, lid].map((key) => [key, name || pushname || ""] as const)));
  const members = group.participants.map((each): Member => {
    const number = (each.identity?.phone ?? each.id).split("@", 1)[0] ?? "";
    const name = names.get(each.id) || `+${number}`;
    return { id: each.id, number, name, isAdmin: each.isAdmin || each.isSuperAdmin };
  });
  return { group, members: members.sort((one, other) => one.name.localeCompare(other.name)) };
}

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
