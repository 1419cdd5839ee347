// Devices of a phone: scan a QR code, type a pairing code, remove a device, cut the connection.
import * as control from "./control";
import { button, element, hiddenText, make, showList } from "./dom";
import { attempt, chosen, expectOtherSessions, onView } from "./refresh";
import type { View } from "./refresh";
import type { Device } from "./types";

const waiting = element("waiting", HTMLElement);
const noneWaiting = element("none-waiting", HTMLElement);
const devices = element("devices", HTMLElement);
const noDevices = element("no-devices", HTMLElement);

export function startLinking(): void {
  onView(show);
  onCode("scan-form", "scan-code", (code) => control.scan(chosen.person, code));
  onCode("pair-form", "pair-code", (code) => control.typePairingCode(chosen.person, code));
  onConnection("cut-line", false);
  onConnection("restore-line", true);
}

function onCode(formId: string, fieldId: string, link: (code: string) => Promise<void>): void {
  const form = element(formId, HTMLFormElement);
  const field = element(fieldId, HTMLInputElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void linkWith(() => link(field.value.trim())).then((isDone) => {
      if (isDone) form.reset();
    });
  });
}

function linkWith(link: () => Promise<void>): Promise<boolean> {
  expectOtherSessions();
  return attempt(link, "Linked. The device is one of this phone's now.");
}

function onConnection(id: string, connected: boolean): void {
  element(id, HTMLButtonElement).addEventListener("click", () => {
    void attempt(async () => {
      const count = await control.setConnected(chosen.person, connected);
      if (count === 0) throw new control.Failure(0, "No device of this phone is connected.");
    }, connected ? "The connection is back." : "The connection is cut.");
  });
}

function show(view: View): void {
  showList(waiting, view.sessions, ({ sessionId }) => sessionId, drawSession);
  noneWaiting.hidden = view.sessions.length > 0;
  showList(devices, view.devices, ({ id }) => `${chosen.person} ${id}`, drawDevice);
  noDevices.hidden = view.devices.length > 0;
}

function drawSession({ sessionId }: control.WaitingSession): HTMLElement {
  const scan = button("scan", "Scan", () => {
    void linkWith(async () => {
      await control.scan(chosen.person, await control.codeOf(sessionId));
    });
  });
  scan.append(hiddenText(` the code of ${sessionId}`));
  return make("li", "row", make("span", "name", sessionId), scan);
}

function drawDevice({ id, connected }: Device): HTMLElement {
  const state = connected ? "connected" : "not connected";
  const remove = button("remove", "Remove", () => {
    void attempt(() => control.removeDevice(chosen.person, id), "The device is removed.");
  });
  remove.append(hiddenText(` device ${id}`));
  const name = make("span", "name", id, make("small", connected ? "good" : "", state));
  return make("li", "row", name, remove);
}
