// A gateway with something in it, and every page of the dashboard that there is to look at. What is
// listed here is held to axe-core by pages.test.mjs and drawn by scripts/screenshots.mjs.
import { fillChats, shots as chat } from "../../scripts/shots/chat.mjs";
import { shots as shell } from "../../scripts/shots/shell.mjs";
import { link, startGateway } from "./gateway.mjs";

/**
 * A view: its name, its address, and how it comes to be what is shown. `ready` waits until all is
 * there. `withKey` shows it on a gateway that asks for a key.
 *
 * @typedef {{
 *   name: string,
 *   hash?: string,
 *   withKey?: boolean,
 *   empty?: boolean,
 *   ready: (page: import("playwright-core").Page, gateway: object) => Promise<unknown>,
 * }} Shot
 */

/** @type {Shot[]} */
export const shots = [...shell, ...chat];

/** The gateways that the views are of. */
export async function setScenery() {
  const busy = await startGateway();
  await link(busy, "shop", "15551234567");
  await fillChats(busy);
  const empty = await startGateway();
  const locked = await startGateway({ withKey: true });
  const all = [busy, empty, locked];
  const of = (shot) => (shot.withKey ? locked : shot.empty ? empty : busy);
  return { of, stop: () => Promise.all(all.map((gateway) => gateway.stop())) };
}
