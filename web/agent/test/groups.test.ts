import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../src/failure";
import { addParticipants, createGroup, group, removeParticipants } from "../src/groups";
import type { FailureKind } from "../src/wire";
import { ADA, GROUP, ME, MY_LID, Page, wid } from "./fake";

const GRACE = "15550000012@c.us";
const GRACE_LID = "100015550000012@lid";
const NOBODY = "99900000000@c.us";

function ready(): Page {
  const page = new Page();
  page.lids.set(GRACE, GRACE_LID);
  page.chats.set(GROUP, { id: wid(GROUP), formattedTitle: "Title" });
  page.wpp.whatsapp.functions.queryWidExists = (id: unknown) =>
    Promise.resolve(String(id) === NOBODY ? null : { wid: id });
  return page;
}

async function refused(asking: Promise<unknown>, kind: FailureKind): Promise<void> {
  await assert.rejects(asking, (error) => failureOf(error).kind === kind);
}

test("a group is read with its people by number", async () => {
  const page = ready();
  const [desc, owner] = ["of difference", wid(MY_LID)];
  const groupMetadata = { subject: "Engines", desc, owner, creation: 5 };
  page.chats.set(GROUP, { id: wid(GROUP), groupMetadata });
  page.wpp.group.getParticipants = () =>
    Promise.resolve([
      { id: wid(MY_LID), isAdmin: true, isSuperAdmin: true },
      { id: wid(GRACE_LID), isAdmin: false },
      { id: wid("13135550002@bot") },
    ]);
  assert.deepEqual(await group(GROUP), {
    id: GROUP,
    name: "Engines",
    description: "of difference",
    owner: ME,
    createdAt: "1970-01-01T00:00:05.000Z",
    participants: [
      { id: ME, admin: true, owner: true },
      { id: GRACE, admin: false, owner: false },
    ],
  });
});

test("a group of which the page knows little is read as far as it does", async () => {
  const page = ready();
  page.wpp.group.getParticipants = () => Promise.resolve([{ id: wid(ME) }]);
  assert.deepEqual(await group(GROUP), {
    id: GROUP,
    name: "Title",
    description: null,
    owner: null,
    createdAt: null,
    participants: [{ id: ME, admin: false, owner: false }],
  });
});

test("a group whose details have not come is no empty group", async () => {
  const page = ready();
  page.wpp.group.getParticipants = () => Promise.resolve([]);
  page.wpp.group.iAmAdmin = () => Promise.resolve(false);
  page.wpp.group.addParticipants = () => Promise.reject(new Error("it was asked"));
  page.chats.set(GROUP, { id: wid(GROUP), groupMetadata: {} });
  await refused(group(GROUP), "unavailable");
  await refused(addParticipants(GROUP, [ADA]), "unavailable");
  await refused(removeParticipants(GROUP, [ADA]), "unavailable");
});

test("a group that is not there is unknown to all that is asked of it", async () => {
  ready();
  const none = "120363999999999999@g.us";
  await refused(group(none), "unknownGroup");
  await refused(addParticipants(none, [ADA]), "unknownGroup");
  await refused(removeParticipants(none, [ADA]), "unknownGroup");
});

test("each person has an outcome under the id that was asked for", async () => {
  const page = ready();
  let given: unknown[] = [];
  page.wpp.group.create = (...what) => {
    given = what;
    const participants = {
      [GRACE_LID]: { wid: GRACE_LID, code: 403, invite_code: "INVITE", invite_code_exp: 9 },
      [ADA]: { wid: ADA, code: 200, invite_code: null, invite_code_exp: null },
    };
    return Promise.resolve({ gid: wid(GROUP), participants });
  };
  const described: unknown[] = [];
  page.wpp.group.setDescription = (...what) => Promise.resolve(described.push(what));
  assert.deepEqual(await createGroup("Engines", "of difference", [ADA, GRACE, NOBODY]), {
    id: GROUP,
    participants: [
      { id: ADA, status: 200, inviteCode: null },
      { id: GRACE, status: 403, inviteCode: "INVITE" },
      { id: NOBODY, status: 404, inviteCode: null },
    ],
  });
  assert.deepEqual(given, ["Engines", [ADA, GRACE], undefined], "nobody spoils the whole");
  assert.deepEqual(described, [[GROUP, "of difference"]]);
});

test("of whom WhatsApp says nothing, the group tells whether they are in it", async () => {
  const page = ready();
  page.wpp.group.getParticipants = () => Promise.resolve([{ id: wid(GRACE_LID) }]);
  const { participants } = await createGroup("Engines", null, [ADA, GRACE]);
  assert.deepEqual(
    participants.map(({ id, status }) => [id, status]),
    [
      [ADA, 504],
      [GRACE, 200],
    ],
  );
});

test("a group that was not made is a failure", async () => {
  const page = ready();
  page.wpp.group.create = () => Promise.resolve({ gid: undefined, participants: {} });
  await refused(createGroup("Engines", null, [ADA]), "failed");
});

test("adding goes by wa-js' word on who may, and tells what became of each", async () => {
  const page = ready();
  page.wpp.group.iAmAdmin = () => Promise.resolve(false);
  page.wpp.group.addParticipants = () =>
    Promise.resolve({ [ADA]: { code: "409" }, [GRACE_LID]: { code: Number.NaN } });
  assert.deepEqual(await addParticipants(GROUP, [GRACE, ADA]), [
    { id: GRACE, status: 504, inviteCode: null },
    { id: ADA, status: 409, inviteCode: null },
  ]);
  const error = Object.assign(new Error("no admin"), { code: "group_you_are_not_admin" });
  page.wpp.group.addParticipants = () => Promise.reject(error);
  await refused(addParticipants(GROUP, [ADA]), "notAdmin");
});

test("only who is in a group is removed from it", async () => {
  const page = ready();
  page.wpp.group.getParticipants = () => Promise.resolve([{ id: wid(GRACE_LID) }]);
  const removed: unknown[] = [];
  page.wpp.group.removeParticipants = (...what) => Promise.resolve(removed.push(what));
  assert.deepEqual(await removeParticipants(GROUP, [ADA, GRACE]), [
    { id: ADA, status: 404, inviteCode: null },
    { id: GRACE, status: 200, inviteCode: null },
  ]);
  assert.deepEqual(removed, [[GROUP, [GRACE]]]);
  await removeParticipants(GROUP, [ADA]);
  assert.equal(removed.length, 1, "wa-js fails when nobody is left to remove");
  page.wpp.group.iAmAdmin = () => Promise.resolve(false);
  await refused(removeParticipants(GROUP, [GRACE]), "notAdmin");
});
