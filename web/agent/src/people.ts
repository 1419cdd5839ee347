// People under their two identities: the telephone number and the hidden one (LID). WhatsApp Web
// names a person by either, and differently in one chat and the next; the gateway is told the
// number wherever it is known.
import { type IdLike, idText, isAddress } from "./convert";
import { happened, wpp } from "./page";

type Wid = ReturnType<typeof makeWid>;

function makeWid(text: string) {
  return wpp().whatsapp.WidFactory.createWid(text);
}

/** The page's own object for an id; wa-js' look-ups take nothing else. */
function widOf(id: IdLike | string): Wid {
  return typeof id === "string" ? makeWid(id) : (id as unknown as Wid);
}

/** What this account's number is; empty before the login. */
export function myId(): string {
  const { conn, whatsapp } = wpp();
  // Of the two identities, wa-js' own answer is whichever the page happens to prefer.
  const phone = attempt(() => whatsapp.UserPrefs.getMaybeMePnUser());
  return withoutDevice(idText(phone ?? attempt(() => conn.getMyUserId())));
}

/** The hidden identity of this account; an account of old has none, for which wa-js throws. */
export function myLid(): string | null {
  const lid = attempt(() => wpp().conn.getMyUserLid());
  return lid ? withoutDevice(idText(lid)) : null;
}

/** The same person under the other identity, as far as the page knows it by now. */
export function otherIdentity(id: IdLike | string): string | null {
  const text = withoutDevice(idText(id));
  // The page's table of other people does not have the account's own two.
  const own = ownOther(text);
  if (own !== null) return own;
  const look = wpp().whatsapp.lidPnCache;
  const other = attempt(() => {
    const wid = widOf(typeof id === "string" || text !== idText(id) ? text : id);
    if (text.endsWith("@lid")) return look.getPhoneNumber(wid);
    return text.endsWith("@c.us") ? look.getCurrentLid(wid) : undefined;
  });
  const found = other ? withoutDevice(idText(other)) : "";
  return found === "" || found === text ? null : found;
}

function ownOther(id: string): string | null {
  if (id === "") return null;
  const lid = myLid();
  if (id === lid) return myId() || null;
  return lid !== null && id === myId() ? lid : null;
}

/**
 * A person as the gateway is told of them: by number where it is known, and then it is told who
 * that is. Others stay the same.
 */
export function person(id: IdLike | string): string {
  const text = withoutDevice(idText(id));
  if (!text.endsWith("@lid")) return text;
  const phone = otherIdentity(id);
  if (phone === null) return text;
  tellPair(text, phone);
  return phone;
}

/** Tells both ids of a person, if the page knows them. */
export function introduce(id: string): void {
  const other = otherIdentity(id);
  if (other === null) return;
  if (id.endsWith("@lid")) tellPair(id, other);
  else tellPair(other, id);
}

/** From either id of a person to the other, as the gateway was told last. */
const told = new Map<string, string>();
const MOST_TOLD = 10_000;

function tellPair(lid: string, phone: string): void {
  if (told.get(lid) === phone && told.get(phone) === lid) return;
  if (!isAddress(lid) || !isAddress(phone)) return;
  // The gateway heeds only what is news to it: telling again does no harm.
  if (MOST_TOLD <= told.size) told.clear();
  told.set(lid, phone).set(phone, lid);
  happened({ type: "identity_learned", lid, phone });
}

/** Whether two ids name one person. */
export function isSamePerson(a: string, b: string): boolean {
  return person(a) === person(b);
}

/** The chat of this id: one with a person may be kept under their other identity. */
export function chatOfId(id: string) {
  const found = wpp().chat.get(id);
  if (found) return found;
  const other = otherIdentity(id);
  return other === null ? undefined : wpp().chat.get(other);
}

/** The id under which the page keeps a message; the gateway may have its chat by the other id. */
export function pageId(id: string): string {
  const [fromMe, chat = "", ...rest] = id.split("_");
  const under = (name: string): string => [fromMe, name, ...rest].join("_");
  const { MsgStore } = wpp().whatsapp;
  const isKept = (name: string): boolean => Boolean(attempt(() => MsgStore.get(name)));
  if (isKept(id)) return id;
  const other = otherIdentity(chat);
  if (other !== null && isKept(under(other))) return under(other);
  // Of a message to oneself the page's own id says in which direction it went.
  const own = [chat, other].filter((name) => name !== null && isOwn(name));
  const toOneself = own.flatMap((name) => [
    `true_${name}_${rest[0]}_out`,
    `false_${name}_${rest[0]}_in`,
  ]);
  const found = toOneself.find(isKept);
  if (found !== undefined) return found;
  const replaced = replacementOf(id, chatOfId(chat));
  if (replaced !== null) return replaced;
  // One that is not loaded is looked for in the chat that is there.
  const kept = chatOfId(chat);
  const name = kept ? under(idText(kept.id)) : id;
  return own.length === 0 ? name : `${name}_out`;
}

/** Whether this is an id of the account itself. */
export function isOwn(id: string): boolean {
  return id === myId() || id === myLid();
}

/** The page keeps a message that was deleted for everyone under another id. */
function replacementOf(id: string, chat: unknown): string | null {
  type Kept = { id: IdLike; type?: string; protocolMessageKey?: IdLike };
  const { msgs } = (chat ?? {}) as { msgs?: { getModelsArray(): Kept[] } };
  const key = id.split("_")[2];
  const found = (attempt(() => msgs?.getModelsArray()) ?? []).find(
    ({ type, protocolMessageKey }) =>
      type === "revoked" && idText(protocolMessageKey).split("_")[2] === key,
  );
  return found ? idText(found.id) : null;
}

/** Whether a number is on WhatsApp, as the network says at this moment. */
export async function isOnWhatsapp(id: string): Promise<boolean> {
  const { contact, whatsapp } = wpp();
  const ask = whatsapp.functions.queryWidExists as
    | typeof whatsapp.functions.queryWidExists
    | undefined;
  // wa-js' own question is answered by an entry of the address book, and by "no" when it fails.
  const answer: unknown =
    typeof ask === "function" ? await ask(makeWid(id)) : await contact.queryExists(id);
  if (answer === null || answer === undefined) return false;
  // A question by number brings the hidden identity.
  const { lid } = answer as { lid?: IdLike };
  if (lid && id.endsWith("@c.us")) tellPair(withoutDevice(idText(lid)), id);
  return true;
}

function withoutDevice(id: string): string {
  return id.replace(/:\d+@/, "@");
}

/** What a look into the page brings; a part of it that is missing is no answer. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
