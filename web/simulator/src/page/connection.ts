// Login of the page: QR references, pairing code, linking, restored sessions, lost connection,
// logout. Translates the network's pushes into the states that the web client shows.
import { Emitter, Model } from "./base";
import { account, pageKey, toBase64 } from "./account";
import { client } from "./client";
import { setClock } from "./clock";
import { Cmd } from "./command";
import { Wid } from "./ids";
import { network } from "./network";
import { define, defineAll } from "./loader";
import { happened, load } from "./inbound";
import type { PageFault, Push } from "../protocol";

export const VERSION = "2.3000.1044099999";

class ConnModel extends Model {
  static override props = [
    "ref",
    "connected",
    "pushname",
    "wid",
    "platform",
    "isSMB",
    "battery",
    "plugged",
  ];
}
class SocketModel extends Model {
  static override props = ["state", "stream", "hasSynced"];
  initConn(): void {
    // The socket connects at boot and reconnects by itself.
  }
  poke(): void {
    // As above.
  }
  reconnect(): void {
    // As above.
  }
  takeover(): void {
    this["state"] = "CONNECTED";
  }
  logout(): Promise<void> {
    return logOut();
  }
}
class StreamModel extends Model {
  static override props = ["mode", "info", "needsUpdate", "available"];
  markAvailable(): void {
    this["available"] = true;
  }
  markUnavailable(): void {
    this["available"] = false;
  }
  unobscure(): void {
    // Nothing covers the page.
  }
  get displayInfo(): unknown {
    return this["info"];
  }
}
class NetworkStatusModel extends Model {
  static override props = ["online"];
  checkOnline(): boolean {
    return this["online"];
  }
}

const conn = new ConnModel({
  connected: false,
  platform: "web",
  pushname: "",
  isSMB: false,
  battery: 100,
  plugged: true,
  locales: "en",
});
const socket = new SocketModel({ state: "OPENING", stream: "DISCONNECTED", hasSynced: false });
const stream = new StreamModel({ info: "OPENING", needsUpdate: false, available: true });
const networkStatus = new NetworkStatusModel({ online: true });
const cmd = new Cmd(refreshReferences, logOut);
const bus = new Emitter();

function greet(): void {
  network.ask({ request: "hello", credential: account.credential }, "done").catch(
    (error: unknown) => {
      console.warn("The network refused the greeting:", error);
    },
  );
}

/** Events are applied one after the other, though some send a request to the network first. */
let lastEvent: Promise<void> = Promise.resolve();

/** Whether a pairing code was made: until the link the page has no secret for a QR code. */
let awaitsTypedCode = false;

export function boot(): void {
  if (client.endlessSyncing) {
    stream.set({ info: "SYNCING", mode: "SYNCING" });
    return;
  }
  network.start({ onOpen: greet, onPush: take, onLost: () => setConnected(false) });
}

function take(push: Push): void {
  switch (push.push) {
    case "reference":
      showReference(push.reference);
      return;
    case "referencesExhausted":
      conn["ref"] = undefined;
      socket["state"] = "UNPAIRED_IDLE";
      return;
    case "linked":
      awaitsTypedCode = false;
      account.keep(push.credential);
      account.become(push.me);
      conn["ref"] = undefined;
      socket["state"] = "PAIRING";
      stream.set({ info: "PAIRING", mode: "SYNCING" });
      return;
    case "snapshot":
      account.become(push.me);
      conn.set({ connected: true, pushname: account.me?.name, wid: account.me?.pn });
      conn["ref"] = undefined;
      socket.set({ state: "CONNECTED", stream: "CONNECTED" });
      stream["info"] = "SYNCING";
      load(push);
      networkStatus["online"] = true;
      stream.set({ info: "NORMAL", mode: "MAIN" });
      cmd.showMainScreen();
      socket["hasSynced"] = true;
      return;
    case "happened":
      lastEvent = lastEvent
        .then(() => happened(push.event))
        .catch((error: unknown) => {
          console.error(`The page could not apply the event ${push.event.type}:`, error);
        });
      return;
    case "line":
      network.setOffline(!push.connected);
      setConnected(push.connected);
      return;
    case "clock":
      setClock(push.standsAt);
      return;
    case "unlinked":
      leave();
      return;
    case "fault":
      act(push.fault);
      return;
  }
}

function showReference(reference: string): void {
  // A reference instead of a snapshot: the network no longer knows the credential.
  if (account.me) {
    leave();
    return;
  }
  if (account.credential) account.forget();
  stream["mode"] = "QR";
  socket["state"] = "UNPAIRED";
  conn["ref"] = reference;
}

