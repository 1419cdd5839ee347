// Arabic.
import type { Pack } from "../pack";

const pack: Pack = {
  common: () => import("./common"),
  failures: () => import("./failures"),
  reasons: () => import("./reasons"),
  signIn: () => import("./sign-in"),
  account: () => import("./account"),
  team: () => import("./team"),
  analytics: () => import("./analytics"),
  audit: () => import("./audit"),
  automations: () => import("./automations"),
  bots: () => import("./bots"),
  broadcasts: () => import("./broadcasts"),
  business: () => import("./business"),
  chat: () => import("./chat"),
  contacts: () => import("./contacts"),
  events: () => import("./events"),
  inbox: () => import("./inbox"),
  operations: () => import("./operations"),
  replies: () => import("./replies"),
  templates: () => import("./templates"),
  timeline: () => import("./timeline"),
  webhooks: () => import("./webhooks"),
  work: () => import("./work"),
};
export default pack;
