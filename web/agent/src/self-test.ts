// Self-test: the parts of WhatsApp Web that each command needs, and which of them are missing.
// WhatsApp renames functions; a command without its functions is refused with a clear error.
import { AgentError } from "./failure";
import { eventsWithoutListener } from "./main-screen";
import { wpp } from "./page";
import { attempt } from "./people";
import type { Command } from "./wire";

type Name = Command["command"];
type Functions = typeof window.WPP.whatsapp.functions;

/** Functions of `WPP.whatsapp.functions` per command. Other commands need models alone. */
const NEEDS: Partial<Record<Name, readonly (keyof Functions)[]>> = {
  send: ["findOrCreateLatestChat", "addAndSendMsgToChat", "getEphemeralFields", "unixTime"],
  edit: ["canEditMsg", "canEditCaption", "addAndSendMessageEdit"],
  react: ["sendReactionToMsg"],
  messages: ["msgFindByDirection"],
  createGroup: ["sendCreateGroup"],
  addParticipants: ["sendAddParticipants"],
  removeParticipants: ["removeParticipants"],
  markRead: ["sendSeen"],
  pairingCode: ["genLinkDeviceCodeForPhoneNumber"],
};

/** Required methods of the page's `Cmd` per command. */
const METHODS: Partial<Record<Name, readonly string[]>> = {
  revoke: ["sendRevokeMsgs", "sendDeleteMsgs"],
  archive: ["archiveChat"],
};
/** Methods of `Cmd` with a fallback. */
const OPTIONAL_METHODS: readonly string[] = ["refreshQR"];

/** All missing parts, also those with a fallback. */
export function missingParts(): string[] {
  const names = new Set(Object.values(NEEDS).flat());
  const functions = [...names].filter((name) => !isThere(name));
  const methods = [...Object.values(METHODS).flat(), ...OPTIONAL_METHODS];
  const events = eventsWithoutListener().map((event) => `a listener of Cmd's ${event}`);
  return [...functions, ...methods.filter((name) => !hasMethod(name)).map(methodName), ...events];
}

/** Fails with the names of the parts that a command lacks. */
export function assertSupported(command: Name): void {
  const functions = (NEEDS[command] ?? []).filter((name) => !isThere(name));
  const methods = (METHODS[command] ?? []).filter((name) => !hasMethod(name)).map(methodName);
  const missing = [...functions, ...methods];
  if (missing.length > 0) {
    const list = missing.join(", ");
    throw new AgentError("unsupported", `this version of WhatsApp Web has no ${list}`);
  }
}

function isThere(name: string): boolean {
  const functions = wpp().whatsapp.functions as unknown as Record<string, unknown>;
  return typeof functions[name] === "function";
}

function hasMethod(name: string): boolean {
  const method = attempt(() => (wpp().whatsapp.Cmd as unknown as Record<string, unknown>)[name]);
  return typeof method === "function";
}

function methodName(name: string): string {
  return `Cmd.${name}`;
}
