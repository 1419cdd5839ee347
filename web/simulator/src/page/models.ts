// Models and stores of the page: contacts, groups, chats, messages. They mirror the network's
// state, and end with the page.
import { Collection, Model } from "./base";
import { MsgKey, Wid, idText } from "./ids";
import { importNamespace, type Exports } from "./loader";
import { account } from "./account";

export class ContactModel extends Model {
  static override defaults = {
    isBusiness: false,
    isEnterprise: false,
    isContactSyncCompleted: 1,
    type: "in",
    labels: [],
  };
  get proxyName(): string {
    return "contact";
  }
  get profilePicThumb(): Model | undefined {
    return stores.pictures.get(this["id"]);
  }
}

export class ParticipantModel extends Model {
  static override defaults = { isAdmin: false, isSuperAdmin: false };
  get proxyName(): string {
    return "participant";
  }
  get contact(): ContactModel {
    return stores.contacts.gadd(this["id"]);
  }
}

export class ParticipantCollection extends Collection<ParticipantModel> {
  static override model = ParticipantModel;
  private get mine(): ParticipantModel | undefined {
    return this.findFirst((each) => account.isMe(each["id"]));
  }
  iAmMember(): boolean {
    return Boolean(this.mine);
  }
  iAmAdmin(): boolean {
    return Boolean(this.mine?.["isAdmin"]);
  }
  iAmSuperAdmin(): boolean {
    return Boolean(this.mine?.["isSuperAdmin"]);
  }
  iAmRestrictedMember(): boolean {
    return false;
  }
  canAdd(participant: Model): boolean {
    return this.iAmAdmin() && !this.get(participant["id"]);
  }
  canRemove(participant: Model): boolean {
    return this.iAmAdmin() && !participant["isSuperAdmin"] && !account.isMe(participant["id"]);
  }
  canPromote(participant: Model): boolean {
    return this.iAmAdmin() && !participant["isAdmin"];
  }
  canDemote(participant: Model): boolean {
    return this.iAmAdmin() && participant["isAdmin"] && !participant["isSuperAdmin"];
  }
}

export class GroupMetadataModel extends Model {
  static override props = [
    "subject",
    "desc",
    "announce",
    "restrict",
    "stale",
    "owner",
    "creation",
  ];
  static override defaults = {
    stale: false,
    announce: false,
    restrict: false,
    isLidAddressingMode: false,
    groupType: "DEFAULT",
    memberAddMode: "admin_add",
  };
  declare participants: ParticipantCollection;

  constructor(attributes: Exports = {}) {
    super({ ...attributes, participants: undefined });
    this.participants = new ParticipantCollection();
    for (const each of attributes["participants"] ?? []) {
      this.participants.add({ ...each, id: Wid.of(each.id) });
    }
  }
  get proxyName(): string {
    return "groupMetadata";
  }
  canSetSubject(): boolean {
    return this.participants.iAmAdmin();
  }
  canSetDescription(): boolean {
    return this.participants.iAmAdmin();
  }
  canSetGroupProperty(): boolean {
    return this.participants.iAmAdmin();
  }
  canSetEphemeralSetting(): boolean {
    return this.participants.iAmAdmin();
  }
  override toJSON(): Exports {
    return { ...super.toJSON(), participants: this.participants.map((each) => each.toJSON()) };
  }
}

export class ChatstateModel extends Model {
  static override props = ["type", "t", "deny"];
}

export class PresenceModel extends Model {
  constructor(attributes: Exports = {}) {
    super(attributes);
    this["chatstate"] = new ChatstateModel({ id: attributes["id"] });
    this["chatstates"] = new Collection();
  }
  subscribe(): Promise<void> {
    this["isSubscribed"] = true;
    this["hasData"] = true;
    return Promise.resolve();
  }
  get isUser(): boolean {
    return this["id"].isUser();
  }
  get isGroup(): boolean {
    return this["id"].isGroup();
  }
}

export class MediaDataModel extends Model {
  static override props = ["mediaStage", "type", "mimetype", "filehash", "size", "mediaBlob"];
  get proxyName(): string {
    return "mediaData";
  }
}

export class MuteModel extends Model {
  get proxyName(): string {
    return "mute";
  }
  canMute(): boolean {
    return true;
  }
}

const MEDIA_TYPES = ["image", "video", "audio", "ptt", "sticker", "document", "ptv"];

