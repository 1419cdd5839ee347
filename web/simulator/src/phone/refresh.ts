// Refresh loop of the page's view, and runner of actions: one refresh at a time, whose result is
// dropped if the choice of person or chat changed meanwhile.
import type { Account, Chat, Device, Jid, Message } from "./types";
import { askForKey, isRefused } from "./access";
import * as control from "./control";
import { complain, forget, say, setProblem } from "./notice";

export interface View {
  accounts: Account[];
  devices: Device[];
  chats: Chat[];
  messages: Message[];
  sessions: control.WaitingSession[];
}

/** Pause between attempts when the gateway does not answer, in milliseconds. */
const PAUSE = 1_500;
/**
 * Answers without a change after which everything is fetched anyway: a device that connects is no
 * change on a phone.
 */
const QUIET = 4;
/** The session API counts requests; the control API does not. */
const SESSIONS_INTERVAL = 5_000;
const PERSON = "person";

/** The chosen person, and the chosen chat. */
export const chosen = { person: sessionStorage.getItem(PERSON) ?? "", chat: "" };

const listeners: ((view: View) => void)[] = [];
let sessions: control.WaitingSession[] = [];
let shown: View | undefined;
/** The view on the screen: behind `shown` only while a pointer is pressed. */
let drawn: View | undefined;
let isPressed = false;
let sessionsAsked = Number.NEGATIVE_INFINITY;
let eagerLooks = 0;
let running: Promise<void> | undefined;
/** Number of requested refreshes: a refresh that began before the last request is out of date. */
let asked = 0;

export function onView(listener: (view: View) => void): void {
  listeners.push(listener);
}

export function choosePerson(phone: string): void {
  chosen.person = phone;
  chosen.chat = "";
  sessionStorage.setItem(PERSON, phone);
}

export function chooseChat(chat: Jid): void {
  chosen.chat = chat;
}

/** Fetches and shows everything, again if another refresh is requested meanwhile. */
export function refresh(): Promise<void> {
  asked += 1;
  running ??= look().finally(() => {
    running = undefined;
  });
  return running;
}

async function look(): Promise<void> {
  let answered: number;
  do {
    answered = asked;
    try {
      await lookOnce();
      setProblem("");
    } catch (error) {
      if (!handleRefusal(error)) setProblem(`${wordsOf(error)} Trying again.`);
      return;
    }
  } while (answered !== asked);
}

async function lookOnce(): Promise<void> {
  const accounts = await control.accounts();
  if (!accounts.some(({ phone }) => phone === chosen.person)) {
    choosePerson(accounts[0]?.phone ?? "");
  }
  const { person, chat } = chosen;
  const [devices, chats, messages] = await Promise.all([
    person ? control.devices(person) : [],
    person ? control.chats(person) : [],
    person && chat ? control.messages(person, chat) : [],
    lookAtSessions(),
  ]);
  if (person !== chosen.person || chat !== chosen.chat) return;
  show({ accounts, devices, chats, messages, sessions });
}

function pause(): Promise<void> {
  return new Promise((over) => window.setTimeout(over, PAUSE));
}

/** Refreshes the list of waiting sessions alone. */
async function refreshSessions(): Promise<void> {
  const before = asked;
  try {
    await lookAtSessions();
  } catch (error) {
    if (!handleRefusal(error)) setProblem(`${wordsOf(error)} Trying again.`);
    return;
  }
  // A full refresh that began meanwhile shows them.
  if (shown && before === asked) show({ ...shown, sessions });
}

function show(view: View): void {
  shown = view;
  if (isPressed) return;
  drawn = view;
  for (const listener of listeners) listener(view);
}

/**
 * Holds drawing back while a pointer is pressed. An element that is redrawn between press and
 * release gets no click.
 */
export function holdWhilePressed(): void {
  addEventListener("pointerdown", () => (isPressed = true), true);
  const release = (): void => {
    // The click follows the release in the same task.
    window.setTimeout(() => {
      isPressed = false;
      if (shown && shown !== drawn) show(shown);
    });
  };
  addEventListener("pointerup", release, true);
  addEventListener("pointercancel", release, true);
  // Of the window, not of an element within it: a press moves the focus.
  addEventListener("blur", release);
}

async function lookAtSessions(): Promise<void> {
  const isDue = sessionsAsked + SESSIONS_INTERVAL <= performance.now();
  if (!isDue && eagerLooks === 0) return;
  eagerLooks = Math.max(0, eagerLooks - 1);
  sessionsAsked = performance.now();
  try {
    sessions = await control.waitingSessions();
  } catch (error) {
    // Over the rate limit the last list stays.
    if (!(error instanceof control.Failure) || error.status !== 429) throw error;
  }
}

/** A session takes a moment to become linked: the next refreshes include the sessions. */
export function expectOtherSessions(): void {
  eagerLooks = 3;
}

/** Runs an action, shows its outcome and refreshes the view. Returns whether it succeeded. */
export async function attempt(work: () => Promise<unknown>, done = ""): Promise<boolean> {
  forget();
  try {
    await work();
  } catch (error) {
    if (!handleRefusal(error)) complain(wordsOf(error));
    return false;
  }
  if (done) say(done);
  await refresh();
  return true;
}

function handleRefusal(error: unknown): boolean {
  const isRefusal = error instanceof control.Failure && error.needsKey;
  if (isRefusal) askForKey(`${error.message}.`);
  return isRefusal;
}

/** An error as a sentence. */
export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Refreshes the view for as long as the page is visible. */
export function keepFresh(): void {
  const isWatched = (): boolean => document.visibilityState === "visible" && !isRefused();
  const poll = async (): Promise<void> => {
    if (isWatched()) await refresh();
    for (let [revision, quiet] = [0, 0]; isWatched();) {
      if (0 < eagerLooks) {
        await pause();
        await refreshSessions();
        continue;
      }
      const before = revision;
      try {
        // The gateway answers when something changes, so that little is asked while nothing does.
        revision = await control.changeAfter(before);
      } catch {
        break;
      }
      quiet = revision === before ? quiet + 1 : 0;
      if (quiet % QUIET === 0) await refresh();
      else await refreshSessions();
    }
    await pause();
    void poll();
  };
  document.addEventListener("visibilitychange", () => {
    if (isWatched()) void refresh();
  });
  void poll();
}
