// A page for the agent to run in: wa-js as far as it is used, the gateway's binding, a clock.
// TypeScript holds it to wa-js' own types: a function that is renamed there is missing here.
import { mock } from "node:test";
import type * as WaJs from "@wppconnect/wa-js";
import type { EventBody, Report } from "../src/wire";

/** The same arguments, and whatever a test wants to answer. */
type Loose<T> = T extends (...args: infer A) => unknown ? (...args: A) => unknown : unknown;
type Part<T, K extends keyof T> = { [N in K]: Loose<T[N]> };
type Events = WaJs.ev.EventTypes;
type EventName = keyof Events;
type Functions = typeof WaJs.whatsapp.functions;

export interface Fake {
  isInjected: boolean;
  isFullReady: boolean;
  on: (name: EventName, listener: (what: never) => void) => void;
  off: (name: EventName, listener: (what: never) => void) => void;
  listeners: (name: EventName) => ((what: never) => void)[];
  conn: Part<
    typeof WaJs.conn,
    | "genLinkDeviceCodeForPhoneNumber"
    | "getAuthCode"
    | "getMyUserId"
    | "getMyUserLid"
    | "isAuthenticated"
    | "isIdle"
    | "logout"
    | "markAvailable"
    | "markUnavailable"
    | "refreshQR"
    | "setKeepAlive"
  >;
  chat: Part<
    typeof WaJs.chat,
    | "archive"
    | "deleteMessage"
    | "downloadMedia"
    | "editMessage"
    | "find"
    | "generateMessageID"
    | "get"
    | "getMessageACK"
    | "getMessageById"
    | "getMessages"
    | "getQuotedMsgKey"
    | "getReactions"
    | "getVotes"
    | "list"
    | "markIsComposing"
    | "markIsPaused"
    | "markIsRead"
    | "sendCreatePollMessage"
    | "sendFileMessage"
    | "sendLocationMessage"
    | "sendReactionToMessage"
    | "sendTextMessage"
    | "sendRawMessage"
  >;
  contact: Part<typeof WaJs.contact, "get" | "getProfilePictureUrl" | "list" | "queryExists">;
  group: Part<
    typeof WaJs.group,
    | "addParticipants"
    | "create"
    | "getParticipants"
    | "iAmAdmin"
    | "removeParticipants"
    | "setDescription"
  >;
  whatsapp: {
    functions: Partial<Record<keyof Functions, unknown>>;
    WidFactory: Part<typeof WaJs.whatsapp.WidFactory, "createWid">;
    UserPrefs: Part<typeof WaJs.whatsapp.UserPrefs, "getMaybeMePnUser">;
    lidPnCache: Part<typeof WaJs.whatsapp.lidPnCache, "getCurrentLid" | "getPhoneNumber">;
    MsgStore: { get: (id: unknown) => unknown };
    ChatStore: FakeStore;
    ContactStore: FakeStore;
    GroupMetadataStore: { get: (id: unknown) => unknown };
    Stream: { mode?: string };
    Socket: { state?: string };
    Conn: { pushname?: string; platform?: string };
    Cmd: Record<string, unknown>;
  };
}

/** The agent's own self-test goes by these names. */
const FUNCTIONS: (keyof Functions)[] = [
  "findOrCreateLatestChat",
  "addAndSendMsgToChat",
  "getEphemeralFields",
  "unixTime",
  "canEditMsg",
  "canEditCaption",
  "addAndSendMessageEdit",
  "sendReactionToMsg",
  "msgFindByDirection",
  "sendCreateGroup",
  "sendAddParticipants",
  "removeParticipants",
  "sendSeen",
  "genLinkDeviceCodeForPhoneNumber",
];

class FakeStore {
  private readonly listeners = new Map<string, ((...what: unknown[]) => void)[]>();
  readonly models = new Map<string, object>();

