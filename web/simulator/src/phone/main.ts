// The phone page: acts as any person of the simulated network. Text is only ever set as text.
import { control, key } from "./control";

const POLL = 1_000;
let chosenChat: string | undefined;
const shown = new Map<string, string>();

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as T;
}

const accounts = element<HTMLSelectElement>("account");
const sessions = element<HTMLSelectElement>("session");
const phone = (): string => accounts.value;

function tell(text: string): void {
  element("notice").textContent = text;
}

async function attempt(work: () => Promise<unknown>, done?: string): Promise<void> {
  try {
    await work();
    if (done) tell(done);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
  }
}

function onSubmit(id: string, work: (form: HTMLFormElement, data: FormData) => Promise<unknown>, done?: string): void {
  const form = element<HTMLFormElement>(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(async () => {
      await work(form, new FormData(form));
      form.reset();
      await refresh();
    }, done);
  });
}

const text = (data: FormData, name: string): string => String(data.get(name) ?? "").trim();
const digits = (data: FormData): string => text(data, "phone").replace(/\D/g, "");

/** Fills an element only when what it shows has changed, so that focus and place stay. */
function show(id: string, value: unknown, children: () => HTMLElement[]): void {
  const now = JSON.stringify(value);
  if (shown.get(id) === now) return;
  shown.set(id, now);
  element(id).replaceChildren(...children());
}

function make(tag: string, content: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}

function options(select: HTMLSelectElement, values: { value: string; label: string }[]): void {
  const before = select.value;
  show(select.id, values, () => values.map(({ value, label }) => Object.assign(document.createElement("option"), { value, textContent: label })));
  if (values.some(({ value }) => value === before)) select.value = before;
}

function button(label: string, work: () => Promise<unknown>): HTMLElement {
  const made = make("button", label);
  made.addEventListener("click", () => void attempt(async () => (await work(), await refresh())));
  return made;
}

/** Lists and answers may stand in an envelope. */
function within(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (name in value) return (value as Record<string, unknown>)[name];
  return "data" in value ? within((value as { data: unknown }).data, name) : undefined;
}

async function showSessions(): Promise<void> {
  const answer = await control.sessions();
  const data = Array.isArray(answer) ? answer : (within(answer, "sessions") ?? within({ x: answer }, "x"));
  const list = Array.isArray(data) ? data : ((within(answer, "data") as unknown[] | undefined) ?? []);
  if (!Array.isArray(list)) return;
  const ids = list.map((each) => String(within(each, "sessionId") ?? within(each, "id") ?? within(each, "name")));
  options(sessions, ids.map((id) => ({ value: id, label: id })));
}

async function showDevices(): Promise<void> {
  const { devices } = await control.devices(phone());
  show("devices", [phone(), devices], () =>
    devices.map((device) => {
      const line = make("li", `${device.id} ${device.connected ? "connected" : "not connected"}`);
      line.append(button(`Remove ${device.id}`, () => control.removeDevice(phone(), device.id)));
      return line;
    }),
  );
}

async function showChats(): Promise<void> {
  const { chats } = await control.chats(phone());
  show("chats", [phone(), chats], () =>
    chats.map((chat) => {
      const line = document.createElement("li");
      const unread = chat.unread ? ` (${chat.unread} unread)` : "";
      line.append(button(`${chat.name}${unread}: ${chat.lastMessage?.preview ?? ""}`, () => Promise.resolve(choose(chat.id, chat.name))));
      return line;
    }),
  );
}

function choose(id: string, name: string): void {
  chosenChat = id;
  element("chat-name").textContent = name;
}

async function showMessages(): Promise<void> {
  const { messages } = chosenChat ? await control.messages(phone(), chosenChat) : { messages: [] };
  show("messages", [phone(), messages], () =>
    messages.map((message) => {
      const line = make("li", message.body || `[${message.kind}]`);
      const mine = message.id.startsWith("true_");
      if (mine) line.className = "mine";
      line.title = `${mine ? message.ack : (message.pushName ?? message.author)} ${message.timestamp}`;
      return line;
    }),
  );
  const list = element("messages");
  if (messages.length) list.scrollTop = list.scrollHeight;
}

async function refresh(): Promise<void> {
  const { accounts: people } = await control.accounts();
  options(accounts, people.map((each) => ({ value: each.phone, label: `${each.name} (${each.phone})` })));
  await showSessions();
  if (!phone()) return;
  await Promise.all([showDevices(), showChats(), showMessages()]);
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

async function write(data: FormData): Promise<void> {
  if (!chosenChat) throw new Error("Choose a chat first.");
  const picture = data.get("picture");
  const body = text(data, "text");
  if (picture instanceof File && picture.size > 0) {
    await control.write(phone(), { chat: chosenChat, mediaBase64: await base64(picture), mime: picture.type, filename: picture.name });
  }
  if (body) await control.write(phone(), { chat: chosenChat, text: body });
}

const keyField = element<HTMLInputElement>("key");
keyField.value = key.get();
keyField.addEventListener("change", () => key.set(keyField.value.trim()));
accounts.addEventListener("change", () => {
  chosenChat = undefined;
  element("chat-name").textContent = "No chat chosen";
  void attempt(refresh);
});
onSubmit("open", (_form, data) => control.open(digits(data), text(data, "name")), "The person has a phone now.");
onSubmit("scan", (_form, data) => control.scan(phone(), text(data, "code")), "Scanned.");
onSubmit("pair", (_form, data) => control.pair(phone(), text(data, "code")), "Linked.");
onSubmit("scan-session", async (_form, data) => {
  const code = within(await control.qrText(text(data, "session")), "qrText");
  if (typeof code !== "string") throw new Error("This session shows no QR code now.");
  await control.scan(phone(), code);
}, "Scanned.");
onSubmit("start", (_form, data) => Promise.resolve(choose(`${digits(data)}@c.us`, digits(data))));
onSubmit("write", (_form, data) => write(data));

async function poll(): Promise<void> {
  await attempt(refresh);
  setTimeout(() => void poll(), POLL);
}
void poll();
