// Whether one is here for one's colleagues. An open stream of events says so by itself; what a
// person chooses stays until another is chosen.
import { listPresence, readOwnPresence, setOwnPresence } from "./api/people";
import type { MemberPresence, PresenceWord } from "./api/people-types";
import { Failure } from "./api/failure";
import { listen } from "./live.svelte";
import { Pacer } from "./pacer";
import { repeatedly } from "./repeat";

/** Events say who comes and goes; how much each has to do is seen now and then. */
const EVERY = 60_000;

let own = $state<PresenceWord>("online");
let colleagues = $state.raw<MemberPresence[]>([]);

export const PRESENCES = ["online", "away", "busy", "offline"] as const;

export function ownPresence(): PresenceWord {
  return own;
}

export function presenceOf(id: string | undefined): PresenceWord | undefined {
  return colleagues.find((each) => each.user_id === id)?.status;
}

export function currentColleagues(): MemberPresence[] {
  return colleagues;
}

export async function loadOwnPresence(): Promise<void> {
  own = await orNothing(async () => (await readOwnPresence()).status) ?? own;
}

export async function choosePresence(chosen: PresenceWord): Promise<void> {
  own = (await setOwnPresence(chosen)).status;
}

/** Keeps up with colleagues until what is returned is called: for an effect of a page. */
export function followPresence(): () => void {
  const read = async () => (colleagues = await orNothing(listPresence) ?? colleagues);
  const pacer = new Pacer(read);
  const stops = [
    repeatedly(read, EVERY),
    listen({ event: ({ event }) => {
      if (event === "presence.changed") pacer.push();
    } }),
    () => pacer.stop(),
  ];
  return () => stops.forEach((stop) => stop());
}

/** What is shown stays when it cannot be read: a page says elsewhere that the gateway is away. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
