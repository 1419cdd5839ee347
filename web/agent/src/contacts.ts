// Contacts of the address book, and look-ups of numbers.
import { type ContactLike, contactOf } from "./convert";
import { idText, isAddress } from "./ids";
import { AgentError } from "./failure";
import { wpp } from "./page";
import { isOnWhatsapp, otherIdentity, person } from "./people";
import type { Contact } from "./wire";

export async function contacts(offset: number, limit: number): Promise<Contact[]> {
  const all = (await wpp().contact.list()) as unknown as ContactLike[];
  // The page has an entry per identity; the gateway has one per person.
  const people = new Map<string, Contact>();
  for (const model of all) {
    const contact = contactOfModel(model);
    if (contact && (contact.name !== null || !people.has(contact.id)))
      people.set(contact.id, contact);
  }
  return [...people.values()].slice(offset, offset + limit);
}

/** None for entries that are not people, or have no address that the gateway accepts. */
export function contactOfModel(model: ContactLike): Contact | null {
  const id = person(model.id);
  if (!/@(c\.us|lid)$/.test(id) || !isAddress(id)) return null;
  return contactOf(model, id, lidOf(id));
}

export async function contact(id: string): Promise<Contact> {
  const asked = person(id);
  if (!(await isOnWhatsapp(asked)))
    throw new AgentError("unknownContact", "this number is not on WhatsApp");
  // The look-up may have returned the other identity.
  const found = person(asked);
  const lid = lidOf(found);
  const page = wpp().contact;
  const model = ((await page.get(found)) ?? (lid && (await page.get(lid)))) as
    | ContactLike
    | null
    | undefined;
  const contact = contactOf(model ?? { id: found }, found, lid);
  // A hidden picture looks like a missing one.
  const url = await page.getProfilePictureUrl(found).catch(() => undefined);
  if (typeof url === "string" && url !== "")
    contact.picture = { id: null, url, thumbnail: null };
  return contact;
}

function lidOf(id: string): string | null {
  return id.endsWith("@lid") ? idText(id) : otherIdentity(id);
}
