// State machine of the login: QR code, authenticated, ready, logged out. No single event of wa-js
// is reliable (some are no longer sent, one comes too early), so several signs are polled.
import { watchChanges } from "./changes";
import { on, whenReplaced } from "./listening";
import { eventsWithoutListener } from "./main-screen";
import { report, wpp } from "./page";
import { attempt, myId, myLid } from "./people";
import { rest } from "./presence";
import { isSameCode, toldCode } from "./screen-code";
import { missingParts } from "./self-test";
import { noteCodeError } from "./standing";
import type { Me } from "./wire";

const LOOK_EVERY = 250;
/** Failed polls in a row: a page that is starting recovers, one that changed does not. */
const MOST_FAILURES = 60;
/**
 * How long to wait for the listeners of the main screen before the account is ready without them.
 */
const SCREEN_PATIENCE = 15_000;
/** How long a page must report that it is logged out before the login counts as lost. */
const LOSS_PATIENCE = 8_000;

export function watchLogin(): void {
  const login = new Login();
  const page = wpp();
  on("conn.auth_code_change", (code) => login.showCode(code?.fullCode));
  on("conn.qrcode_idle", () => login.idle());
  on("conn.logout", () => report({ report: "loggedOut" }));
  // A page may have become idle before this listener existed.
  if (attempt(() => page.conn.isIdle())) login.idle();
  const looking = setInterval(() => login.look(), LOOK_EVERY);
  whenReplaced(() => clearInterval(looking));
}

/** Time of the last poll; undefined before the first one. */
let looked: number | undefined;

/** Whether the login is still polled, or is not polled yet. */
export function isLooking(): boolean {
  return looked === undefined || Date.now() - looked < LOOKS_STALE;
}

/** Longest duration of a poll; one that takes longer has hung. */
const LOOKS_STALE = 30_000;

/** The last reports, so that no state is reported twice. */
class Login {
  private code = toldCode();
  private isIdle = false;
  private authenticated = false;
  private ready = false;
  private line = "";
  private failures = 0;
  private asksForCode = false;
  /** When the main screen appeared. */
  private screenSince: number | undefined;
  /** When the page first reported that it is logged out. */
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
      // The event of the first code may have come before this listener existed.
      if (!this.asksForCode) void this.askForCode();
      return;
    }
    this.lostSince = undefined;
    if (!this.authenticated) {
      this.authenticated = true;
      report({ report: "authenticated" });
    }
    // A page with a code reports that it is fully loaded, too: the mode distinguishes them.
    const stream = whatsapp.Stream as unknown as { mode?: string } | undefined;
    if (stream?.mode === "MAIN" && !this.ready && this.carriesOutCommands()) this.begin();
    const socket = whatsapp.Socket as unknown as { state?: string } | undefined;
    const state = socket?.state ?? "UNKNOWN";
    if (this.ready && state !== this.line) this.tellLine(state);
  }

  /** A page with a pairing code has no QR code, which is not a failure. */
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

  /** There is no event when the phone unlinks the page, and the page may hang in its logout. */
  private missesLogin(): void {
    if (!this.authenticated) return;
    this.lostSince ??= Date.now();
    if (Date.now() - this.lostSince < LOSS_PATIENCE) return;
    [this.authenticated, this.ready, this.lostSince] = [false, false, undefined];
    report({ report: "loggedOut" });
  }

  private carriesOutCommands(): boolean {
    this.screenSince ??= Date.now();
    return eventsWithoutListener().length === 0 || SCREEN_PATIENCE <= Date.now() - this.screenSince;
  }

  private begin(): void {
    // An account without a name is still loading.
    const me = whoAmI();
    if (me.id === "") return;
    this.ready = true;
    report({ report: "ready", me, missing: missingParts() });
    // A page that lacks one of these functions is ready, too.
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
    // The network treats a new connection as available.
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
