// The ways to the people and groups that a session knows.
import { call } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export type Person = Schemas["ContactView"];
export type PersonDetails = Schemas["ContactDetails"];
export type Group = Schemas["GroupView"];

const onSession = (session: string, what: string) =>
  `api/v1/sessions/${inPath(session)}/${what}`;

export const listPeople = (session: string, limit: number) =>
  call<Person[]>(onSession(session, "contacts"), { query: { limit } });
export const readPerson = (session: string, id: string) =>
  call<PersonDetails>(onSession(session, `contacts/${inPath(id)}`));
export const readGroup = (session: string, id: string) =>
  call<Group>(onSession(session, `groups/${inPath(id)}`));
