// The login: codes to scan, the account taken in, ready, lost. No single event of wa-js can be
// relied on for it (some are no longer sent, one comes too early), so several signs are looked at.
import { type IdLike, idText } from "./convert";
import { myId } from "./events";
import { report, wpp } from "./page";
import { missingFunctions } from "./self-test";
import type { Me } from "./wire";

const LOOK_EVERY = 250;

/** The last thing that was told of each kind, so that nothing is told twice. */
const told = { code: "", authenticated: false, ready: false, line: "" };

export function watchLogin(): void {
  const page = wpp();
  page.on("conn.auth_code_change", (code) => showCode(code?.fullCode));
  page.on("conn.qrcode_idle", () => report({ report: "qrIdle" }));
  page.on("conn.logout", () => report({ report: "loggedOut" }));
  setInterval(() => void look(), LOOK_EVERY);
}

async function look(): Promise<void> {
  const page = wpp();
  if (!page.conn.isAuthenticated()) {
    // The event of the first code may have passed before anybody listened.
    const code = await page.conn.getAuthCode();
    showCode(code?.fullCode);
    return;
  }
  if (!told.authenticated) {
    told.authenticated = true;
    report({ report: "authenticated" });
  }
  // What says that all is loaded says so of a page with a code, too: the mode tells them apart.
  const stream = page.whatsapp.Stream as unknown as { mode?: string } | undefined;
  if (stream?.mode === "MAIN" && !told.ready) {
    told.ready = true;
    void page.conn.setKeepAlive(true);
    report({ report: "ready", me: me(), missing: missingFunctions() });
  }
  const socket = page.whatsapp.Socket as unknown as { state?: string } | undefined;
  const state = socket?.state ?? "UNKNOWN";
  if (told.ready && state !== told.line) {
    told.line = state;
    report({ report: "line", state, connected: state === "CONNECTED" });
  }
}

function showCode(code: string | null | undefined): void {
  if (!code || code === told.code) return;
  told.code = code;
  report({ report: "qr", text: code });
}

function me(): Me {
  const page = wpp();
  const connection = page.whatsapp.Conn as unknown as
    | { pushname?: string; platform?: string }
    | undefined;
  // An account of old has none.
  const lid = page.conn.getMyUserLid() as IdLike | undefined;
  return {
    id: myId(),
    lid: lid ? idText(lid) : null,
    pushName: connection?.pushname ?? null,
    platform: connection?.platform ?? null,
  };
}
