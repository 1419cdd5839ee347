// A real gateway with the simulated network, for as long as one test needs it, and the browser
// arguments that show its page under the real address.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROGRAM = resolve(process.env.WAGATE_BINARY ?? "../../target/debug/wagate");
const NO_LIMITS = {
  WAGATE_LIMITS__SESSION_CREATION: "0",
  WAGATE_LIMITS__MESSAGING: "0",
  WAGATE_LIMITS__GENERAL: "0",
};
const START_DEADLINE = 20_000;
const CONDITION_DEADLINE = 15_000;
const LOOK_INTERVAL = 50;

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const PHONE = "447700900077";
export const ECHO = "15550000001@c.us";
/** One red pixel as PNG, in base64. */
export const IMAGE = [
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4",
  "2mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
].join("");

/** Looks until a condition holds and gives what it gave; fails when it never does. */
export async function until(condition, what, deadline = CONDITION_DEADLINE) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, `never came: ${what}`);
    await new Promise((again) => setTimeout(again, LOOK_INTERVAL));
  }
}

/** Gives what a promise gives, unless it takes too long. */
export function within(promise, what, deadline = CONDITION_DEADLINE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took too long: ${what}`)), deadline);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Gateway {
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), "wagate-peers-"));
    const data = join(folder, "data");
    const flags = ["--network", "simulated", "--port", "0", "--data", data];
    const child = spawn(PROGRAM, ["serve", ...flags], {
      env: { ...process.env, ...NO_LIMITS },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const gateway = new Gateway(folder, child);
    try {
      await until(() => gateway.looksStarted(), "the gateway's address", START_DEADLINE);
      gateway.page = await gateway.call("GET", "page");
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  constructor(folder, child) {
    this.folder = folder;
    this.child = child;
    this.said = "";
    this.over = false;
    this.ended = new Promise((end) => {
      // "error" stands for a program that could not even be started.
      for (const name of ["error", "exit"]) {
        child.once(name, (why) => {
          this.said += `\n${why}`;
          this.over = true;
          end();
        });
      }
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => (this.said += text));
    }
  }

  looksStarted() {
    assert.ok(!this.over, `the gateway ended: ${this.said}`);
    this.address = /is listening on (http:\S+)/.exec(this.said)?.[1];
    return this.address;
  }

  /** Calls the control of the simulated network. */
  async call(method, path, body) {
    const response = await fetch(`${this.address}/_simulator/v1/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok && answer.success, `${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  scan(code) {
    return this.call("POST", `accounts/${PHONE}/scan`, { code, name: "Peer" });
  }

  async devices() {
    return (await this.call("GET", `accounts/${PHONE}/devices`)).devices;
  }

  /** Waits for a message of this body on the phone of the contact that echoes. */
  arrivedAtEcho(chat, body) {
    const path = `accounts/${ECHO.split("@")[0]}/chats/${chat}/messages`;
    const look = async () => (await this.call("GET", path)).messages;
    return until(async () => (await look()).find((each) => each.body === body), `${body}, there`);
  }

  /** No other address can be reached: whatever a library wants from elsewhere fails at once. */
  browserArguments() {
    const { url, resolveTo, trustedKey } = this.page;
    const host = new URL(url).host;
    return [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${host}:443 ${resolveTo}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${trustedKey}`,
    ];
  }

  async stop() {
    if (!this.over) this.child.kill("SIGTERM");
    await within(this.ended, "the gateway's end").catch((error) => {
      this.child.kill("SIGKILL");
      throw error;
    });
    // A browser that was just closed may still be writing to its profile.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
