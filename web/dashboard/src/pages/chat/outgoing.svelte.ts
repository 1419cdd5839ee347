// Messages on their way from this page to the gateway.
//
// They are shown at once and sent one after the other in each conversation, so that their order
// holds. Each has a key of its own: asking again after a broken line sends nothing twice. A text
// that waits outlives a reload of the page; a file does not.
/* eslint-disable svelte/prefer-svelte-reactivity -- what is shown is replaced as a whole */
import * as chat from "../../lib/api/chat";
import type {
  Conversation, Message, MessageType, Outgoing, Quoted,
} from "../../lib/api/chat-types";
import { Failure } from "../../lib/api/failure";
import { onSignOut, PERSONAL } from "../../lib/credential.svelte";

export interface Draft {
  key: string;
  conversation: string;
  /** As it will look. */
  message: Message;
  file: File | null;
  outgoing: Outgoing;
  /** Sending; waiting for the gateway to be there; taken over by its queue; or refused. */
  state: "sending" | "waiting" | "queued" | "failed";
  failure: Failure | null;
  /** The newest message that was there before it. */
  after: number;
}

export interface Written {
  text: string;
  file: File | null;
  replyTo: Quoted | null;
  after: number;
  /** RFC 3339; at once where it is not given. */
  at?: string | undefined;
}

const PLACE = `${PERSONAL}unsent`;
/** A file of this type is a voice note. */
export const VOICE = "audio/ogg;codecs=opus";
const RETRY_AFTER = 4_000;
/** What means "not now" rather than "never": what WhatsApp refused is not tried again unasked. */
const isPassing = ({ status, code }: Failure) =>
  code !== "SEND_FAILED" && (status === 0 || status === 429 || 500 <= status);

let drafts = $state.raw<Draft[]>(stored());
let timer: ReturnType<typeof setTimeout> | undefined;
/** The conversations that something is being sent in. */
const busy = new Set<string>();
const sent = new Set<(conversation: string, message: Message, key: string) => void>();

// Nobody sends what another person wrote.
onSignOut(() => {
  clearTimeout(timer);
  change([]);
});

export function draftsOf(conversation: string): Draft[] {
  return drafts.filter((draft) => draft.conversation === conversation);
}

/** Hears of each message that went out, until what is returned is called. */
export function onSent(
  listener: (conversation: string, message: Message, key: string) => void,
): () => void {
  sent.add(listener);
  return () => sent.delete(listener);
}

export function write(to: Conversation, { text, file, replyTo, after, at }: Written): void {
  const type = file ? typeOf(file) : "text";
  const key = randomKey();
  const content = file
    ? {
      media_type: isVoice(file) ? "voice" as const : typeOf(file),
      filename: nameOf(file),
      caption: text || undefined,
    }
    : { message: text };
  const outgoing: Outgoing = {
    instance_id: to.instance.uuid, recipient: to.chat_id, reply_to: replyTo?.uuid, ...content,
    schedule_at: at,
  };
  const message = preview(key, { text, file, replyTo, after, at }, type);
  const draft: Draft = {
    key, conversation: to.id, message, file, outgoing, state: "sending", failure: null, after,
  };
  change([...drafts, draft]);
  void sendNext(to.id);
}

/** Whether all of a message that was not sent is here, so that it can be sent once more. */
export function canSendAgain(message: Message): boolean {
  const { is_from_me: isOwn, status } = message;
  return isOwn && status === "failed" && isWhole(message);
}

/** Whether a message can be sent anew from what is here: a text, or a file with its caption. */
export function isWhole(message: Message): boolean {
  const { is_deleted: isDeleted, message_type: type, media } = message;
  if (isDeleted) return false;
  return type === "text" ? message.message_body !== "" : media !== null && type !== "sticker";
}

export function retry(key: string): void {
  set(key, { state: "sending", failure: null });
  const draft = drafts.find((each) => each.key === key);
  if (draft) void sendNext(draft.conversation);
}

export function discard(key: string): void {
  change(drafts.filter((draft) => draft.key !== key));
}

/** Sends what waited for the gateway. */
export function retryAll(): void {
  for (const draft of drafts.filter((each) => each.state === "waiting")) retry(draft.key);
}

/** A message that the gateway's queue has sent meanwhile is no draft any more. */
export function settle(messages: Message[]): void {
  const there = new Set(messages.map((message) => message.uuid));
  const isGone = (draft: Draft) => draft.state === "queued" && there.has(draft.message.uuid);
  if (drafts.some(isGone)) change(drafts.filter((draft) => !isGone(draft)));
}