function setConnected(connected: boolean): void {
  networkStatus["online"] = connected;
  if (!account.me) return;
  socket["state"] = connected ? "CONNECTED" : "TIMEOUT";
  stream["info"] = connected ? "NORMAL" : "OFFLINE";
}

function refreshReferences(): void {
  network.ask({ request: "refreshReferences" }, "done").catch((error: unknown) => {
    console.warn("No new references came:", error);
  });
}

async function logOut(): Promise<void> {
  try {
    await network.ask({ request: "logOut" }, "done");
  } catch (error) {
    console.warn("The network refused the logout:", error);
  }
  leave();
  return new Promise(() => undefined);
}

/**
 * Ends the login as the web client does: by navigating, which cuts off every caller's promise. The
 * socket's state stays as it is until then: a listener must not see an unlinked page that will be
 * gone in a moment.
 */
function leave(): void {
  account.forget();
  conn["connected"] = false;
  cmd.isMainLoaded = false;
  if (!client.leavesWhenUnlinked) {
    // The real page may hang on its way out.
    stream.set({ info: "DISCONNECTED", mode: "SYNCING" });
    return;
  }
  // Triggered when the page unloads, so that no caller gets an answer before.
  if (client.logoutEvent)
    addEventListener("pagehide", () => cmd.trigger("logout"), { once: true });
  location.replace(`${location.pathname}?post_logout=1&logout_reason=0`);
}

function act(fault: PageFault): void {
  switch (fault) {
    case "reload":
      location.reload();
      return;
    case "hang":
      for (;;);
    case "deaf":
      injected().WPP?.removeAllListeners?.();
      return;
    case "emptied":
      injected().WPP?.removeAllListeners?.();
      Object.assign(window, { WPP: undefined, wagate: undefined });
      return;
    case "crash":
      crash();
  }
}

/** Scripts that were injected into the page, by their global names. */
function injected(): { WPP?: { removeAllListeners?: () => void } } {
  return window as ReturnType<typeof injected>;
}

function crash(): void {
  // A heap past its limit ends the renderer's process; the engine offers no quicker way to a page.
  const heap: number[][] = [];
  for (;;) heap.push(new Array<number>(4_000_000).fill(0.5));
}

function same(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

async function pairingCode(phone: string): Promise<string> {
  const { code } = await network.ask(
    { request: "pairingCode", phone: phone.replace(/\D/g, "") },
    "pairingCode",
  );
  awaitsTypedCode = true;
  return code;
}

function orThrow<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not logged in");
  return value;
}

/**
 * With `?trap=load-race` the stream comes too late for a library that looks once, until a reload.
 */
function defineStream(): void {
  const add = (): void => define("WAWebStreamModel", (exports) => (exports["Stream"] = stream));
  const trapped = new URLSearchParams(location.search).get("trap") === "load-race";
  if (trapped && !sessionStorage.getItem("load-race")) {
    sessionStorage.setItem("load-race", "sprung");
    setTimeout(add, 5_000);
  } else {
    add();
  }
}

