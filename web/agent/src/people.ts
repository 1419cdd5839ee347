// Identities of people: the telephone number and the hidden identity (LID). WhatsApp Web names a
// person by either, even in different ways per chat; reports have the number wherever it is
// known.
import { type IdLike, idText, isAddress } from "./ids";
import { happened, wpp } from "./page";

type Wid = ReturnType<typeof makeWid>;

function makeWid(text: string) {
  return wpp().whatsapp.WidFactory.createWid(text);
}

/** The page's own object for an id, which wa-js' look-ups require. */
function widOf(id: IdLike | string): Wid {
  return typeof id === "string" ? makeWid(id) : (id as unknown as Wid);
}

/** The number of this account; empty before the login. */
export function myId(): string {
  const { conn, whatsapp } = wpp();
  // wa-js returns the identity that the page prefers.
  const phone = attempt(() => whatsapp.UserPrefs.getMaybeMePnUser());
  return withoutDevice(idText(phone ?? attempt(() => conn.getMyUserId())));
}

/** The LID of this account. Old accounts have none, for which wa-js throws. */
export function myLid(): string | null {
  const lid = attempt(() => wpp().conn.getMyUserLid());
  return lid ? withoutDevice(idText(lid)) : null;
}

/** The other identity of a person, if the page knows it. */
export function otherIdentity(id: IdLike | string): string | null {
  const text = withoutDevice(idText(id));
  // The page's table does not include the account itself.
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
 * The id under which a person is reported: the number where it is known, after both identities were
 * reported.
 */
export function person(id: IdLike | string): string {
  const text = withoutDevice(idText(id));
  if (!text.endsWith("@lid")) return text;
  const phone = otherIdentity(id);
  if (phone === null) return text;
  tellPair(text, phone);
  return phone;
}

/** Reports both ids of a person, if the page knows them. */
export function introduce(id: string): void {
  const other = otherIdentity(id);
  if (other === null) return;
  if (id.endsWith("@lid")) tellPair(id, other);
  else tellPair(other, id);
}

/** The pairs of ids that were reported. */
const reported = new Map<string, string>();
const MOST_REPORTED = 10_000;

function tellPair(lid: string, phone: string): void {
  if (reported.get(lid) === phone && reported.get(phone) === lid) return;
  if (!isAddress(lid) || !isAddress(phone)) return;
  // The gateway ignores a pair that it knows.
  if (MOST_REPORTED <= reported.size) reported.clear();
  reported.set(lid, phone).set(phone, lid);
  happened({ type: "identity_learned", lid, phone });
}

/** Whether two ids name one person. */
export function isSamePerson(a: string, b: string): boolean {
  return person(a) === person(b);
}

/** The chat of this id. The page may have a person's chat under the other identity. */
export function chatOfId(id: string) {
  const found = wpp().chat.get(id);
  if (found) return found;
  const other = otherIdentity(id);
  return other === null ? undefined : wpp().chat.get(other);
}

/** The page's id of a message; the gateway may name its chat by the other identity. */
export function pageId(id: string): string {
  const [fromMe, chat = "", ...rest] = id.split("_");
  const under = (name: string): string => [fromMe, name, ...rest].join("_");
  const { MsgStore } = wpp().whatsapp;
  const isKept = (name: string): boolean => Boolean(attempt(() => MsgStore.get(name)));
  if (isKept(id)) return id;
  const other = otherIdentity(chat);
  if (other !== null && isKept(under(other))) return under(other);
  // The page's id of a message to oneself has a direction.
  const own = [chat, other].filter((name) => name !== null && isOwn(name));
  const toOneself = own.flatMap((name) => [
    `true_${name}_${rest[0]}_out`,
    `false_${name}_${rest[0]}_in`,
  ]);
  const found = toOneself.find(isKept);
  if (found !== undefined) return found;
  const replaced = replacementOf(id, chatOfId(chat));
  if (replaced !== null) return replaced;
  // A message that is not loaded is in the existing chat.
  const kept = chatOfId(chat);
  const name = kept ? under(idText(kept.id)) : id;
  return own.length === 0 ? name : `${name}_out`;
}

/** Whether this is an id of the account itself. */
export function isOwn(id: string): boolean {
  return id === myId() || id === myLid();
}

/** The page has a message that was deleted for everyone under another id. */
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

/** Asks the network whether a number is on WhatsApp. */
export async function isOnWhatsapp(id: string): Promise<boolean> {
  const { contact, whatsapp } = wpp();
  const ask = whatsapp.functions.queryWidExists as
    | typeof whatsapp.functions.queryWidExists
    | undefined;
  // wa-js' own look-up answers from the address book, and with "no" after a failure.
  const answer: unknown =
    typeof ask === "function" ? await ask(makeWid(id)) : await contact.queryExists(id);
  if (answer === null || answer === undefined) return false;
  // A look-up by number returns the LID.
  const { lid } = answer as { lid?: IdLike };
  if (lid && id.endsWith("@c.us")) tellPair(withoutDevice(idText(lid)), id);
  return true;
}

function withoutDevice(id: string): string {
  return id.replace(/:\d+@/, "@");
}

/** The result of a look-up in the page; undefined where a part of the page is missing. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
