// Tells of what waits for somebody: numbers in the navigation and the title, a sound, a
// notification of the desktop. Messages that were missed meanwhile are counted, and make no sound.
import { listConversations } from "../api/chat";
import { Failure } from "../api/failure";
import { listChats } from "../api/inbox";
import { countNotifications } from "../api/people";
import type { GatewayEvent } from "../api/types";
import { listen } from "../live.svelte";
import { Pacer } from "../pacer";
import { repeatedly } from "../repeat";
import { strings } from "../../strings";
import { followTitle, showCount } from "./badge";
import { chime } from "./chime";
import { isMuted, wantsDesktop, wantsSound } from "./choices.svelte";

const EVERY = 30_000;
const PAUSE = 3_000;
/** Seconds: what is older came with the history. */
const RECENT = 120;
const CHANGES = ["message", "message_sent", "chat_updated", "ack", "message_revoked"];
const UNREAD = { search: "", unread: true, archived: false, tag: "", instance_id: "" };

/** What may be counted with the present credential. */
export interface Counted {
  chat: boolean;
  inbox: boolean;
  notifications: boolean;
}

let waiting = $state.raw({ chat: 0, inbox: 0, notifications: 0 });
let lookedAt: string | null = null;

export function currentlyWaiting(): typeof waiting {
  return waiting;
}

/** Counts and tells until what is returned is called: for an effect of the shell. */
export function followAlerts(counted: Counted): () => void {
  const count = async () => {
    const [chat, inbox, notifications] = await Promise.all([
      counted.chat ? orNothing(() => countChats()) : 0,
      counted.inbox ? orNothing(() => countInbox()) : 0,
      counted.notifications ? orNothing(countNotifications) : 0,
    ]);
    waiting = {
      chat: chat ?? waiting.chat,
      inbox: inbox ?? waiting.inbox,
      notifications: notifications ?? waiting.notifications,
    };
    showCount(waiting.chat);
  };
  const pacer = new Pacer(count, PAUSE);
  const stops = [
    followTitle(),
    repeatedly(count, EVERY),
    () => pacer.stop(),
    listen({
      event: (event) => {
        if (CHANGES.includes(event.event)) pacer.push();
        if (counted.chat && event.event === "message") void tell(event);
      },
      fresh: () => pacer.push(),
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Somebody looks at a chat, which needs no alerts until what is returned is called. */
export function lookAt(chat: string): () => void {
  lookedAt = chat;
  return () => {
    if (lookedAt === chat) lookedAt = null;
  };
}

/** Something was read here: the numbers follow at once. */
export function readOne(): void {
  waiting = { ...waiting, chat: Math.max(0, waiting.chat - 1) };
  showCount(waiting.chat);
}

async function tell({ data, timestamp }: GatewayEvent): Promise<void> {
  const { chatId: chat, fromMe: isOwn, isStatus, isChannel, body, notifyName: name } = data;
  if (typeof chat !== "string" || isOwn !== false || isStatus === true || isChannel === true) {
    return;
  }
  const isOld = timestamp < Date.now() / 1000 - RECENT;
  if (isOld || isMuted(chat) || lookedAt === chat) return;
  if (wantsSound()) chime();
  if (wantsDesktop() && document.visibilityState !== "visible") {
    const title = typeof name === "string" && name ? name : chat.split("@", 1)[0] ?? "";
    const text = typeof body === "string" && body ? await plain(body) : strings.alerts.noText;
    const shown = new Notification(title, { body: text.slice(0, 200), tag: chat });
    shown.onclick = () => {
      focus();
      shown.close();
      void goTo(chat);
    };
  }
}

/** A text without the signs of its formatting. What reads them is not in the first load. */
async function plain(body: string): Promise<string> {
  try {
    return (await import("../markup")).withoutSigns(body);
  } catch {
    // The gateway is away: the text as it stands is better than none.
    return body;
  }
}

/** A notification leads to its conversation, by the id that the page has for it. */
async function goTo(chat: string): Promise<void> {
  const search = chat.split("@", 1)[0] ?? "";
  const filter = { ...UNREAD, unread: false, search };
  const page = await orNothing(() => listConversations(filter, 1, 50));
  const found = page?.data.find(({ chat_id: id }) => id === chat);
  location.hash = found ? `#/chat?with=${encodeURIComponent(found.id)}` : "#/chat";
}

const countChats = async () => (await listConversations(UNREAD, 1, 1)).total;
const countInbox = async () =>
  (await listChats({ status: "OPEN,ASSIGNED", unread: true, limit: 1 })).total;

/** What cannot be counted now keeps its last number. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
