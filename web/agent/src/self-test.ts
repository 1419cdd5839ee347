// Which of the functions that the agent uses can be found on this page. WhatsApp renames things, and
// then a clear answer beats a call that fails somewhere inside.
import type { FailureKind } from "./wire";
import { AgentError } from "./failure";
import { wpp } from "./page";

const USED = [
  "chat.sendTextMessage", "chat.sendFileMessage", "chat.sendLocationMessage", "chat.sendVCardContactMessage",
  "chat.sendCreatePollMessage", "chat.editMessage", "chat.deleteMessage", "chat.sendReactionToMessage",
  "chat.markIsRead", "chat.archive", "chat.markIsComposing", "chat.markIsPaused", "chat.list", "chat.getMessages",
  "chat.getMessageById", "chat.downloadMedia", "contact.list", "contact.get", "contact.queryExists",
  "group.create", "group.addParticipants", "group.removeParticipants", "group.getParticipants",
  "conn.getAuthCode", "conn.isAuthenticated", "conn.refreshQR", "conn.genLinkDeviceCodeForPhoneNumber", "conn.logout",
] as const;

export function missingFunctions(): string[] {
  return USED.filter((path) => find(path) === undefined);
}

/** Fails with the name of the function when wa-js does not have it. */
export function require(path: (typeof USED)[number]): void {
  if (find(path) === undefined) {
    throw new AgentError("unsupported" satisfies FailureKind, `WPP.${path} is not there on this page`);
  }
}

function find(path: string): unknown {
  let place: unknown = wpp();
  for (const name of path.split(".")) place = (place as Record<string, unknown> | undefined)?.[name];
  return place;
}
