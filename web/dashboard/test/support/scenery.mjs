// A gateway with something in it, and every page of the dashboard that there is to look at. What is
// listed here is held to axe-core by pages.test.mjs and drawn by scripts/screenshots.mjs.
import { fillBusiness, shots as business } from "../../scripts/shots/business.mjs";
import { fillChats, shots as chat } from "../../scripts/shots/chat.mjs";
import { shots as events } from "../../scripts/shots/events.mjs";
import { shots as overview } from "../../scripts/shots/overview.mjs";
import { fillPeople, shots as people } from "../../scripts/shots/people.mjs";
import { shots as sessions } from "../../scripts/shots/sessions.mjs";
import { shots as settings } from "../../scripts/shots/settings.mjs";
import { shots as shell } from "../../scripts/shots/shell.mjs";
import { shots as webhooks } from "../../scripts/shots/webhooks.mjs";
import { setDeliveries } from "./deliveries.mjs";
import { ECHO, link, startGateway, until } from "./gateway.mjs";
import { signedIn } from "./signed-in.mjs";

/**
 * A view: its name, its address, and how it comes to be what is shown. `ready` waits until all is
 * there. `withKey` shows it on a gateway that asks for a key, `chats` on one with conversations,
 * `people` on one with accounts, `business` signed in on one with contacts, broadcasts and bots.
 *
 * @typedef {{
 *   name: string,
 *   hash?: string,
 *   withKey?: boolean,
 *   empty?: boolean,
 *   chats?: boolean,
 *   people?: boolean,
 *   business?: boolean,
 *   ready: (page: import("playwright-core").Page, gateway: object) => Promise<unknown>,
 * }} Shot
 */

/** @type {Shot[]} */
export const shots = [
  ...shell, ...overview, ...sessions, ...chat, ...settings, ...events, ...webhooks, ...people,
  ...business,
];

/** Sessions that fare differently, with something on its way. */
async function fill(gateway) {
  await link(gateway, "shop", "15551234567");
  const create = (id, config) =>
    gateway.ask("POST", "/api/v1/sessions", { sessionId: id, config });
  await create("support", { qrTimeout: 0 });
  await create("night-shift", { qrTimeout: 1 });
  for (const text of ["Your parcel is on its way.", "It will be there at noon."]) {
    const body = { chatId: ECHO, content: text, queue: true };
    await gateway.ask("POST", "/api/v1/sessions/support/send-text", body);
  }
  const key = { name: "reports", scopes: ["read"], sessionId: "shop" };
  await gateway.ask("POST", "/api/v1/api-keys", key);
  for (const text of ["Good morning!", "Your order is ready.", "See you soon."]) {
    await gateway.ask("POST", "/api/v1/sessions/shop/send-text", { chatId: ECHO, content: text });
  }
  const look = async () => (await gateway.ask("GET", "/api/v1/sessions/night-shift")).data;
  await until("a failed session", async () => (await look()).status === "failed");
}

/** The gateways that the views are of. */
export async function setScenery() {
  const busy = await startGateway();
  await fill(busy);
  const receiver = await setDeliveries(busy);
  const talkative = await startGateway();
  await link(talkative, "shop", "15551234567");
  await fillChats(talkative);
  const empty = await startGateway();
  const locked = await startGateway({ withKey: true });
  const staffed = await startGateway({ withKey: true });
  await fillPeople(staffed);
  const trading = await startGateway({ withKey: true });
  await fillBusiness(trading);
  const all = [busy, talkative, empty, locked, staffed, trading, receiver];
  const of = (shot) => {
    if (shot.business) return trading;
    if (shot.withKey) return locked;
    if (shot.empty) return empty;
    if (shot.chats) return talkative;
    return shot.people ? staffed : busy;
  };
  /** With what the page is opened. */
  const optionsOf = ({ business: isBusiness }) => (isBusiness ? signedIn(trading) : {});
  return { of, optionsOf, stop: () => Promise.all(all.map((each) => each.stop())) };
}
