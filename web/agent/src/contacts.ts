// The address book, and whether a number is on WhatsApp.
import { type ContactLike, contactOf, idText, isAddress } from "./convert";
import { AgentError } from "./failure";
import { wpp } from "./page";
import { isOnWhatsapp, otherIdentity, person } from "./people";
import type { Contact } from "./wire";

export async function contacts(offset: number, limit: number): Promise<Contact[]> {
  const all = (await wpp().contact.list()) as unknown as ContactLike[];
  // The page keeps a person under each identity; the gateway knows them as one.
  const people = new Map<string, Contact>();
  for (const model of all) {
    const contact = contactOfModel(model);
    if (contact && (contact.name !== null || !people.has(contact.id)))
      people.set(contact.id, contact);
  }
  return [...people.values()].slice(offset, offset + limit);
}

/** None for those that are no people, or none that the gateway could name. */
export function contactOfModel(model: ContactLike): Contact | null {
  const id = person(model.id);
  if (!/@(c\.us|lid)$/.test(id) || !isAddress(id)) return null;
  return contactOf(model, id, lidOf(id));
}

export async function contact(id: string): Promise<Contact> {
  const asked = person(id);
  if (!(await isOnWhatsapp(asked)))
    throw new AgentError("unknownContact", "this number is not on WhatsApp");
  // The question may have brought the other identity.
  const found = person(asked);
  const lid = lidOf(found);
  const page = wpp().contact;
  const model = ((await page.get(found)) ?? (lid && (await page.get(lid)))) as
    | ContactLike
    | null
    | undefined;
  const contact = contactOf(model ?? { id: found }, found, lid);
  // Whoever hides their picture has none.
  const url = await page.getProfilePictureUrl(found).catch(() => undefined);
  if (typeof url === "string" && url !== "")
    contact.picture = { id: null, url, thumbnail: null };
  return contact;
}

function lidOf(id: string): string | null {
  return id.endsWith("@lid") ? idText(id) : otherIdentity(id);
}
