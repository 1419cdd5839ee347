// The login: codes to scan, the account taken in, ready, lost. No single event of wa-js can be
// relied on for it (some are no longer sent, one comes too early), so several signs are looked at.
import { watchChanges } from "./changes";
import { on, whenReplaced } from "./listening";
import { report, wpp } from "./page";
import { attempt, myId, myLid } from "./people";
import { rest } from "./presence";
import { missingFunctions } from "./self-test";
import type { Me } from "./wire";

const LOOK_EVERY = 250;
/** Looks that may fail in a row: a page that starts up recovers, one that changed does not. */
const MOST_FAILURES = 60;

export function watchLogin(): void {
  const login = new Login();
  const page = wpp();
  on("conn.auth_code_change", (code) => login.showCode(code?.fullCode));
  on("conn.qrcode_idle", () => login.idle());
  on("conn.logout", () => report({ report: "loggedOut" }));
  // A page that was idle before anybody listened says so once more.
  if (attempt(() => page.conn.isIdle())) login.idle();
  const looking = setInterval(() => void login.look(), LOOK_EVERY);
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
  private code = "";
  private isIdle = false;
  private authenticated = false;
  private ready = false;
  private line = "";
  private looking = false;
  private failures = 0;

  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.lookOnce();
      looked = Date.now();
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.failures === MOST_FAILURES) {
        const why = error instanceof Error ? error.message : String(error);
        report({ report: "stuck", reason: `WhatsApp Web does not show whether it is in: ${why}` });
      }
    } finally {
      this.looking = false;
    }
  }

  private async lookOnce(): Promise<void> {
    const { conn, whatsapp } = wpp();
    if (!conn.isAuthenticated()) {
      // The event of the first code may have passed before anybody listened.
      const code = await conn.getAuthCode();
      this.showCode(code?.fullCode);
      return;
    }
    if (!this.authenticated) {
      this.authenticated = true;
      report({ report: "authenticated" });
    }
    // What says that all is loaded says so of a page with a code, too: the mode tells them apart.
    const stream = whatsapp.Stream as unknown as { mode?: string } | undefined;
    if (stream?.mode === "MAIN" && !this.ready) this.begin();
    const socket = whatsapp.Socket as unknown as { state?: string } | undefined;
    const state = socket?.state ?? "UNKNOWN";
    if (this.ready && state !== this.line) this.tellLine(state);
  }

  private begin(): void {
    // Without a name the account is not there yet.
    const me = whoAmI();
    if (me.id === "") return;
    this.ready = true;
    report({ report: "ready", me, missing: missingFunctions() });
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
    if (!code || code === this.code) return;
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
