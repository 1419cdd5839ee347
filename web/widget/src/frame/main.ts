// The page in the frame of the widget. The page around says when it is opened and closed, hears
// how much is unread, and keeps the visit where the frame cannot.
import { choose, direction, spoken } from "../strings";
import { Refusal, ask } from "./api";
import { Chat } from "./chat";
import { VisitStore } from "./kept";
import type { Config } from "./types";
import { View } from "./view";

/** The pause before the widget is asked for again. */
const PAUSE = 5_000;

const wishes = new URLSearchParams(location.hash.slice(1));
const page = wishes.get("page") ?? location.origin;

function tell(message: Record<string, unknown>): void {
  if (window.parent !== window) window.parent.postMessage(message, page);
}

function hear(name: string, handle: (message: Record<string, unknown>) => void): void {
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.source !== window.parent || event.origin !== page) return;
    const message = event.data as Record<string, unknown>;
    if (message.wagate === name) handle(message);
  });
}

async function config(): Promise<Config> {
  for (;;) {
    try {
      return await ask<Config>("GET", "config");
    } catch (refusal) {
      if (!(refusal instanceof Refusal && refusal.isPassing)) throw refusal;
      await new Promise((next) => setTimeout(next, PAUSE));
    }
  }
}

async function start(): Promise<void> {
  const [found, store] = await Promise.all([config(), VisitStore.open({ tell, hear })]);
  const wished = wishes.get("lang") ?? "";
  const lang = wished || found.bot.language;
  const root = document.documentElement;
  root.lang = spoken(lang);
  root.dir = direction(lang);
  const theme = wishes.get("theme");
  if (theme === "dark" || theme === "light") root.className = theme;
  const strings = choose(lang);
  const view: View = new View(found, strings, {
    send: (text) => chat.send(text),
    person: () => void chat.person(),
    end: () => void chat.end(),
    again: () => chat.again(),
    close: () => tell({ wagate: "close" }),
    earlier: () => void chat.readEarlier(),
    rate: (rating) => void chat.rate(rating),
    tickets: () => chat.tickets(),
    open: (draft) => chat.open(draft),
  });
  const chat: Chat = new Chat(view, strings, root.lang, store, tell);
  hear("open", () => chat.opened(true));
  hear("close", () => chat.opened(false));
  tell({ wagate: "ready" });
  // A page of its own has nobody who opens it.
  if (window.parent === window) chat.opened(true);
  await chat.begin();
}

void start();
