// Reads the members of a group with their names, as far as the session knows them.
import { type Group, listPeople, readGroup } from "../../lib/api/directory";
import type { Member } from "./members";

/** Contacts of a session that are looked through for names. */
const MOST_PEOPLE = 1_000;

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
