// The ways to bots, what they know, and a chat with one of them.
import { EventReader } from "../sse";
import { ask, fetchAnswer } from "./client";
import { Failure, isRecord, unreachable } from "./failure";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export type Bot = Schemas["WorkspaceBot"];
export type BotStatus = Bot["status"];
export type BotDraft = Schemas["WorkspaceBotDraft"];
export type BotChange = Schemas["WorkspaceBotChange"];
export type Document = Schemas["KnowledgeDocument"];
export type DocumentDraft = Schemas["KnowledgeDocumentDraft"];
export type Hit = Schemas["KnowledgeHit"];
export type Answer = Schemas["WorkspaceChatAnswer"];
export type Source = Schemas["WorkspaceSource"];

export const BOTS = "api/v1/bots";
const KNOWLEDGE = "api/v1/kb";
/** A model may take its time. */
const ANSWER_DEADLINE = 120_000;
/** A file of the largest size over a slow connection. */
const UPLOAD_DEADLINE = 180_000;

const botPath = (id: string, rest = "") => `${BOTS}/${inPath(id)}${rest}`;
const documentPath = (id: string) => `${KNOWLEDGE}/documents/${inPath(id)}`;

export const listBots = () =>
  ask<Schemas["WorkspaceBots"]>(BOTS).then(({ bots }) => bots);

export const readBot = (id: string) => ask<Bot>(botPath(id));

export const createBot = (draft: BotDraft) => ask<Bot>(BOTS, { method: "POST", body: draft });

export const changeBot = (id: string, change: BotChange) =>
  ask<Bot>(botPath(id), { method: "PUT", body: change });

export const activateBot = (id: string, active: boolean) =>
  ask<Bot>(botPath(id, "/activate"), { method: "POST", body: { active } });

export const duplicateBot = (id: string, name: string) =>
  ask<Bot>(botPath(id, "/duplicate"), { method: "POST", body: { name } });

export const deleteBot = (id: string) => ask<unknown>(botPath(id), { method: "DELETE" });

/** All that a bot knows: at most a thousand documents, without their texts. */
export const listDocuments = (bot: string) =>
  ask<Schemas["KnowledgeDocuments"]>(`${KNOWLEDGE}/${inPath(bot)}`)
    .then(({ documents }) => documents);

export const readDocument = (id: string) =>
  ask<Schemas["KnowledgeDocumentWithText"]>(documentPath(id));

export const addDocument = (bot: string, draft: DocumentDraft) =>
  ask<Document>(`${KNOWLEDGE}/${inPath(bot)}`, { method: "POST", body: draft });

export function addFile(bot: string, file: File, title: string): Promise<Document> {
  const body = new FormData();
  if (title) body.append("title", title);
  body.append("file", file);
  const options = { method: "POST", body, deadline: UPLOAD_DEADLINE } as const;
  return ask<Document>(`${KNOWLEDGE}/${inPath(bot)}`, options);
}

/** An empty change fetches the page of a document again. */
export const changeDocument = (id: string, change: DocumentDraft) =>
  ask<Document>(documentPath(id), { method: "PUT", body: change });

export const deleteDocument = (id: string) =>
  ask<unknown>(documentPath(id), { method: "DELETE" });

export const searchKnowledge = (bot: string, query: string) =>
  ask<Schemas["KnowledgeHits"]>(`${KNOWLEDGE}/${inPath(bot)}/search`, {
    method: "POST",
    body: { query, limit: 5 },
  }).then(({ results }) => results);

/**
 * Says something to a bot. `onword` gets the pieces of its answer as they come, and what is
 * returned is the whole.
 */
export async function sayTo(
  bot: string,
  message: string,
  options: { conversation: string | undefined; onword: (piece: string) => void;
    signal: AbortSignal },
): Promise<Answer> {
  const { conversation, onword, signal } = options;
  const response = await fetchAnswer("api/v1/chat/stream", {
    method: "POST",
    body: { bot_id: bot, message, session_id: conversation },
    headers: { accept: "text/event-stream" },
    deadline: ANSWER_DEADLINE,
    signal,
  });
  const body = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const reader = new EventReader();
  while (body) {
    const { done, value } = await read(body, signal);
    if (done) break;
    for (const { name, data } of reader.read(value)) {
      const found: unknown = JSON.parse(data);
      if (!isRecord(found)) continue;
      if (name === "done") return found as Answer;
      if (name === "token" && typeof found["delta"] === "string") onword(found["delta"]);
      if (name === "error") throw new Failure(textOf(found["code"]), 500, textOf(found["error"]));
    }
  }
  // Cut off before its end.
  throw unreachable();
}

async function read(body: ReadableStreamDefaultReader<string>, signal: AbortSignal) {
  try {
    return await body.read();
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
