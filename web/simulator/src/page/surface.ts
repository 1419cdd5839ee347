// Other modules that page libraries search for: classes and stores by name, constant settings,
// and stubs of functions that are not simulated, which fail with a clear error.
import { Collection, Emitter, Model } from "./base";
import { MsgKey, Wid } from "./ids";
import { defineAll, type Exports } from "./loader";
import * as models from "./models";
import { stores } from "./models";
import { MsgInfoCollection, MsgInfoModel } from "./receipts";
import unsupported from "./unsupported.json";

/** Stores that stay empty: store, prototype name. Their modules are named after them. */
const EMPTY: [string, string][] = [
  ["BlocklistCollection", "blocklist"],
  ["LabelCollection", "label"],
  ["StatusCollection", "statusV3"],
  ["TextStatusCollection", "status"],
  ["ReactionsCollection", "reactions"],
  ["QuickReplyCollection", "quickReply"],
  ["StarredMsgCollection", "starredMsg"],
  ["OrderCollection", "order"],
  ["CatalogCollection", "catalog"],
  ["CartCollection", "cart"],
  ["BusinessProfileCollection", "businessProfile"],
  ["BotProfileCollection", "botProfile"],
  ["MuteCollection", "muteItem"],
  ["PinInChatCollection", "pinInChat"],
];

function modelNamed(proxyName: string): typeof Model {
  const named = class extends Model {};
  Object.defineProperty(named.prototype, "proxyName", { value: proxyName });
  return named;
}

function defineEmptyStores(): Exports {
  const made: Exports = {};
  for (const [name, proxyName] of EMPTY) {
    const model = modelNamed(proxyName);
    const type = class extends Collection {
      static override model = model;
    };
    const store = new type();
    made[name] = store;
    const withType = /Status|Blocklist|Starred/.test(name);
    defineAll({
      [`WAWeb${name}`]: () =>
        withType ? { [name]: store, [`${name}Impl`]: type } : { [name]: store },
      [`WAWeb${name.replace("Collection", "Model")}`]: () => ({ default: model }),
    });
  }
  return made;
}

const wid = (given: unknown): Wid => Wid.of(given);

/** A class of its own: libraries find the store by it. */
class CallCollection extends Collection {
  processIncomingCall(call: unknown): Model | undefined {
    return this.add(call)[0];
  }
  setActiveCall(call: unknown): unknown {
    return call;
  }
}

function defineStores(empty: Exports): void {
  const calls = new CallCollection();
  const messageInfo = new MsgInfoCollection();
  defineAll({
    WAWebContactCollection: () => ({
      ContactCollection: stores.contacts,
      ContactCollectionImpl: models.ContactCollection,
    }),
    WAWebContactModel: () => ({ default: models.ContactModel }),
    WAWebChatCollection: () => ({
      ChatCollection: stores.chats,
      ChatCollectionImpl: models.ChatCollection,
    }),
    WAWebChatModel: () => ({ default: models.ChatModel }),
    WAWebSuperChatMsgs: () => ({ default: models.ModelChatBase }),
    WAWebMsgCollection: () => ({ MsgCollection: stores.messages }),
    WAWebMsgModel: () => ({ default: models.MsgModel }),
    WAWebMsgInfoCollection: () => ({ MsgInfoCollection: messageInfo }),
    WAWebMsgInfoModel: () => ({ default: MsgInfoModel }),
    WAWebMediaDataModel: () => ({ default: models.MediaDataModel }),
    WAWebMuteModel: () => ({ default: models.MuteModel }),
    WAWebGroupMetadataCollection: () => ({ default: stores.groups }),
    WAWebGroupMetadataModel: () => ({ default: models.GroupMetadataModel }),
    WAWebParticipantCollection: () => ({ default: models.ParticipantCollection }),
    WAWebParticipantModel: () => ({ default: models.ParticipantModel }),
    WAWebPresenceCollection: () => ({ PresenceCollection: stores.presences }),
    WAWebPresenceModel: () => ({
      Presence: models.PresenceModel,
      Chatstate: models.ChatstateModel,
    }),
    WAWebProfilePicThumbCollection: () => ({
      ProfilePicThumbCollection: stores.pictures,
      ProfilePicThumbCollectionImpl: models.PictureCollection,
    }),
    WAWebProfilePicThumbModel: () => ({ default: models.PictureModel }),
    WAWebChatLoadMessages: () => ({
      ChatMsgsCollection: models.ChatMsgsCollection,
      loadEarlierMsgs: () => Promise.resolve([]),
    }),
    WAWebNewsletterCollection: () => ({ default: stores.newsletters }),
    WAWebCallCollection: () => ({ default: calls, CallCollectionImpl: CallCollection }),
    WAWebCallModel: () => ({
      default: class extends Model {
        getState(): unknown {
          return this["state"];
        }
      },
    }),
    WAWebCollections: () => ({
      Msg: stores.messages,
      Chat: stores.chats,
      Contact: stores.contacts,
      GroupMetadata: stores.groups,
      Presence: stores.presences,
      ProfilePicThumb: stores.pictures,
      Label: empty["LabelCollection"],
      Blocklist: empty["BlocklistCollection"],
      Status: empty["StatusCollection"],
      Call: calls,
      BusinessProfile: empty["BusinessProfileCollection"],
      Reactions: empty["ReactionsCollection"],
      PinInChat: empty["PinInChatCollection"],
      WAWebNewsletterCollection: stores.newsletters,
      WAWebCallCollection: calls,
    }),
  });
}

