// The login: codes to scan, the account taken in, ready, lost. No single event of wa-js can be
// relied on for it (some are no longer sent, one comes too early), so several signs are looked at.
import { watchChanges } from "./changes";
import { on, whenReplaced } from "./listening";
import { unheardEvents } from "./main-screen";
import { report, wpp } from "./page";
import { attempt, myId, myLid } from "./people";
import { rest } from "./presence";
import { isSameCode, toldCode } from "./screen-code";
import { missingParts } from "./self-test";
import { noteCodeError } from "./standing";
import type { Me } from "./wire";

const LOOK_EVERY = 250;
/** Looks that may fail in a row: a page that starts up recovers, one that changed does not. */
const MOST_FAILURES = 60;
/** How long the main screen may take to carry out commands, before the account is ready without. */
const SCREEN_PATIENCE = 15_000;
/** How long a page that was logged in may say that it is not, before it is believed. */
const LOSS_PATIENCE = 8_000;

export function watchLogin(): void {
  const login = new Login();
  const page = wpp();
  on("conn.auth_code_change", (code) => login.showCode(code?.fullCode));
  on("conn.qrcode_idle", () => login.idle());
  on("conn.logout", () => report({ report: "loggedOut" }));
  // A page that was idle before anybody listened says so once more.
  if (attempt(() => page.conn.isIdle())) login.idle();
  const looking = setInterval(() => login.look(), LOOK_EVERY);
  whenReplaced(() => clearInterval(looking));
}

/** When the login was looked at last; nothing before it is watched. */
let looked: number | undefined;

/** Whether somebody still looks at the login, or does not have to yet. */
export function isLooking(): boolean {
  return looked === undefined || Date.now() - looked < LOOKS_STALE;
}

/** A look may wait for the page; one that takes longer will not come to an end. */
const LOOKS_STALE = 30_000;

/** What was told last of each kind, so that nothing is told twice. */
class Login {
  private code = toldCode();
  private isIdle = false;
  private authenticated = false;
  private ready = false;
  private line = "";
  private failures = 0;
  private asksForCode = false;
  /** Since when the main screen is there. */
  private screenSince: number | undefined;
  /** Since when the page says that it is not logged in, though it was. */
  private lostSince: number | undefined;

  look(): void {
    try {
      this.lookOnce();
      looked = Date.now();
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.failures === MOST_FAILURES) {
        const why = error instanceof Error ? error.message : String(error);
        report({ report: "stuck", reason: `WhatsApp Web does not show whether it is in: ${why}` });
      }
    }
  }

  private lookOnce(): void {
    const { conn, whatsapp } = wpp();
    if (!conn.isAuthenticated()) {
      this.missesLogin();
      // The event of the first code may have passed before anybody listened.
      if (!this.asksForCode) void this.askForCode();
      return;
    }
    this.lostSince = undefined;
    if (!this.authenticated) {
      this.authenticated = true;
      report({ report: "authenticated" });
    }
    // What says that all is loaded says so of a page with a code, too: the mode tells them apart.
    const stream = whatsapp.Stream as unknown as { mode?: string } | undefined;
    if (stream?.mode === "MAIN" && !this.ready && this.carriesOutCommands()) this.begin();
    const socket = whatsapp.Socket as unknown as { state?: string } | undefined;
    const state = socket?.state ?? "UNKNOWN";
    if (this.ready && state !== this.line) this.tellLine(state);
  }

  /** While the page waits for a typed code it has none to scan: that is no failure. */
  private async askForCode(): Promise<void> {
    this.asksForCode = true;
    try {
      this.showCode((await wpp().conn.getAuthCode())?.fullCode);
      noteCodeError("");
    } catch (error) {
      noteCodeError(error instanceof Error ? error.message : String(error));
    } finally {
      this.asksForCode = false;
    }
  }

  /** No event tells that the phone unlinked the page, and the page may hang on its way out. */
  private missesLogin(): void {
    if (!this.authenticated) return;
    this.lostSince ??= Date.now();
    if (Date.now() - this.lostSince < LOSS_PATIENCE) return;
    [this.authenticated, this.ready, this.lostSince] = [false, false, undefined];
    report({ report: "loggedOut" });
  }

  private carriesOutCommands(): boolean {
    this.screenSince ??= Date.now();
    return unheardEvents().length === 0 || SCREEN_PATIENCE <= Date.now() - this.screenSince;
  }

  private begin(): void {
    // Without a name the account is not there yet.
    const me = whoAmI();
    if (me.id === "") return;
    this.ready = true;
    report({ report: "ready", me, missing: missingParts() });
    // A page that lacks one of these is ready all the same.
    for (const start of [() => wpp().conn.setKeepAlive(true), watchChanges]) {
      try {
        start();
      } catch (error) {
        console.warn("The page lacks something:", error);
      }
    }
  }

  private tellLine(state: string): void {
    this.line = state;
    const connected = state === "CONNECTED";
    // The network takes who comes anew for available.
    if (connected) void rest();
    report({ report: "line", state, connected });
  }

  showCode(code: string | null | undefined): void {
    if (!code || isSameCode(code, this.code)) return;
    [this.code, this.isIdle] = [code, false];
    report({ report: "qr", text: code });
  }

  idle(): void {
    if (this.isIdle) return;
    this.isIdle = true;
    report({ report: "qrIdle" });
  }
}

function whoAmI(): Me {
  const connection = wpp().whatsapp.Conn as unknown as
    | { pushname?: string; platform?: string }
    | undefined;
  return {
    id: myId(),
    lid: myLid(),
    pushName: connection?.pushname ?? null,
    platform: connection?.platform ?? null,
  };
}
