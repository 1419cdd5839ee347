// A gateway with something on every page of the dashboard, and the address of each page.
import { ADA, conversationWith, PHONE, writeFrom } from "./chats.mjs";
import { link } from "./gateway.mjs";
import { askAs } from "./people.mjs";
import { allAddresses } from "./routes.mjs";

/** A session that is ready, a webhook with a delivery, a chat, a bot with a rule, and so on. */
export async function fillEveryPage(gateway) {
  const make = async (path, draft) => (await askAs(gateway, gateway.key, "POST", path, draft)).id;
  await link(gateway, "shop", PHONE);
  const hook = { url: "http://127.0.0.1:9/nobody", events: ["*"] };
  const { data } = await gateway.ask("POST", "/api/v1/sessions/shop/webhooks", hook);
  await writeFrom(gateway, ADA, "Good morning");
  const { id } = await conversationWith(gateway, ADA);
  const bot = await make("/api/v1/bots", { name: "Desk" });
  const contact = await make("/api/whatsapp-api/contacts", { phone: "+15557000001" });
  await make("/api/whatsapp-api/templates", {
    name: "hello", language: "en", category: "UTILITY",
    components: [{ type: "BODY", text: "Hello" }],
  });
  const rule = await make("/api/v1/automations", {
    bot_id: bot, name: "Greet", trigger: { type: "session_created" },
    actions: [{ type: "add_tag", tag: "new" }],
  });
  const flow = await make("/api/whatsapp-api/flows", {
    name: "Hello", trigger: { type: "keyword", keywords: ["menu"] },
    steps: [{ id: "hello", type: "message", text: "Hello" }],
  });
  const broadcast = await make("/api/whatsapp-api/broadcasts", {
    name: "Hello", templateName: "hello", language: "en", tags: ["*"],
  });
  const pages = await allAddresses({
    "sessions/:id": "sessions/shop",
    "bots/:id": `bots/${bot}`,
    "contacts/:id": `contacts/${contact}`,
    "broadcasts/:id": `broadcasts/${broadcast}`,
    "broadcasts/:id/edit": `broadcasts/${broadcast}/edit`,
    "automations/:bot/new": `automations/${bot}/new`,
    "automations/:bot/:id": `automations/${bot}/${rule}`,
    "flows/:id": `flows/${flow}`,
    "webhooks/:id": `webhooks/${data.id}?session=shop`,
  });
  return [...pages, `#/chat?with=${id}`];
}
