// Ids of chats, people and messages: text forms, and which of them the gateway accepts.

/** The parts of a WhatsApp id that are read here. Its text form has had two names. */
export interface IdLike {
  _serialized?: string;
  $1?: string;
  toString(): string;
}

const ADDRESS =
  /^(\d{5,20}@(c\.us|s\.whatsapp\.net)|\d{5,25}@(lid|newsletter|broadcast)|status@broadcast)$/;
const GROUP = /^\d{5,25}(-\d{5,15})?@g\.us$/;

/** The text form of an id. */
export function idText(id: IdLike | string | undefined | null): string {
  if (id === undefined || id === null) return "";
  if (typeof id === "string") return id;
  return id._serialized ?? id.$1 ?? id.toString();
}

/**
 * Whether the gateway accepts this address. The page knows more kinds, such as `0@c.us` for
 * WhatsApp's own messages and `@bot`; the gateway would refuse a list that has one of them.
 */
export function isAddress(id: string): boolean {
  return ADDRESS.test(id.replace(/:\d{1,4}@/, "@")) || GROUP.test(id);
}

export function isMessageId(id: string): boolean {
  const [fromMe, chat, key, participant, ...rest] = id.split("_");
  return (
    (fromMe === "true" || fromMe === "false") &&
    isAddress(chat ?? "") &&
    /^[A-Za-z0-9.-]{1,128}$/.test(key ?? "") &&
    (participant === undefined || isAddress(participant) || isDirection(participant)) &&
    rest.length === 0
  );
}

/** The last part of the page's id of a message to oneself. */
function isDirection(part: string | undefined): boolean {
  return part === "out" || part === "in";
}

/** The gateway's id of a message: a message to oneself has one id there. */
export function plainId(id: string): string {
  const [, chat, key, last] = id.split("_");
  return isDirection(last) ? `true_${chat}_${key}` : id;
}
