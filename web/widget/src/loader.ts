// What a page brings in with one line: a button in a corner, and the frame that it opens. The frame
// is of the gateway's origin and talks to it alone. The page keeps a visit for a frame that can
// keep nothing itself.
import { onColour } from "./colour";
import type { Config } from "./frame/types";
import { choose, type Strings } from "./strings";

const COLOUR = "#1f6feb";
const STYLE = `
:host{all:initial}
.launcher,.panel{position:fixed;z-index:2147483000;bottom:20px}
.right .launcher,.right .panel{right:20px}
.left .launcher,.left .panel{left:20px}
.launcher{width:56px;height:56px;padding:0;border:0;border-radius:50%;cursor:pointer;
background:var(--brand);color:var(--on-brand);box-shadow:0 4px 16px #0005}
.launcher:focus-visible{outline:3px solid var(--on-brand);outline-offset:-6px;
box-shadow:0 0 0 3px var(--brand)}
.launcher svg{width:26px;height:26px;display:block;margin:auto}
.badge{position:absolute;top:-4px;right:-4px;min-width:20px;height:20px;border-radius:10px;
background:#b3261e;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center}
.panel{bottom:88px;width:380px;height:min(620px,calc(100vh - 108px));border-radius:14px;
overflow:hidden;box-shadow:0 8px 40px #0006;animation:rise .18s ease-out}
[hidden]{display:none!important}
iframe{width:100%;height:100%;border:0;display:block}
@keyframes rise{from{opacity:0;transform:translateY(12px)}}
@media(max-width:480px){.panel{inset:0!important;width:auto;height:auto;border-radius:0}
.open .launcher{display:none}}
@media(prefers-reduced-motion:reduce){.panel{animation:none}}
`;
const ICON = "M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";

const script = document.currentScript;
const bot = script instanceof HTMLScriptElement ? script.dataset.bot ?? "" : "";
if (script instanceof HTMLScriptElement && bot) {
  const base = new URL(".", script.src).href.replace(/\/$/, "");
  const { lang = "", theme = "" } = script.dataset;
  void start(base, { lang, theme });
} else {
  console.warn("wagate: the script of the widget needs data-bot with the token of a bot");
}

interface Wish {
  lang: string;
  theme: string;
}

async function start(base: string, wish: Wish): Promise<void> {
  try {
    const answer = await fetch(`${base}/api/v1/widget/${encodeURIComponent(bot)}/config`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const config = (await answer.json()) as Config;
    if (document.readyState === "loading") {
      await new Promise((next) => document.addEventListener("DOMContentLoaded", next));
    }
    show(base, config, wish);
  } catch (error) {
    console.warn("wagate: the widget is not shown here", error);
  }
}

/** What this tab, or this browser, keeps of the widget; nothing where the page may keep nothing. */
function kept(storage: "localStorage" | "sessionStorage", value?: string): string | null {
  try {
    if (value !== undefined) window[storage].setItem(`wagate:${bot}`, value);
    return window[storage].getItem(`wagate:${bot}`);
  } catch {
    return null;
  }
}

function show(base: string, { bot: { name, language, widget } }: Config, wish: Wish): void {
  const words: Strings = choose(wish.lang || language);
  const host = document.createElement("wagate-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const box = document.createElement("div");
  const corner = widget.position === "bottom-left" ? "left" : "right";
  const colour = widget.color ?? COLOUR;
  box.style.setProperty("--brand", colour);
  box.style.setProperty("--on-brand", onColour(colour));

  const button = document.createElement("button");
  button.type = "button";
  button.className = "launcher";
  button.append(icon(), badge());
  const panel = document.createElement("div");
  panel.className = "panel";
  panel.hidden = true;
  box.append(panel, button);
  root.append(box);
  document.body.append(host);

  let frame: HTMLIFrameElement | undefined;
  let isReady = false;
  let isOpen = false;
  const origin = new URL(base).origin;

  const post = (message: Record<string, unknown>) =>
    frame?.contentWindow?.postMessage(message, origin);
  const tell = (type: string) => {
    if (isReady) post({ wagate: type });
  };
  const load = () => {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = widget.title ?? name;
    const wishes = new URLSearchParams({ ...wish, page: location.origin });
    frame.src = `${base}/widget/${encodeURIComponent(bot)}#${wishes}`;
    panel.append(frame);
  };
  const label = (unread: number) => {
    const count = root.querySelector<HTMLElement>(".badge");
    if (count) {
      count.hidden = unread === 0;
      count.textContent = unread > 9 ? "9+" : String(unread);
    }
    const what = isOpen ? words.close : words.open;
    button.ariaLabel = unread > 0 ? `${what} (${words.unread(unread)})` : what;
    button.ariaExpanded = String(isOpen);
  };
  const set = (open: boolean) => {
    isOpen = open;
    if (open) load();
    panel.hidden = !open;
    box.className = open ? `${corner} open` : corner;
    kept("sessionStorage", open ? "open" : "");
    label(0);
    tell(open ? "open" : "close");
    if (open) frame?.focus();
    else button.focus();
  };
  button.addEventListener("click", () => set(!isOpen));
  host.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen) set(false);
  });
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    const isOurs = event.origin === origin && event.source === frame?.contentWindow;
    if (!isOurs || typeof event.data !== "object" || !event.data) return;
    const { wagate, unread, value } = event.data as {
      wagate?: string; unread?: number; value?: string;
    };
    if (wagate === "ready") {
      isReady = true;
      if (isOpen) tell("open");
    } else if (wagate === "close") set(false);
    else if (wagate === "load") post({ wagate: "kept", value: kept("localStorage") });
    else if (wagate === "keep" && typeof value === "string") kept("localStorage", value);
    else if (wagate === "unread" && typeof unread === "number") label(unread);
  });
  box.className = corner;
  label(0);
  // A conversation goes on behind a closed panel too: its answers are counted at the button.
  if (kept("localStorage")) load();
  if (kept("sessionStorage") === "open") {
    isOpen = true;
    load();
    panel.hidden = false;
    box.className = `${corner} open`;
    label(0);
  }
}

function badge(): HTMLElement {
  const count = document.createElement("span");
  count.className = "badge";
  count.ariaHidden = "true";
  count.hidden = true;
  return count;
}

function icon(): SVGElement {
  const names = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(names, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(names, "path");
  path.setAttribute("d", ICON);
  path.setAttribute("fill", "currentColor");
  picture.append(path);
  return picture;
}
