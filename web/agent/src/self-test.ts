// Which parts of WhatsApp Web the commands stand on, and which of them are missing: functions that
// wa-js looks for, methods of objects that it found, listeners of events. WhatsApp renames things,
// and then a clear answer beats a call that fails somewhere inside.
import { AgentError } from "./failure";
import { unheardEvents } from "./main-screen";
import { wpp } from "./page";
import { attempt } from "./people";
import type { Command } from "./wire";

type Name = Command["command"];
type Functions = typeof window.WPP.whatsapp.functions;

/** By their names in `WPP.whatsapp.functions`. A command not named stands on models alone. */
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

/** Methods of the page's `Cmd`, by the commands that cannot do without. */
const METHODS: Partial<Record<Name, readonly string[]>> = {
  revoke: ["sendRevokeMsgs", "sendDeleteMsgs"],
  archive: ["archiveChat"],
};
/** Methods of it for which there is another way. */
const OPTIONAL_METHODS: readonly string[] = ["refreshQR"];

/** All that is missing, also what a command can do without. */
export function missingParts(): string[] {
  const names = new Set(Object.values(NEEDS).flat());
  const functions = [...names].filter((name) => !isThere(name));
  const methods = [...Object.values(METHODS).flat(), ...OPTIONAL_METHODS];
  const events = unheardEvents().map((event) => `a listener of Cmd's ${event}`);
  return [...functions, ...methods.filter((name) => !hasMethod(name)).map(methodName), ...events];
}

/** Fails with the name of what is missing for this command. */
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