  on(name: string, listener: (...what: never[]) => void): void {
    const known = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...known, listener as (...what: unknown[]) => void]);
  }
  get(id: unknown): object | undefined {
    return this.models.get(String(id));
  }
  trigger(name: string, ...what: unknown[]): void {
    for (const listener of this.listeners.get(name) ?? []) listener(...what);
  }
}

export const ME = "15557654321@c.us";
export const MY_LID = "100015557654321@lid";
export const ADA = "15550000011@c.us";
export const GROUP = "120363000000000001@g.us";

/** An id as the page has it. */
export function wid(text: string) {
  return { _serialized: text, toString: () => text };
}

export function model(id: string, attributes: object = {}) {
  const [fromMe, remote = ""] = id.split("_");
  const from = wid(fromMe === "true" ? ME : remote);
  return { id: { ...wid(id), remote: wid(remote) }, type: "chat", t: 5, from, ...attributes };
}

export class Page {
  readonly said: Report[] = [];
  reloads = 0;
  /** The code that the page shows; null where it shows none. */
  screenCode: string | null = null;
  /** Events of the page's main screen that nobody listens to. */
  readonly unheard = new Set<string>();
  readonly kept = new Map<string, string>();
  /** Chats and messages that the page holds, by id. */
  readonly chats = new Map<string, Record<string, unknown>>();
  readonly messages = new Map<string, object>();
  /** What it knows of groups. */
  readonly groups = new Map<string, object>();
  /** Hidden identities by number. */
  readonly lids = new Map<string, string>([[ME, MY_LID]]);
  readonly wpp: Fake;
  private readonly listeners = new Map<EventName, ((what: never) => void)[]>();

  constructor() {
    this.wpp = this.makeWpp();
    const window = {
      WPP: this.wpp,
      wagateReport: (text: string) => this.said.push(JSON.parse(text) as Report),
      Debug: { VERSION: "2.3000.1" },
    };
    Object.assign(globalThis, {
      window: Object.assign(window, { top: window }),
      sessionStorage: {
        getItem: (name: string) => this.kept.get(name) ?? null,
        setItem: (name: string, value: string) => this.kept.set(name, value),
        removeItem: (name: string) => this.kept.delete(name),
      },
      location: { reload: () => (this.reloads += 1) },
      document: {
        querySelector: () =>
          this.screenCode === null ? null : { getAttribute: () => this.screenCode },
      },
    });
  }

  emit(name: EventName, what: unknown): void {
    for (const listener of this.heard(name)) listener(what as never);
  }

  /** Whoever listens to wa-js does so no more. */
  deafen(): void {
    this.listeners.clear();
  }

  private heard(name: EventName): ((what: never) => void)[] {
    return this.listeners.get(name) ?? [];
  }

  /** What was reported of one kind. */
  reports<R extends Report["report"]>(kind: R): Extract<Report, { report: R }>[] {
    return this.said.filter((each) => each.report === kind) as Extract<Report, { report: R }>[];
  }

  get events(): EventBody[] {
    return this.reports("happened").map(({ event }) => event);
  }

