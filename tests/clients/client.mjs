// A client as the users of the API write them: `fetch`, JSON, the global `WebSocket`, nothing else.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

const LOOK_INTERVAL = 50;
/** Longer than anything here takes on a slow machine, a browser's start included. */
const PATIENCE = 60_000;

/** Asks until there is an answer; fails when there never is one. */
export async function until(ask, what) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((again) => setTimeout(again, LOOK_INTERVAL));
  }
}

export class Client {
  constructor(gateway) {
    this.gateway = gateway;
    this.api = `${gateway}/api/v1`;
  }

  /** The answer with its status and headers, whatever it says. */
  async ask(method, path, body) {
    const response = await fetch(path.startsWith("/_") ? this.gateway + path : this.api + path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const read = isJson ? await response.json() : new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body: read };
  }

  /** What a successful answer carries. */
  async call(method, path, body) {
    const answer = await this.ask(method, path, body);
    const shown = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`;
    assert.ok(answer.status < 300 && answer.body.success === true, shown);
    return answer.body.data ?? answer.body.message;
  }

  createSession(sessionId, config = {}) {
    const usual = { multiDevice: true, headless: true };
    const body = { sessionId, waitForQR: true, config: { ...usual, ...config } };
    return this.call("POST", "/sessions", body);
  }

  /** Scans a session's code with a simulated phone and waits until the session is ready. */
  async link(session, phone) {
    const { qrText } = await this.call("GET", `/sessions/${session}/qr?format=text`);
    const scan = { code: qrText, name: `Owner of ${session}` };
    await this.call("POST", `/_simulator/v1/accounts/${phone}/scan`, scan);
    await this.becomes(session, "ready");
  }

  becomes(session, wanted) {
    const path = `/sessions/${session}/status`;
    const look = async () => (await this.call("GET", path)).status === wanted;
    return until(look, `${session} to be ${wanted}`);
  }
}

/** The events of a session over a WebSocket, kept as they come. */
export class Listener {
  static async open(gateway, session) {
    const socket = new WebSocket(`${gateway.replace("http", "ws")}/ws/${session}`);
    const listener = new Listener();
    socket.addEventListener("message", ({ data }) => listener.frames.push(JSON.parse(data)));
    listener.closed = once(socket, "close").then(([event]) => event.code);
    await once(socket, "open");
    return listener;
  }

  frames = [];

  hears(event, fits = () => true) {
    const found = () => this.frames.find((frame) => frame.event === event && fits(frame.data));
    return until(found, `${event} among ${this.frames.map((frame) => frame.event)}`);
  }
}

/** A receiver of webhooks on loopback. */
export class Receiver {
  static async open() {
    const receiver = new Receiver();
    receiver.server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request.setEncoding("utf8")) body += part;
      receiver.letters.push({ headers: request.headers, body, frame: JSON.parse(body) });
      response.end();
    });
    receiver.server.listen(0, "127.0.0.1");
    await once(receiver.server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hook`;
    return receiver;
  }

  letters = [];

  gets(event) {
    const found = () => this.letters.find((letter) => letter.frame.event === event);
    return until(found, `a delivery of ${event}`);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
