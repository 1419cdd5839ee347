// Webhooks that do well, that fail and that were switched off, and what happened to tell them of.
import { ECHO, until } from "./gateway.mjs";
import { startReceiver } from "./receiver.mjs";

const OUR_PHONE = "15551234567@c.us";
const HOOKS = "/api/v1/sessions/shop/webhooks";
const TALK = [
  ["15550000011", "When do you open?"],
  ["15550000012", "Is the blue one still there? 🫐"],
  ["15550000011", "And on Sundays?"],
  ["15550000013", "Thank you, it has come."],
];

/** Gives what must be stopped in the end. */
export async function setDeliveries(gateway) {
  const receiver = await startReceiver();
  receiver.answer = (path) => ({
    "/crm": { status: 503, body: '{"error":"the database is being moved"}' },
    "/old": { status: 410, body: "Gone for good" },
  })[path] ?? { status: 200, body: "ok" };
  const create = (path, body) => gateway.ask("POST", path, body);
  const at = (path) => `${receiver.address}${path}`;
  const headers = { Authorization: "Bearer of-the-shop", "X-Team": "sales" };
  await create(HOOKS, { url: at("/orders"), events: ["message", "ack"], headers });
  await create("/api/v1/gateway-webhooks", { url: at("/crm"), events: ["*"], retries: "short" });
  await create(HOOKS, { url: at("/old"), events: ["message_sent", "reaction", "call"] });
  for (const [phone, text] of TALK) {
    const path = `/_simulator/v1/accounts/${phone}/messages`;
    await gateway.ask("POST", path, { chat: OUR_PHONE, text });
  }
  await gateway.ask("POST", "/api/v1/sessions/shop/send-text", { chatId: ECHO, content: "Hello" });
  const hooks = async () => (await gateway.ask("GET", "/api/v1/gateway-webhooks?all=true")).data;
  const of = async (path) => (await hooks()).find(({ url }) => url.endsWith(path));
  await until("the end of /old", async () => !(await of("/old")).enabled);
  const delivered = async () => (await of("/orders")).stats.delivered;
  await until("deliveries to /orders", async () => TALK.length <= await delivered());
  await until("a try at /crm", async () => (await of("/crm")).stats.lastStatus === 503);
  return receiver;
}