function defineClasses(): void {
  defineAll({
    WAWebEventEmitter: () => ({ default: Emitter }),
    WAWebBaseModel: () => ({ BaseModel: Model, defineModel: (type: unknown) => type }),
    WAWebBaseCollection: () => ({ BaseCollection: Collection }),
    WAWebCollection: () => ({
      default: class extends Collection {
        static doc(): string {
          return "Collection initialized without model";
        }
      },
    }),
    WAWebWid: () => ({ default: Wid }),
    WAWebMsgKey: () => ({ default: MsgKey }),
    WAWebWidFactory: () => ({
      ...Object.fromEntries(
        [
          "createWid",
          "createWidFromWidLike",
          "asUserWidOrThrow",
          "asUserLidOrThrow",
          "toUserWid",
          "toUserWidOrThrow",
          "toChatWid",
          "asChatWid",
          "createDeviceWid",
        ].map((name) => [name, wid]),
      ),
      createUserWidOrThrow: (user: string, server?: string) =>
        wid(user.includes("@") ? user : `${user}@${server ?? "c.us"}`),
      createUserLidOrThrow: (user: string) => wid(user.includes("@") ? user : `${user}@lid`),
      isWidlike: (given: unknown) =>
        typeof given === "object" && given !== null && "user" in given && "server" in given,
    }),
    WAWebWidToJid: () => ({
      widToUserJid: (id: Wid) => id.toJid(),
      widToChatJid: (id: Wid) => id.toJid(),
      widToGroupJid: (id: Wid) => id.toJid(),
    }),
    WAWebJidToWid: () => ({
      userJidToUserWid: wid,
      groupJidToGroupWid: wid,
      newsletterJidToWid: wid,
    }),
    WAJids: () => ({
      GROUP_JID: "GROUP_JID",
      CHAT_JID: "CHAT_JID",
      STATUS_JID: "status@broadcast",
    }),
  });
}

function defineSettings(): void {
  defineAll({
    WAWebABPropsCache: () => ({
      getABPropConfigValue: () => undefined,
      getAllABPropConfigs: () => [],
      getAllABPropsMap: () => new Map(),
      getABPropConfigNameFromCode: () => undefined,
    }),
    WAWebServerPropConstants: () => ({
      MAX_FILE_SIZE_BYTES: 2147483648,
      MULTICAST_LIMIT_GLOBAL: 5,
    }),
    WAWebBackendJobsCommon: () => ({
      mediaTypeFromProtobuf: () => null,
      encodeMaybeMediaType: (type: unknown) => type,
    }),
    WAWebE2EProtoUtils: () => ({ typeAttributeFromProtobuf: () => "text" }),
    WAWebE2EProtoGenerator: () => ({
      createMsgProtobuf: (message: Exports) => ({ conversation: message["body"] }),
    }),
    WAWebSendMsgCreateFanoutStanza: () => ({
      createFanoutMsgStanza: () => Promise.resolve({ content: [] }),
    }),
    WAWebEncryptAndSendMsg: () => ({ encryptAndSendMsg: () => Promise.resolve(null) }),
    WAWebUnreadMsgUtils: () => ({ getIsUnreadType: () => true }),
    WAWebNonJidMentionType: () => ({ default: { MENTION_ALL: 1 } }),
    WAWebFrontendChatGetters: () => ({
      getShouldAppearInList: () => true,
      getPreviewMessage: (chat: models.ChatModel) => chat["msgs"].last(),
      getShowChangeNumberNotification: () => false,
      getShouldShowUnreadDivider: (chat: models.ChatModel) => chat["unreadCount"] > 0,
    }),
    WAWebChatGetters: () => ({
      getHasUnread: (chat: models.ChatModel) => chat["unreadCount"] !== 0,
      getIsNewsletter: (chat: models.ChatModel) => chat["id"].isNewsletter(),
      getIsBroadcast: (chat: models.ChatModel) => chat["id"].isBroadcast(),
      getIsGroup: (chat: models.ChatModel) => chat["id"].isGroup(),
    }),
    WAWebChatSearchQuery: () => ({
      SearchQuery: class {
        filter: unknown;
        updateLabelQuery(filter: unknown): void {
          this.filter = filter;
        }
      },
    }),
    WAWebChatMessageSearch: () => ({
      getSearchContext: () => ({
        collection: Object.assign(new Collection(), {
          loadAroundPromise: Promise.resolve(),
        }),
      }),
    }),
    WAWebPhoneUtils: () => ({ formatPhoneNumber: (phone: string) => phone }),
    WAWebPresenceChatAction: () => ({
      sendPresenceAvailable: () => Promise.resolve(),
      sendPresenceUnavailable: () => Promise.resolve(),
    }),
    WAWebSyncGatingUtils: () => ({}),
  });
}

/** A function that page libraries search for and that is not simulated. */
function refusing(name: string): (...args: unknown[]) => Promise<never> {
  return () => Promise.reject(new Error(`not simulated: ${name}`));
}

interface Unsupported {
  functions: string[];
  model?: string;
  default?: string[];
}

function defineUnsupported(): void {
  for (const [id, what] of Object.entries(unsupported as Record<string, Unsupported>)) {
    defineAll({
      [id]: () => {
        const exports: Exports = Object.fromEntries(
          what.functions.map((name) => [name, refusing(name)]),
        );
        if (what.model) exports["default"] = modelNamed(what.model);
        if (what.default) {
          exports["default"] = Object.assign(
            refusing(id),
            Object.fromEntries(what.default.map((name) => [name, refusing(name)])),
          );
        }
        return exports;
      },
    });
  }
}

/** Called last: a module that is defined already is not replaced. */
export function defineSurface(): void {
  defineClasses();
  defineStores(defineEmptyStores());
  defineSettings();
  defineUnsupported();
}