async function sendNext(conversation: string): Promise<void> {
  if (busy.has(conversation)) return;
  busy.add(conversation);
  try {
    for (;;) {
      const next = draftsOf(conversation).find((draft) => draft.state === "sending");
      if (!next || !(await sendOne(next))) break;
    }
  } finally {
    busy.delete(conversation);
  }
}

/** Whether the next one may follow. */
async function sendOne(draft: Draft): Promise<boolean> {
  try {
    const data = draft.file ? { media_data: await dataUrl(draft.file) } : {};
    const posted = await chat.send({ ...draft.outgoing, ...data }, draft.key);
    if ("message" in posted) {
      sent.forEach((listener) => listener(draft.conversation, posted.message, draft.key));
      discard(draft.key);
    } else {
      const message = { ...draft.message, uuid: posted.uuid };
      set(draft.key, { state: "queued", message });
    }
    return true;
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure("UNREADABLE", 400, "");
    if (isPassing(failure)) {
      // Those behind it wait too.
      for (const { key, state } of draftsOf(draft.conversation)) {
        if (state === "sending") set(key, { state: "waiting", failure });
      }
      clearTimeout(timer);
      timer = setTimeout(retryAll, (failure.retryAfter ?? 0) * 1000 || RETRY_AFTER);
      return false;
    }
    set(draft.key, { state: "failed", failure });
    return true;
  }
}

function set(key: string, part: Partial<Draft>): void {
  change(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)));
}

function change(next: Draft[]): void {
  drafts = next;
  const texts = next.filter((draft) => !draft.file && draft.state !== "queued");
  try {
    if (texts.length) sessionStorage.setItem(PLACE, JSON.stringify(texts.map(storable)));
    else sessionStorage.removeItem(PLACE);
  } catch {
    // No room is left: they live as long as the page.
  }
}

/** An error has a message that JSON leaves out. */
function storable({ failure, ...draft }: Draft): object {
  const { code, status, message, retryAfter } = failure ?? {};
  return { ...draft, failure: failure && { code, status, message, retryAfter } };
}

/** What an earlier life of the page left. Whether it was sent is found by asking again. */
function stored(): Draft[] {
  try {
    const texts = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]") as Draft[];
    if (texts.length) setTimeout(retryAll);
    return texts.map((draft) => {
      const { code, status, message, retryAfter } = draft.failure ?? {};
      const failure = code ? new Failure(code, status ?? 0, message ?? "", {}, retryAfter) : null;
      return draft.state === "failed"
        ? { ...draft, failure } : { ...draft, state: "waiting", failure: null };
    });
  } catch {
    return [];
  }
}

/** Whether a file is a voice note: its type alone says so, also when one is forwarded. */
const isVoice = (file: File): boolean => file.type.replace(" ", "") === VOICE;

export function typeOf(file: File): Exclude<Outgoing["media_type"], "voice" | undefined> {
  if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) return "image";
  if (/^video\/(mp4|webm|3gpp|quicktime)$/.test(file.type)) return "video";
  return file.type.startsWith("audio/") ? "audio" : "document";
}

/** A picture that was pasted has none. */
function nameOf(file: File): string {
  // eslint-disable-next-line no-control-regex -- those are what is to go
  const name = file.name.replace(/[\u0000-\u001f/\\]/g, "_");
  return name || `file.${file.type.split("/")[1] ?? "bin"}`;
}

function preview(key: string, { text, file, replyTo, at }: Written, type: MessageType): Message {
  return {
    id: Number.MAX_SAFE_INTEGER,
    uuid: key,
    whatsapp_id: "",
    is_from_me: true,
    message_body: text,
    formatted_body: "",
    grouped_reactions: [],
    message_type: type,
    status: "pending",
    is_played: false,
    media: file && {
      mime_type: file.type, filename: nameOf(file), size: file.size,
      is_voice_note: isVoice(file),
    },
    sender: { name: "", number: null, jid: "" },
    reply_to: replyTo,
    is_edited: false,
    is_deleted: false,
    created_at: at ?? new Date().toISOString(),
  };
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(new Failure("FILE_UNREADABLE", 400, ""));
    reader.onload = () => {
      const url = typeof reader.result === "string" ? reader.result : "";
      // A file of a type that nobody knows bears none.
      resolve(url.replace(/^data:(?=;)/, "data:application/octet-stream"));
    };
    reader.readAsDataURL(file);
  });
}

/** `crypto.randomUUID` is for secure pages alone: not for a gateway in a local network. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
