// Command dispatcher: carries out the gateway's calls through wa-js.
import { archive, chats, knownChat, messages } from "./chats";
import { freshCodes } from "./codes";
import { contact, contacts } from "./contacts";
import { moment } from "./convert";
import { idText } from "./ids";
import { revoke } from "./deletion";
import { silently } from "./echoes";
import { AgentError, unknownOutcome } from "./failure";
import { addParticipants, createGroup, group, removeParticipants } from "./groups";
import { isHearing } from "./listening";
import { isLooking } from "./login";
import { wpp } from "./page";
import { pageId } from "./people";
import { showTyping, stopTyping } from "./presence";
import { receipts } from "./receipts";
import { assertNotDeleted, whyNotEdited } from "./rules";
import { assertSupported } from "./self-test";
import { find, send } from "./send";
import { standing } from "./standing";
import type { Command, PairingCode } from "./wire";

/** Life of a pairing code, in seconds. */
const PAIRING_CODE_LIFE = 180;

export async function carryOut(command: Command): Promise<unknown> {
  assertSupported(command.command);
  // The gateway looks up the outcome of a send by its id.
  if (command.command === "send") return send(command.outgoing);
  return act(command).catch((error: unknown) => {
    throw unknownOutcome(error);
  });
}

async function act(command: Exclude<Command, { command: "send" }>): Promise<unknown> {
  switch (command.command) {
    case "ping":
      if (!isHearing() || !isLooking())
        throw new AgentError("failed", "events of the page are no longer reported");
      return null;
    case "edit": {
      const id = pageId(command.message);
      const edit = () => wpp().chat.editMessage(id, command.text);
      try {
        await silently("edit", id, command.text, edit);
      } catch (error) {
        throw whyNotEdited(id, error);
      }
      return null;
    }
    case "revoke":
      return revoke(pageId(command.message), command.forEveryone);
    case "react": {
      const [id, emoji] = [pageId(command.message), command.emoji];
      assertNotDeleted(id);
      const react = () => wpp().chat.sendReactionToMessage(id, emoji === "" ? null : emoji);
      await silently("react", id, emoji, react);
      return null;
    }
    case "markRead":
      await wpp().chat.markIsRead(idText(knownChat(command.chat).id));
      return null;
    case "archive":
      return archive(command.chat, command.archived);
    case "typing": {
      const chat = idText(knownChat(command.chat).id);
      await (command.typing ? showTyping(chat) : stopTyping(chat));
      return null;
    }
    case "chats":
      return chats(command.offset, command.limit);
    case "messages":
      return messages(command.chat, command.before, command.limit);
    case "contacts":
      return contacts(command.offset, command.limit);
    case "contact":
      return contact(command.id);
    case "group":
      return group(command.id);
    case "createGroup":
      return createGroup(command.name, command.description, command.participants);
    case "addParticipants":
      return addParticipants(command.group, command.participants);
    case "removeParticipants":
      return removeParticipants(command.group, command.participants);
    case "downloadMedia":
      return download(pageId(command.message), command.url);
    case "pairingCode": {
      const code = await wpp().conn.genLinkDeviceCodeForPhoneNumber(command.phone);
      const expiresAt = moment(Date.now() / 1000 + PAIRING_CODE_LIFE);
      return { code, expiresAt } satisfies PairingCode;
    }
    case "refreshQr":
      return freshCodes();
    case "standing":
      return standing();
    case "find":
      return find(command.message);
    case "receipts":
      return receipts(pageId(command.message));
    case "logOut":
      await wpp().conn.logout();
      return null;
  }
}

async function download(message: string, url: string): Promise<null> {
  const file = await wpp().chat.downloadMedia(message);
  const answer = await fetch(url, { method: "PUT", body: file });
  if (!answer.ok)
    throw new AgentError("failed", `the gateway refused the file: ${answer.status}`);
  return null;
}
