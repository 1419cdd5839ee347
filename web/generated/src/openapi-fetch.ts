// The journey of a program with the types of openapi-typescript and the client of openapi-fetch.
import createClient from "openapi-fetch";

import type { components, paths } from "../dist/schema";

type Event = components["schemas"]["Event"];

export async function journey(baseUrl: string, scan: (code: string) => Promise<void>) {
  const api = createClient<paths>({ baseUrl });
  const path = { sessionId: "typed" };

  const created = await api.POST("/api/v1/sessions", { body: { sessionId: path.sessionId } });
  if (!created.data) throw new Error(created.error.error.message);
  const first: "qr_ready" | string = created.data.data.status;

  const code = await api.GET("/api/v1/sessions/{sessionId}/qr", {
    params: { path, query: { format: "text" } },
  });
  await scan(code.data?.data.qrText ?? "");
  for (let status = first; status !== "ready"; ) {
    const now = await api.GET("/api/v1/sessions/{sessionId}/status", { params: { path } });
    status = now.data?.data.status ?? "unknown";
  }

  const sent = await api.POST("/api/v1/sessions/{sessionId}/send-text", {
    params: { path },
    body: { chatId: "15550000001@c.us", content: "Hello" },
  });
  if (!sent.data) throw new Error(sent.error.error.message);

  const chats = await api.GET("/api/v1/sessions/{sessionId}/chats", { params: { path } });
  const names = chats.data?.data.map((chat) => chat.id) ?? [];

  const refused = await api.POST("/api/v1/sessions/{sessionId}/send-text", {
    params: { path },
    body: { chatId: "nobody", content: "Hello" },
  });
  const fault: string = refused.error?.error.code ?? "none";

  const ending = new AbortController();
  const stream = await api.GET("/api/v1/sessions/{sessionId}/events", {
    params: { path, query: { since: 0 } },
    parseAs: "stream",
    signal: ending.signal,
  });
  const pieces = stream.data as ReadableStream<Uint8Array> | undefined;
  if (!pieces) throw new Error("the stream is not there");
  const events: Event["event"][] = [];
  const reader = pieces.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; !events.includes("message_sent"); ) {
    text += decoder.decode((await reader.read()).value, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines.filter((line) => line.startsWith("data: "))) {
      events.push((JSON.parse(line.slice(6)) as Event).event);
    }
  }
  ending.abort();

  return { ack: sent.data.data.ack, names, fault, events };
}