export class MsgModel extends Model {
  static override props = [
    "ack",
    "body",
    "caption",
    "type",
    "subtype",
    "star",
    "isNewMsg",
    "latestEditMsgKey",
    "latestEditSenderTimestampMs",
    "mediaData",
    "hasReaction",
    "t",
    "from",
    "to",
    "author",
    "notifyName",
    "isUnsentMedia",
    "protocolMessageKey",
  ];
  static override defaults = { ack: 0, star: false, invis: false, isNewMsg: false };

  constructor(attributes: Exports = {}) {
    super(attributes);
    if (this["id"] && !(this["id"] instanceof MsgKey))
      this["id"] = MsgKey.fromString(this["id"]);
    if (this.isMedia) this["mediaData"] ??= mediaDataOf(attributes);
  }
  get proxyName(): string {
    return "msg";
  }
  get senderObj(): ContactModel {
    return stores.contacts.gadd(this.sender);
  }
  get sender(): Wid {
    return this["author"] || this["id"].participant || this["from"];
  }
  get isSentByMe(): boolean {
    return this["id"].fromMe;
  }
  get isMedia(): boolean {
    return MEDIA_TYPES.includes(this["type"]);
  }
  get isMMS(): boolean {
    return this.isMedia;
  }
  get isNotification(): boolean {
    const { type } = this;
    return type === "gp2" || type === "e2e_notification" || type === "notification_template";
  }
  get isStatusV3(): boolean {
    return this["id"].remote.isStatus();
  }
  get quotedMsgObj(): () => unknown {
    return () => this["quotedMsg"];
  }
  get mediaObject(): Exports | undefined {
    return this.isMedia
      ? { type: String(this["type"]).toUpperCase(), filehash: this["filehash"] }
      : undefined;
  }
  updateAck(ack: number): void {
    this["ack"] = ack;
  }
  msgContextInfo(): Exports {
    const quotedMsg = { type: this["type"], body: this["body"], caption: this["caption"] };
    return {
      quotedMsg,
      quotedStanzaID: this["id"].id,
      quotedParticipant: this.sender,
      quotedRemoteJid: undefined,
    };
  }
  async downloadMedia(): Promise<void> {
    const bytes: unknown = await importNamespace("WAWebMediaLruStore")["LruMediaStore"].get(
      this["filehash"],
    );
    this["mediaData"].mediaStage = bytes ? "RESOLVED" : "ERROR_MISSING";
  }
  override toJSON(): Exports {
    const plain = super.toJSON();
    if (!(this["mediaData"] instanceof Model)) return plain;
    const { mediaBlob: _blob, ...mediaData } = this["mediaData"].toJSON();
    return { ...plain, mediaData };
  }
}

/** A message that is added with no more than its file's attributes gets the model of them. */
function mediaDataOf(attributes: Exports): MediaDataModel {
  const { type, mimetype, filehash, size } = attributes;
  return new MediaDataModel({ type, mimetype, filehash, size, mediaStage: "RESOLVED" });
}

/** The messages of one chat; each is in the store of all messages too. */
export class ChatMsgsCollection extends Collection<MsgModel> {
  static override model = MsgModel;
}

export class ModelChatBase extends Model {
  onEmptyMRM(): never {
    throw new Error("onEmptyMRM not implemented");
  }
}

export class ChatModel extends ModelChatBase {
  static override props = [
    "unreadCount",
    "archive",
    "pin",
    "t",
    "name",
    "lastReceivedKey",
    "active",
    "pausedTimerId",
    "groupMetadata",
  ];
  static override silent = new Set(["contact", "presence"]);
  static override defaults = {
    unreadCount: 0,
    archive: false,
    isReadOnly: false,
    pin: 0,
    notSpam: true,
    labels: [],
  };

  constructor(attributes: Exports = {}) {
    super({ ...attributes, msgs: undefined });
    const id: Wid = this["id"];
    this["msgs"] = new ChatMsgsCollection();
    this["presence"] = stores.presences.gadd(id);
    this["contact"] = stores.contacts.gadd(id);
    this["mute"] ??= new MuteModel({ id, expiration: 0 });
    if (id.isGroup()) this["groupMetadata"] = stores.groups.get(id);
  }
  get proxyName(): string {
    return "chat";
  }
  get formattedTitle(): string {
    return (
      this["name"] || this["contact"]?.name || this["contact"]?.pushname || this["id"].user
    );
  }
  get isParentGroup(): boolean {
    return false;
  }
  get kind(): string {
    return this["id"].isGroup() ? "group" : "chat";
  }
  get canSend(): boolean {
    return true;
  }
  getLastReceivedMsg(): MsgModel | undefined {
    return this["msgs"].last();
  }
  loadEarlierMsgs(): Promise<MsgModel[]> {
    return Promise.resolve([]);
  }
}

