// Composer: writes a new message with or without a file, or edits a message.
import type { Draft, Jid, Message } from "./types";
import * as control from "./control";
import { element } from "./dom";
import { attempt, chosen } from "./refresh";
import { gistOf, sizeOf } from "./words";

const form = element("composer", HTMLFormElement);
const field = element("text", HTMLTextAreaElement);
const send = element("send", HTMLButtonElement);
const editing = element("editing", HTMLElement);
const editingText = element("editing-text", HTMLElement);
const file = element("file", HTMLInputElement);
const attachment = element("attachment", HTMLElement);
const attachmentName = element("attachment-name", HTMLElement);
const thumbnail = element("thumbnail", HTMLImageElement);
/** Unsent drafts per chat. */
const drafts = new Map<string, string>();
let place = "";
let edited: Message | undefined;
let isSending = false;
/** Whether another submit came while a message was being sent. */
let isSubmitPending = false;

export function startComposer(): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  field.addEventListener("keydown", (event) => {
    const isPlain = !event.shiftKey && !event.isComposing;
    if (event.key === "Enter" && isPlain) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && edited) {
      event.stopPropagation();
      stopEditing();
    }
  });
  file.addEventListener("change", showAttachment);
  element("drop-attachment", HTMLButtonElement).addEventListener("click", () => {
    dropAttachment();
    file.focus();
  });
  element("cancel-editing", HTMLButtonElement).addEventListener("click", () => {
    stopEditing();
    field.focus();
  });
}

/** Switches to another chat. The draft of the former chat is stored. */
export function turnTo(chat: Jid): void {
  stopEditing();
  dropAttachment();
  if (place) drafts.set(place, field.value);
  place = chat ? `${chosen.person} ${chat}` : "";
  field.value = drafts.get(place) ?? "";
}

export function focusComposer(): void {
  field.focus();
}

export function startEditing(message: Message): void {
  if (!edited) drafts.set(place, field.value);
  edited = message;
  dropAttachment();
  editingText.textContent = gistOf(message);
  field.value = message.body;
  showMode();
  field.focus();
}

function stopEditing(): void {
  if (!edited) return;
  edited = undefined;
  field.value = drafts.get(place) ?? "";
  showMode();
}

function showMode(): void {
  editing.hidden = !edited;
  form.classList.toggle("is-editing", Boolean(edited));
  send.textContent = edited ? "Save" : "Send";
}

/** One message at a time. A submit that comes meanwhile is carried out after it, not lost. */
async function submit(): Promise<void> {
  isSubmitPending = true;
  if (isSending) return;
  isSending = true;
  try {
    while (isSubmitPending) {
      isSubmitPending = false;
      // After a failure the text stays in the field: the person decides.
      if (!(await submitOnce())) isSubmitPending = false;
    }
  } finally {
    isSending = false;
  }
}

/** Whether there was something to send, and the gateway took it. */
async function submitOnce(): Promise<boolean> {
  const text = field.value.trim();
  const chosenFile = file.files?.[0];
  if (!chosen.chat || (!text && !chosenFile)) return false;
  return edited ? saveEdit(edited, text) : sendNew(text, chosenFile);
}

async function saveEdit(message: Message, text: string): Promise<boolean> {
  const { person } = chosen;
  const isDone = await attempt(() => control.edit(person, message.id, text), "Edited.");
  if (isDone && edited?.id === message.id) stopEditing();
  return isDone;
}

async function sendNew(text: string, chosenFile: File | undefined): Promise<boolean> {
  const { person, chat } = chosen;
  const sentFrom = place;
  const isDone = await attempt(async () => {
    const draft: Draft = { chat };
    if (text) draft.text = text;
    if (chosenFile) {
      draft.mediaBase64 = await base64Of(chosenFile);
      draft.mime = chosenFile.type || "application/octet-stream";
      draft.filename = chosenFile.name;
    }
    await control.write(person, draft);
  });
  if (!isDone) return false;
  drafts.delete(sentFrom);
  if (place !== sentFrom) return true;
  // Text that was typed while the message was being sent is the next message.
  if (field.value.trim() === text) field.value = "";
  if (file.files?.[0] === chosenFile) dropAttachment();
  return true;
}

function showAttachment(): void {
  const chosenFile = file.files?.[0];
  URL.revokeObjectURL(thumbnail.src);
  thumbnail.removeAttribute("src");
  attachment.hidden = !chosenFile;
  if (!chosenFile) return;
  attachmentName.textContent = `${chosenFile.name} (${sizeOf(chosenFile.size)})`;
  thumbnail.hidden = !chosenFile.type.startsWith("image/");
  if (!thumbnail.hidden) thumbnail.src = URL.createObjectURL(chosenFile);
}

function dropAttachment(): void {
  file.value = "";
  showAttachment();
}

function base64Of(chosenFile: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const url = typeof reader.result === "string" ? reader.result : "";
      resolve(url.slice(url.indexOf(",") + 1));
    });
    reader.addEventListener("error", () => {
      reject(new Error(`${chosenFile.name} cannot be read.`));
    });
    reader.readAsDataURL(chosenFile);
  });
}
