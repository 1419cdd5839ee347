// An n8n of its own for one test: a clean folder, a free port, these nodes, and no request to other hosts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { until, within } from "../../../web/peers/gateway.mjs";

const PROGRAM = fileURLToPath(new URL("../../../.tools/n8n/node_modules/.bin/n8n", import.meta.url));
const NODES = fileURLToPath(new URL("..", import.meta.url));
/** n8n loads some hundred nodes, and migrates an empty database first. */
const PATIENCE = 300_000;
const OWNER = { email: "owner@example.com", firstName: "Olive", lastName: "Owner", password: "Correct-horse-9" };
/** Everything in n8n that would call another host by itself. */
const SILENT = {
  N8N_DIAGNOSTICS_ENABLED: "false",
  N8N_VERSION_NOTIFICATIONS_ENABLED: "false",
  N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: "false",
  N8N_TEMPLATES_ENABLED: "false",
  N8N_PERSONALIZATION_ENABLED: "false",
  N8N_HIRING_BANNER_ENABLED: "false",
  N8N_COMMUNITY_PACKAGES_ENABLED: "false",
  N8N_DYNAMIC_BANNERS_ENABLED: "false",
  N8N_LICENSE_AUTO_RENEW_ENABLED: "false",
  EXTERNAL_FRONTEND_HOOKS_URLS: "",
};

export class N8n {
  static async make() {
    const n8n = new N8n(mkdtempSync(join(tmpdir(), "wagate-n8n-")));
    const port = await freePort();
    n8n.address = `http://127.0.0.1:${port}`;
    await n8n.watch();
    n8n.environment = {
      PATH: process.env.PATH,
      HOME: n8n.folder,
      N8N_USER_FOLDER: n8n.folder,
      N8N_CUSTOM_EXTENSIONS: NODES,
      N8N_LISTEN_ADDRESS: "127.0.0.1",
      N8N_PORT: String(port),
      WEBHOOK_URL: `${n8n.address}/`,
      N8N_SECURE_COOKIE: "false",
      N8N_RUNNERS_ENABLED: "false",
      N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: "true",
      HTTP_PROXY: n8n.proxy,
      HTTPS_PROXY: n8n.proxy,
      NO_PROXY: "127.0.0.1",
      ...SILENT,
    };
    return n8n;
  }

  constructor(folder) {
    this.folder = folder;
    this.cookie = "";
    this.outward = [];
  }

  /** A proxy that n8n is given for all other hosts: it notes who is asked for, and refuses. */
  async watch() {
    this.watcher = createServer((socket) => {
      socket.once("data", (bytes) => {
        this.outward.push(String(bytes).split("\r\n")[0]);
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      });
      socket.on("error", () => socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(this.watcher, "listening");
    this.proxy = `http://127.0.0.1:${this.watcher.address().port}`;
  }

  /** Runs one command of n8n to its end. */
  async run(...command) {
    const child = this.spawn(command);
    const code = await within(child.ended, `n8n ${command.join(" ")}`, PATIENCE);
    assert.equal(code, 0, `n8n ${command.join(" ")}: ${child.said}`);
    return child.said;
  }

  /** Takes in what n8n exports: credentials or workflows. */
  import(kind, entries) {
    const file = join(this.folder, `${kind}.json`);
    writeFileSync(file, JSON.stringify(entries));
    return this.run(`import:${kind}`, `--input=${file}`);
  }

  async start() {
    this.server = this.spawn(["start"]);
    const isUp = async () => {
      assert.ok(!this.server.over, `n8n ended: ${this.server.said}`);
      return /Editor is now accessible/.test(this.server.said);
    };
    await until(isUp, "the start of n8n", PATIENCE);
  }

  /** Makes the owner's account, whose cookie all later calls bear. */
  async signIn() {
    await this.call("POST", "owner/setup", OWNER);
  }

  async call(method, path, body) {
    const headers = { "content-type": "application/json", cookie: this.cookie };
    const answer = await fetch(`${this.address}/rest/${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    const [given] = answer.headers.getSetCookie();
    if (given) [this.cookie] = given.split(";");
    return JSON.parse(text).data;
  }

  /** Ends the server, which keeps its folder. */
  async stop() {
    if (!this.server || this.server.over) return;
    this.server.child.kill("SIGTERM");
    await within(this.server.ended, "the end of n8n", PATIENCE);
  }

  async remove() {
    try {
      await this.stop();
    } finally {
      if (this.server && !this.server.over) this.server.child.kill("SIGKILL");
      this.watcher.close();
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    }
  }

  spawn(command) {
    const child = spawn(PROGRAM, command, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    const kept = { child, said: "", over: false };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (kept.said += text));
    kept.ended = new Promise((end) => {
      for (const name of ["error", "exit"]) {
        child.once(name, (how) => {
          kept.over = true;
          end(how);
        });
      }
    });
    return kept;
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
