// A real gateway on the simulated network, for as long as a test or the screenshots need it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.WAGATE_BINARY
  ?? fileURLToPath(new URL("../../../../target/debug/wagate", import.meta.url));
export const PATIENCE = 20_000;
export const ECHO = "15550000001@c.us";
const NO_LIMITS = {
  WAGATE_LIMITS__SESSION_CREATION: "0",
  WAGATE_LIMITS__MESSAGING: "0",
  WAGATE_LIMITS__GENERAL: "0",
  WAGATE_LIMITS__CHAT: "0",
  WAGATE_LIMITS__DASHBOARD: "0",
  WAGATE_LIMITS__REFUSED: "0",
  WAGATE_LIMITS__PUBLIC: "0",
  WAGATE_LIMITS__SIGN_IN: "0",
  WAGATE_LIMITS__WORKSPACE: "0",
  WAGATE_LIMITS__BUSINESS: "0",
};

/** Looks until a condition holds and gives what it gave; fails when it never does. */
export async function until(what, check) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`never came: ${what}`);
}

/** A folder for a gateway, which outlives it so that it can be started again. */
export function makeFolder() {
  const path = mkdtempSync(join(tmpdir(), "wagate-dashboard-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 20 }) };
}

/** Starts a gateway. With `withKey` everybody needs a credential, and it has one in `key`. */
export async function startGateway({ environment = {}, withKey = false, folder, port = 0 } = {}) {
  assert.ok(existsSync(BINARY), `no gateway at ${BINARY}: run 'cargo build' or set WAGATE_BINARY`);
  const own = folder ?? makeFolder();
  const flags = ["--network", "simulated", "--engine", "simulated", "--data", own.path];
  const env = { ...process.env, ...NO_LIMITS, ...environment };
  if (withKey) env.OPENWA_AUTH = "required";
  const key = withKey ? newKey(flags, env) : "";
  const child = spawn(BINARY, ["serve", ...flags, "--port", String(port)], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const address = await until("the gateway's address", () => {
    assert.equal(child.exitCode, null, `the gateway ended: ${said}`);
    return /is listening on (http:\S+)/.exec(said)?.[1];
  });
  const ask = async (method, path, body) => {
    const headers = { "content-type": "application/json", ...(key && { "x-api-key": key }) };
    const answer = await fetch(address + path, { method, headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await exited;
    if (!folder) own.remove();
  };
  return { address, ask, key, port: Number(new URL(address).port), stop };
}

function newKey(flags, env) {
  const create = ["key", "create", "dashboard", "--scope", "*", ...flags];
  return execFileSync(BINARY, create, { env, encoding: "utf8" }).match(/wag_\S+/)[0];
}

/** Creates a session that is linked to the phone of this number. */
export async function link(gateway, id, phone, name = "Mara Lind") {
  await gateway.ask("POST", "/api/v1/sessions", { sessionId: id });
  await scan(gateway, id, phone, name);
  const look = async () => (await gateway.ask("GET", `/api/v1/sessions/${id}`)).data;
  return until(`${id} is ready`, async () => (await look()).status === "ready");
}

/** Scans the code that a session shows with a phone. */
export async function scan(gateway, id, phone, name) {
  const read = () => gateway.ask("GET", `/api/v1/sessions/${id}/qr?format=text&wait=true`);
  const { data } = await read();
  const path = `/_simulator/v1/accounts/${phone}/scan`;
  const answer = await gateway.ask("POST", path, { code: data.qrText, name });
  assert.ok(answer.success, JSON.stringify(answer));
}