export function defineConnection(): void {
  defineStream();
  const logoutReason = same("UserInitiated", "SyncFail", "DeviceRemoved");
  const backendEvent = Object.fromEntries(
    [
      "LOGOUT",
      "REFRESH_QR",
      "ON_INITIAL_CHAT_SYNCED",
      "ON_CRITICAL_SYNC_DONE",
      "MAIN_STREAM_MODE_READY",
      "OFFLINE_DELIVERY_END",
      "APP_STATE_SYNC_COMPLETED",
    ].map((name) => [name, name.toLowerCase()]),
  );
  const adv = (): string => {
    if (awaitsTypedCode) throw new Error("secretKey is null or undefined");
    return toBase64(pageKey("adv").pubKey);
  };
  defineAll({
    WAWebConnModel: () => ({ Conn: conn, ConnImpl: ConnModel }),
    WAWebSocketModel: () => ({ Socket: socket }),
    WAWebNetworkStatusModel: () => ({ default: networkStatus }),
    WAWebCmd: () => ({ Cmd: cmd, CmdImpl: Cmd }),
    WAWebSocketConstants: () => ({
      SOCKET_STATE: same(
        "OPENING",
        "PAIRING",
        "UNPAIRED",
        "UNPAIRED_IDLE",
        "CONNECTED",
        "TIMEOUT",
        "CONFLICT",
        "UNLAUNCHED",
        "PROXYBLOCK",
        "TOS_BLOCK",
        "SMB_TOS_BLOCK",
        "DEPRECATED_VERSION",
      ),
      SOCKET_STREAM: same("DISCONNECTED", "SYNCING", "RESUMING", "CONNECTED"),
      WATCHED_SOCKET_STATE: same("OPEN", "CLOSED"),
    }),
    "WAWebBackendEventBusTypes.flow": () => ({ BackendEvent: backendEvent }),
    WAWebBackendEventBus: () => ({ BackendEventBus: bus, BackendEvent: backendEvent }),
    WAWebUserPrefsMeUser: () => ({
      getMaybeMePnUser: () => account.me?.pn,
      getMaybeMeLidUser: () => account.me?.lid,
      getMaybeMeUser: () => account.me?.pn,
      getMe: () => account.me?.pn,
      getMePnUserOrThrow: () => orThrow(account.me?.pn),
      getMeLidUserOrThrow: () => orThrow(account.me?.lid),
      getMeDevicePnOrThrow: () => orThrow(account.me?.pn),
      getMaybeMeDeviceLid: () => account.me?.lid,
      isMeAccount: (id: unknown) => account.isMe(id),
      isMeUser: (id: unknown) => account.isMe(id),
      isSerializedWidMe: (id: string) => account.isMe(new Wid(id)),
      getMaybeMeDisplayName: () => account.me?.name,
    }),
    WAWebUserPrefsGeneral: () => ({
      getPushname: () => account.me?.name,
      setBrowserId: () => undefined,
      getUserPrivacySettings: () => ({}),
    }),
    WAWebUserPrefsLoginTokens: () => ({ isLoggedIn: () => Boolean(account.me) }),
    WAWebUserPrefsInfoStore: () => ({
      waNoiseInfo: { get: () => Promise.resolve({ staticKeyPair: pageKey("noise") }) },
    }),
    WAWebSignalStoreApi: () => ({
      waSignalStore: {
        getRegistrationInfo: () =>
          Promise.resolve({ identityKeyPair: pageKey("identity") }),
      },
    }),
    WAWebAdvSignatureApi: () => ({
      getADVSecretKey: adv,
      setADVSignedIdentity: () => undefined,
    }),
    WAWebUserPrefsMultiDevice: () => ({ getADVSecretKey: adv }),
    WAWebCompanionRegClientUtils: () => ({ DEVICE_PLATFORM: "1" }),
    WAWebCompanionRegistration: () => ({ isRegistered: () => Boolean(account.me) }),
    WABase64: () => ({
      encodeB64: (bytes: Uint8Array | ArrayBuffer) => toBase64(new Uint8Array(bytes)),
      decodeB64: (text: string) =>
        Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
    }),
    WAWebLogoutReasonConstants: () => ({
      LogoutReason: logoutReason,
      LOGOUT_REASON_CODE: { UserInitiated: 1, SyncFail: 2, DeviceRemoved: 3 },
    }),
    WAWebLogoutReason: () => ({
      getErrorCodeFromLogoutReason: (reason: string) =>
        Object.keys(logoutReason).indexOf(reason) + 1 || null,
      setPrevLogoutReasonCode: () => undefined,
    }),
    WAWebIsOfficialClient: () => ({ isOfficialClient: true }),
    WAWebBuildConstants: () => ({ SANITIZED_VERSION_STR: VERSION, VERSION_BASE: VERSION }),
    WAWebMiscBrowserUtils: () => ({
      default: {
        info: () => ({ os: "Linux", name: "Chrome", version: "1" }),
        hardRefresh: () => location.reload(),
        id: () => "simulated",
        startDownloading: () => undefined,
      },
    }),
    WAWebOfflineHandler: () => ({
      OfflineMessageHandler: { getOfflineDeliveryProgress: () => 100 },
    }),
    WAWebLaunchSocketUtils: () => (client.refreshQr ? { refreshQR: refreshReferences } : {}),
    WAWebAltDeviceLinkingApi: () => ({
      setPairingType: () => undefined,
      initializeAltDeviceLinking: () => Promise.resolve(),
      genLinkDeviceCodeForPhoneNumber: pairingCode,
      startAltLinkingFlow: pairingCode,
    }),
    WAWebLinkDeviceEvents: () => {
      const events = new Emitter();
      return {
        WAWebLinkDeviceEvents: Object.assign(events, {
          triggerRefreshAltLinkingCode: () => events.trigger("refresh_alt_linking_code"),
        }),
      };
    },
  });
}
