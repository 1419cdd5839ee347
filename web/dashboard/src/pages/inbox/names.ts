// What a contact of the inbox is called.
import { words } from "../../strings/inbox";
import type { Entry } from "./entries";

export const nameOf = ({ name, phone, email }: Entry): string =>
  name || phone || email || words.unnamed;
