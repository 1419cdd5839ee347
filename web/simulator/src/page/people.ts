// Contacts, hidden identities, existence checks and groups.
import { account } from "./account";
import { client } from "./client";
import { Wid, idText } from "./ids";
import { defineAll, importNamespace, type Exports } from "./loader";
import { stores, type ChatModel, type ContactModel, type GroupMetadataModel } from "./models";
import { network } from "./network";
import { ensureChat, takeContact, takeGroup } from "./inbound";
import type { ParticipantOutcome } from "../protocol";

const nameOf = (contact: ContactModel): string =>
  contact["name"] || contact["pushname"] || `+${contact["id"].user}`;
const phoneOf = (contact: ContactModel): string => `+${contact["id"].user}`;
const no = (): boolean => false;

async function exists(id: Wid): Promise<Exports | null> {
  const { contact } = await network.ask({ request: "exists", id: id.toString() }, "exists");
  if (!contact) return null;
  takeContact(contact);
  const wid = new Wid(contact.id);
  return {
    wid,
    biz: contact.business,
    lid: contact.lid ? new Wid(contact.lid) : undefined,
  };
}

/** Participants come as models, as plain objects with either identity, or as ids. */
function personOf(given: Exports): Wid {
  const id = Wid.of(given["phoneNumber"] ?? given["id"] ?? given["lid"] ?? given);
  return account.toPhone(id) ?? id;
}
const texts = (people: Exports[]): string[] => people.map((each) => personOf(each).toString());

async function createGroup(options: Exports | string, people: Exports[]): Promise<Exports> {
  const name = String(
    typeof options === "string" ? options : (options["title"] ?? options["subject"]),
  );
  const { group, participants } = await network.ask(
    { request: "createGroup", name, description: null, participants: texts(people) },
    "groupCreated",
  );
  takeGroup(group);
  const { chat } = await ensureChat(group.id);
  chat["name"] = group.name;
  return {
    wid: new Wid(group.id),
    participants: participants.map((each) => ({
      wid: new Wid(each.id),
      error: each.status === 200 ? null : String(each.status),
      invite_code: each.inviteCode,
      invite_code_exp: null,
    })),
  };
}

async function modify(group: Wid, action: "add" | "remove", people: Exports[]): Promise<Exports> {
  const request = action === "add" ? "addParticipants" : "removeParticipants";
  const { participants } = await network.ask(
    { request, group: group.toString(), participants: texts(people) },
    "participants",
  );
  takeGroup((await network.ask({ request: "group", id: group.toString() }, "group")).group);
  return { status: 207, participants: participants.map(outcome) };
}

function outcome(each: ParticipantOutcome): Exports {
  return {
    userWid: new Wid(each.id),
    code: String(each.status),
    invite_code: each.inviteCode,
    invite_code_exp: null,
  };
}

const modifyGroup = (action: "add" | "remove") => (group: unknown, people: Exports[]) =>
  modify(Wid.of(group), action, people);
const modifyChat = (action: "add" | "remove") => (chat: ChatModel, people: Exports[]) =>
  modify(chat["id"], action, people);
const refuse = (what: string) => () => Promise.reject(new Error(`not simulated: ${what}`));

async function queryGroup(given: unknown): Promise<GroupMetadataModel | undefined> {
  takeGroup((await network.ask({ request: "group", id: String(idText(given)) }, "group")).group);
  return stores.groups.get(given);
}

