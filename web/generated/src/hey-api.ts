// The journey of a program with the client that @hey-api/openapi-ts generates.
import {
  createSession,
  getQrCode,
  getSessionStatus,
  listChats,
  sendText,
  streamSessionEvents,
} from "../dist/hey";
import { client } from "../dist/hey/client.gen";

export async function journey(baseUrl: string, scan: (code: string) => Promise<void>) {
  client.setConfig({ baseUrl });
  const path = { sessionId: "generated" };

  const created = await createSession({ body: path });
  if (!created.data) throw new Error(created.error.error.message);

  const code = await getQrCode({ path, query: { format: "text" } });
  await scan(code.data?.data.qrText ?? "");
  for (let status: string = created.data.data.status; status !== "ready"; ) {
    const now = await getSessionStatus({ path });
    status = now.data?.data.status ?? "unknown";
  }

  const sent = await sendText({ path, body: { chatId: "15550000001@c.us", content: "Hello" } });
  if (!sent.data) throw new Error(sent.error.error.message);

  const chats = await listChats({ path });
  const names = chats.data?.data.map((chat) => chat.id) ?? [];

  const refused = await sendText({ path, body: { chatId: "nobody", content: "Hello" } });
  const fault: string = refused.error?.error.code ?? "none";

  const ending = new AbortController();
  const { stream } = await streamSessionEvents({ path, query: { since: 0 }, signal: ending.signal });
  const events: string[] = [];
  for await (const event of stream) {
    events.push((event as { event: string }).event);
    if (events.includes("message_sent")) break;
  }
  ending.abort();

  return { ack: sent.data.data.ack, names, fault, events };
}
