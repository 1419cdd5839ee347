// What the compiler must accept, and what it must refuse.
import { type EventOf, type Event, Wagate, verifyWebhook } from "wagate-client";

const session = new Wagate({ key: "wag_…" }).session("shop");

export async function texts(): Promise<string> {
  for await (const { data } of session.events({ events: ["message"], since: 3 })) return data.body;
  return "";
}

export function who(event: Event): string | undefined {
  if (event.event === "ack") return event.data.chatId;
  return event.event === "message" ? event.data.from : undefined;
}

export const reacted = (event: EventOf<"reaction">): string => event.data.emoji;

export async function sends(): Promise<string> {
  await session.send("send-location", { chatId: "1@c.us", latitude: 1, longitude: 2 }, { once: "a" });
  // @ts-expect-error A location has a longitude.
  await session.send("send-location", { chatId: "1@c.us", latitude: 1 });
  // @ts-expect-error There is no such event.
  session.events({ events: ["mesage"] });
  const { messageId } = await session.sendText("1@c.us", "Hello", { queue: true, once: "b" });
  return messageId;
}

export const name: string = verifyWebhook("whsec_", {}, "").event;
