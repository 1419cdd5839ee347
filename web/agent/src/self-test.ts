// Which functions of WhatsApp Web the commands stand on, and which of them wa-js could not find.
// WhatsApp renames things, and then a clear answer beats a call that fails somewhere inside.
import { AgentError } from "./failure";
import { wpp } from "./page";
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

export function missingFunctions(): string[] {
  const names = new Set(Object.values(NEEDS).flat());
  return [...names].filter((name) => !isThere(name));
}

/** Fails with the name of what is missing for this command. */
export function assertSupported(command: Name): void {
  const missing = (NEEDS[command] ?? []).filter((name) => !isThere(name));
  if (missing.length > 0) {
    const list = missing.join(", ");
    throw new AgentError("unsupported", `this version of WhatsApp Web has no ${list}`);
  }
}

function isThere(name: string): boolean {
  const functions = wpp().whatsapp.functions as unknown as Record<string, unknown>;
  return typeof functions[name] === "function";
}
