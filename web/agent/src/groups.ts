// Groups: creation, details, members.
import { moment } from "./convert";
import { type IdLike, idText, isAddress } from "./ids";
import { AgentError } from "./failure";
import { wpp } from "./page";
import { isOnWhatsapp, isSamePerson, person } from "./people";
import type { Group, GroupCreated, ParticipantOutcome } from "./wire";

/** The parts of a group's chat that are read here. */
interface GroupLike {
  groupMetadata?: { subject?: string; desc?: string; owner?: IdLike; creation?: number };
}

interface MemberLike {
  id: IdLike;
  isAdmin?: boolean;
  isSuperAdmin?: boolean;
}

const DONE = 200;
const NOT_ON_WHATSAPP = 404;
/** Status of a person without an outcome. */
const UNKNOWN = 504;

export async function group(id: string): Promise<Group> {
  const chat = knownGroup(id);
  // A request for the members loads the other details as well.
  const people = await loadedMembersOf(id);
  const data = (chat as unknown as GroupLike).groupMetadata ?? {};
  return {
    id,
    name: data.subject || chat.formattedTitle || "",
    description: data.desc || null,
    owner: data.owner ? person(data.owner) : null,
    createdAt: data.creation ? moment(data.creation) : null,
    participants: people
      .map((member) => ({
        id: person(member.id),
        admin: member.isAdmin === true,
        owner: member.isSuperAdmin === true,
      }))
      .filter((member) => isAddress(member.id)),
  };
}

export async function createGroup(
  name: string,
  description: string | null,
  wanted: string[],
): Promise<GroupCreated> {
  // wa-js fails for all members if one has no account.
  const found = await Promise.all(wanted.map(isOnWhatsapp));
  const people = wanted.filter((_, place) => found[place]);
  const created = await wpp().group.create(name, people, undefined as never);
  const id = idText(created.gid);
  if (id === "") throw new AgentError("failed", "WhatsApp did not create the group");
  if (description !== null && description !== "") await wpp().group.setDescription(id, description);
  const reached = await outcomes(id, people, created.participants);
  const participants = wanted.map(
    (each) => reached.find((outcome) => outcome.id === each) ?? missing(each),
  );
  return { id, participants };
}

export async function addParticipants(
  id: string,
  wanted: string[],
): Promise<ParticipantOutcome[]> {
  knownGroup(id);
  await loadedMembersOf(id);
  // Some groups let every member add people; wa-js knows which.
  const results = await wpp().group.addParticipants(id, wanted);
  return outcomes(id, wanted, results);
}

export async function removeParticipants(
  id: string,
  wanted: string[],
): Promise<ParticipantOutcome[]> {
  knownGroup(id);
  const members = await loadedMembersOf(id);
  if (!(await wpp().group.iAmAdmin(id)))
    throw new AgentError("notAdmin", "You are not an admin of this group");
  const isMember = (each: string): boolean =>
    members.some((member) => isSamePerson(idText(member.id), each));
  const leaving = wanted.filter(isMember);
  if (0 < leaving.length) await wpp().group.removeParticipants(id, leaving);
  return wanted.map((each) =>
    leaving.includes(each) ? { id: each, status: DONE, inviteCode: null } : missing(each),
  );
}

/** The outcome of each person, under the requested ids: WhatsApp answers with either identity. */
async function outcomes(
  group: string,
  wanted: string[],
  results: Record<string, unknown>,
): Promise<ParticipantOutcome[]> {
  const answers = Object.entries(results).map(([id, result]) => {
    const { code, invite_code: inviteCode } = result as {
      code?: number | string;
      invite_code?: string | null;
    };
    return { id, status: Number(code), inviteCode: inviteCode ?? null };
  });
  const answered = wanted.map((id) => {
    // An answer without a code has no outcome.
    const isAnswer = (each: ParticipantOutcome) =>
      Number.isInteger(each.status) && isSamePerson(each.id, id);
    const answer = answers.find(isAnswer);
    return answer && { ...answer, id };
  });
  const members = answered.every((answer) => answer !== undefined) ? [] : await membersOf(group);
  return wanted.map((id, place) => {
    // Without an outcome, the group's members show whether a person was added; others may follow.
    const isMember = members.some((member) => isSamePerson(idText(member.id), id));
    const status = isMember ? DONE : UNKNOWN;
    return answered[place] ?? { id, status, inviteCode: null };
  });
}

function missing(id: string): ParticipantOutcome {
  return { id, status: NOT_ON_WHATSAPP, inviteCode: null };
}

async function membersOf(id: string): Promise<MemberLike[]> {
  return await wpp().group.getParticipants(id);
}

/** A group without name and members has not been loaded yet. */
async function loadedMembersOf(id: string): Promise<MemberLike[]> {
  const members = await membersOf(id);
  if (0 < members.length) return members;
  const { groupMetadata } = knownGroup(id) as unknown as GroupLike;
  const { subject, owner, creation } = groupMetadata ?? {};
  if (!subject && !owner && !creation) {
    const reason = "WhatsApp Web has not loaded the details of this group yet: try again later";
    throw new AgentError("unavailable", reason);
  }
  return members;
}

function knownGroup(id: string) {
  const chat = wpp().chat.get(id);
  if (!chat) throw new AgentError("unknownGroup", "there is no such group");
  return chat;
}