  private makeWpp(): Fake {
    const on = (name: EventName, listener: (what: never) => void): void => {
      this.listeners.set(name, [...this.heard(name), listener]);
    };
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    const taken = (id: unknown) => Promise.resolve({ id, ack: 1, sendMsgResult: null });
    const phones = () => new Map([...this.lids].map(([phone, lid]) => [lid, phone]));
    const idIn = (options: unknown) => (options as { messageId: string }).messageId;
    return {
      isInjected: true,
      isFullReady: true,
      on,
      off: (name, listener) => {
        this.listeners.set(name, this.heard(name).filter((known) => known !== listener));
      },
      listeners: (name) => this.heard(name),
      conn: {
        genLinkDeviceCodeForPhoneNumber: () => Promise.resolve("ABCD1234"),
        getAuthCode: () => Promise.resolve(null),
        getMyUserId: () => wid(ME),
        getMyUserLid: () => wid(MY_LID),
        isAuthenticated: () => true,
        isIdle: () => false,
        logout: nothing,
        markAvailable: nothing,
        markUnavailable: nothing,
        refreshQR: nothing,
        setKeepAlive: () => true,
      },
      chat: {
        archive: nothing,
        deleteMessage: nothing,
        downloadMedia: nothing,
        editMessage: nothing,
        find: (id) => Promise.resolve(this.chats.get(String(id)) ?? { id: wid(String(id)) }),
        generateMessageID: (chat) => {
          const [text, writer] = [chat as string, `_${MY_LID}`];
          return Promise.resolve(wid(`true_${text}_X${text.endsWith("@g.us") ? writer : ""}`));
        },
        get: (id) => this.chats.get(String(id)),
        getMessageACK: () => Promise.resolve({ participants: [] }),
        getMessageById: (id) => Promise.resolve(this.messages.get(String(id))),
        getMessages: () => Promise.resolve([]),
        getQuotedMsgKey: () => wid("true_1_Q"),
        getReactions: () => Promise.resolve({ reactions: [] }),
        getVotes: () => Promise.reject(new Error("no votes are kept here")),
        list: () => Promise.resolve([...this.chats.values()]),
        markIsComposing: nothing,
        markIsPaused: nothing,
        markIsRead: nothing,
        sendCreatePollMessage: (_chat, _name, _choices, options) => taken(idIn(options)),
        sendFileMessage: (_chat, _file, options) => taken(idIn(options)),
        sendLocationMessage: (_chat, options) => taken(idIn(options)),
        sendReactionToMessage: nothing,
        sendTextMessage: (_chat, _body, options) => taken(idIn(options)),
        sendRawMessage: (_chat, _message, options) => taken(idIn(options)),
      },
      contact: {
        get: nothing,
        getProfilePictureUrl: nothing,
        list: () => Promise.resolve([]),
        queryExists: (id) => Promise.resolve({ wid: id }),
      },
      group: {
        addParticipants: () => Promise.resolve({}),
        create: () => Promise.resolve({ gid: wid(GROUP), participants: {} }),
        getParticipants: () => Promise.resolve([{ id: wid(ME) }]),
        iAmAdmin: () => Promise.resolve(true),
        removeParticipants: nothing,
        setDescription: nothing,
      },
      whatsapp: {
        functions: {
          ...Object.fromEntries(FUNCTIONS.map((name) => [name, () => undefined])),
          queryWidExists: (id: unknown) => Promise.resolve({ wid: id }),
        },
        WidFactory: { createWid: (text) => wid(String(text)) },
        UserPrefs: { getMaybeMePnUser: () => wid(ME) },
        lidPnCache: {
          getCurrentLid: (id) => named(this.lids.get(String(id))),
          getPhoneNumber: (id) => named(phones().get(String(id))),
        },
        MsgStore: { get: (id) => this.messages.get(String(id)) },
        ChatStore: new FakeStore(),
        ContactStore: new FakeStore(),
        GroupMetadataStore: { get: (id) => this.groups.get(String(id)) },
        Stream: { mode: "MAIN" },
        Socket: { state: "CONNECTED" },
        Conn: { pushname: "Owner", platform: "android" },
        Cmd: {
          archiveChat: nothing,
          refreshQR: nothing,
          sendDeleteMsgs: nothing,
          sendRevokeMsgs: nothing,
          getListenersCount: (event: string) => (this.unheard.has(event) ? 0 : 1),
        },
      },
    };
  }
}

function named(id: string | undefined) {
  return id === undefined ? undefined : wid(id);
}

/** Time stands still from here on, and passes only in {@link pass}. */
export function stopTime(): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"] });
}

export async function pass(milliseconds: number): Promise<void> {
  const STEP = 20;
  await settle();
  for (let passed = 0; passed < milliseconds; passed += STEP) {
    mock.timers.tick(Math.min(STEP, milliseconds - passed));
    await settle();
  }
}

/** Lets everything happen that waits for no time. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
}