export function definePeople(): void {
  defineAll({
    WAWebContactGetters: () => ({
      getNotifyName: (contact: ContactModel) => contact["pushname"],
      getUserid: (contact: ContactModel) => contact["id"].user,
      getIsMe: (contact: ContactModel) => account.isMe(contact["id"]),
      getIsUser: (contact: ContactModel) => contact["id"].isUser(),
      getIsGroup: (contact: ContactModel) => contact["id"].isGroup(),
      getIsBroadcast: (contact: ContactModel) => contact["id"].isBroadcast(),
      getIsNewsletter: (contact: ContactModel) => contact["id"].isNewsletter(),
      getIsWAContact: () => true,
      getName: (contact: ContactModel) => contact["name"],
      getPushname: (contact: ContactModel) => contact["pushname"],
      getShortName: (contact: ContactModel) => contact["shortName"],
      getType: (contact: ContactModel) => contact["type"],
      getIsEnterprise: (contact: ContactModel) => contact["isEnterprise"],
      getVerifiedName: (contact: ContactModel) => contact["verifiedName"],
      getVerifiedLevel: (contact: ContactModel) => contact["verifiedLevel"],
      getLabels: () => [],
      getIsContactSyncCompleted: () => 1,
      getUserhash: () => null,
      ...Object.fromEntries(
        [
          "getPremiumMessageName",
          "getIsPSA",
          "getIsIAS",
          "getIsSupportAccount",
          "getCanRequestPhoneNumber",
          "getShowBusinessCheckmarkAsPrimary",
          "getShowBusinessCheckmarkAsSecondary",
          "getShowBusinessCheckmarkInChatlist",
          "getIsDisplayNameApproved",
          "getShouldForceBusinessUpdate",
          "getStatusMute",
        ].map((name) => [name, no]),
      ),
    }),
    WAWebFrontendContactGetters: () => ({
      getPhoneNumber: (contact: ContactModel) => contact["id"].user,
      getTextStatusString: () => "",
      getPnForLid: (contact: ContactModel) =>
        contact["id"].isLid() ? account.toPhone(contact["id"]) : null,
      getFormattedPhone: phoneOf,
      getFormattedUsernameOrPhone: phoneOf,
      getFormattedUser: phoneOf,
      ...Object.fromEntries(
        [
          "getDisplayName",
          "getUserDisplayNameForLid",
          "getFormattedShortNameWithNonBreakingSpaces",
          "getFormattedShortName",
          "getFormattedName",
          "getSearchName",
        ].map((name) => [name, nameOf]),
      ),
      getIsMyContact: (contact: ContactModel) =>
        Boolean(contact["isAddressBookContact"]) && contact["id"].isUser(),
      getMentionName: nameOf,
    }),
    WAWebFrontendMyContactGetters: () => ({
      getIsMyContact: (contact: ContactModel) =>
        Boolean(contact["isAddressBookContact"]) && contact["id"].isUser(),
      getMentionName: nameOf,
    }),
    WAWebFrontendContactSearchGetters: () => ({
      getSearchVerifiedName: (contact: ContactModel) => contact["verifiedName"],
      getHeader: (contact: ContactModel) => nameOf(contact).charAt(0).toUpperCase(),
    }),
    WAWebApiContact: () => ({
      getCurrentLid: (id: Wid) => account.toLid(id),
      getPhoneNumber: (id: Wid) => account.toPhone(id),
      getAlternateUserWid: (id: Wid) =>
        id.isLid() ? account.toPhone(id) : account.toLid(id),
      getContactRecord: (id: Wid) => Promise.resolve(stores.contacts.get(id)?.toJSON()),
      getContactHash: () => Promise.resolve(""),
    }),
    WAWebLidPnCache: () => ({
      lidPnCache: {
        getPhoneNumber: (id: Wid) => account.toPhone(id),
        getCurrentLid: (id: Wid) => account.toLid(id),
      },
    }),
    WAWebLidMigrationUtils: () => ({
      Lid1X1MigrationUtils: { isLidMigrated: () => client.lidMigrated },
      toUserLid: (id: Wid) => account.toLid(id),
      toPn: (id: Wid) => account.toPhone(id),
      shouldHaveAccountLid: no,
    }),
    WAWebQueryExistsJob: () => ({
      queryWidExists: exists,
      queryPhoneExists: (phone: string) =>
        exists(new Wid(`${phone.replace(/\D/g, "")}@c.us`)),
    }),
    WAWebUpdateDBForGroupAction: () => ({ updateDBForGroupAction: () => Promise.resolve() }),
    WAWebGroupCreateJob: () => ({
      createGroup,
      GroupAlreadyExistsError: class extends Error {},
    }),
    WAWebModifyParticipantsGroupAction: () => ({
      addParticipants: modifyChat("add"),
      removeParticipants: modifyChat("remove"),
      promoteParticipants: refuse("promoteParticipants"),
      demoteParticipants: refuse("demoteParticipants"),
      promoteCommunityParticipants: refuse("promoteCommunityParticipants"),
      demoteCommunityParticipants: refuse("demoteCommunityParticipants"),
    }),
    WAWebGroupModifyParticipantsJob: () => ({
      addGroupParticipants: modifyGroup("add"),
      removeGroupParticipants: modifyGroup("remove"),
      promoteGroupParticipants: refuse("promoteGroupParticipants"),
      demoteGroupParticipants: refuse("demoteGroupParticipants"),
    }),
    WAWebGroupModifyInfoJob: () => ({
      setGroupDescription: async (id: unknown, description: string) => {
        await network.ask(
          { request: "describeGroup", group: String(idText(id)), description },
          "done",
        );
        stores.groups.get(id)?.set({ desc: description });
      },
      setGroupSubject: refuse("setGroupSubject"),
      setGroupProperty: refuse("setGroupProperty"),
    }),
    WAWebGroupQueryJob: () => ({
      queryAllGroups: () => Promise.resolve(stores.groups.map((group) => group.toJSON())),
      queryAndUpdateGroupMetadataById: (given: Exports) => queryGroup(given["id"]),
      queryGroupInviteInfo: refuse("queryGroupInviteInfo"),
    }),
    WAWebGroupConstants: () => ({
      GROUP_SETTING_TYPE: {
        ANNOUNCEMENT: "announcement",
        RESTRICT: "restrict",
        EPHEMERAL: "ephemeral",
        NO_FREQUENTLY_FORWARDED: "no_frequently_forwarded",
      },
    }),
    WAWebGetGroupSizeLimit: () => ({ getGroupSizeLimit: () => Promise.resolve(1024) }),
    WAWebVcardUtils: () => ({
      vcardFromContactModel: (contact: ContactModel) => ({
        displayName: nameOf(contact),
        vcard: [
          "BEGIN:VCARD",
          "VERSION:3.0",
          `FN:${nameOf(contact)}`,
          `TEL;waid=${contact["id"].user}:${phoneOf(contact)}`,
          "END:VCARD",
        ].join("\n"),
      }),
      parseVcard: () => ({}),
      vcardGetNameFromParsed: () => "",
    }),
    WAWebFrontendVcardUtils: () => ({
      vcardFromContactModel: importNamespace("WAWebVcardUtils")["vcardFromContactModel"],
    }),
  });
}