export class MsgCollection extends Collection<MsgModel> {
  static override model = MsgModel;
  override add(given: unknown, options?: { merge?: boolean; silent?: boolean }): MsgModel[] {
    const added = super.add(given, options);
    for (const message of added) {
      const { remote } = message["id"];
      const chat = chatStoreOf(remote).get(remote);
      if (chat && !chat["msgs"].get(message["id"])) chat["msgs"].add(message, options);
    }
    return added;
  }
  processMultipleMessages(chat: Wid, raws: Exports[]): Promise<void> {
    return importNamespace("WAWebMsgProcess")["process"](chat, raws);
  }
  getMessagesById(ids: unknown[]): Promise<{ messages: MsgModel[] }> {
    return Promise.resolve({ messages: ids.flatMap((id) => this.get(id) ?? []) });
  }
}

export class ChatCollection extends Collection<ChatModel> {
  static override model = ChatModel;
  getActive(): ChatModel | undefined {
    return this.findFirst((chat) => chat["active"]);
  }
}

export class ContactCollection extends Collection<ContactModel> {
  static override model = ContactModel;
  override gadd(id: unknown, options?: { silent?: boolean }): ContactModel {
    return super.gadd(Wid.of(id), options);
  }
  protected override findMissing(id: unknown): Promise<ContactModel> {
    return Promise.resolve(this.gadd(id));
  }
  getMeContact(): ContactModel {
    return this.gadd(account.me?.pn);
  }
  getFilteredContacts(): ContactModel[] {
    return this.models;
  }
}

export class GroupMetadataCollection extends Collection<GroupMetadataModel> {
  static override model = GroupMetadataModel;
  onParentGroupChange(): void {
    // Communities are not simulated.
  }
  update(id: unknown): Promise<GroupMetadataModel | undefined> {
    return Promise.resolve(this.get(id));
  }
}

export class PresenceCollection extends Collection<PresenceModel> {
  static override model = PresenceModel;
}

export class PictureModel extends Model {
  get proxyName(): string {
    return "profilePicThumb";
  }
}

export class PictureCollection extends Collection<PictureModel> {
  static override model = PictureModel;
  protected override findMissing(id: unknown): Promise<PictureModel | undefined> {
    return Promise.resolve(this.add({ id: Wid.of(id), eurl: "" })[0]);
  }
}

export const stores = {
  contacts: new ContactCollection(),
  presences: new PresenceCollection(),
  pictures: new PictureCollection(),
  groups: new GroupMetadataCollection(),
  chats: new ChatCollection(),
  newsletters: new ChatCollection(),
  messages: new MsgCollection(),
};

/** The web client has channels apart from chats. */
export function chatStoreOf(id: Wid): ChatCollection {
  return id.isNewsletter() ? stores.newsletters : stores.chats;
}

/** The message of this id; the network may leave out the writer that the page's key names. */
export function findMessage(id: unknown): MsgModel | undefined {
  const found = stores.messages.get(id);
  if (found) return found;
  const wanted = MsgKey.fromString(id);
  const { remote } = wanted;
  // The network may have come to name the chat by the person's other identity.
  for (const chat of [remote, remote.isLid() ? account.toPhone(remote) : account.toLid(remote)]) {
    const inChat: ChatMsgsCollection | undefined = chat && chatStoreOf(chat).get(chat)?.["msgs"];
    const found = inChat?.findFirst((each) => {
      // One that was deleted for everyone is here under another id.
      const key: MsgKey = each["type"] === "revoked" ? originalKey(each) : each["id"];
      return key.id === wanted.id && key.fromMe === wanted.fromMe;
    });
    if (found) return found;
  }
  return undefined;
}

/** The id that a message had before it was deleted for everyone. */
export function originalKey(message: MsgModel): MsgKey {
  return message["protocolMessageKey"] ?? message["id"];
}

/** The id that the network knows a message by. */
export function networkId(message: MsgModel): string {
  return message["networkId"] ?? String(idText(message));
}
