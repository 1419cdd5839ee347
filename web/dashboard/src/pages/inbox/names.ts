// What a contact of the inbox is called.
import { words } from "../../strings/inbox";
import type { Entry } from "./entries";

/** What the colour of a contact hangs on, in the chat and here. */
export const colourOf = ({ phone, id }: Entry): string =>
  (phone ? `${phone.replace("+", "")}@c.us` : id);

export const nameOf = ({ name, phone, email }: Entry): string =>
  name || phone || email || words.unnamed;
