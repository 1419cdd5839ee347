// People with accounts, and their way into the page.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { open } from "./browser.mjs";

export const OWNER = {
  email: "ada@example.com", name: "Ada Lovelace", password: "correct horse 7",
};
export const HOSTILE_NAME = '<b data-evil>Mallory</b>"\'><img src=x data-evil onerror=alert(1)>';

/** A gateway's API as a person or a key with this credential calls it. */
export async function askAs(gateway, credential, method, path, body) {
  const headers = {
    "content-type": "application/json",
    ...(credential && { authorization: `Bearer ${credential}` }),
  };
  const answer = await fetch(gateway.address + path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(found)}`);
  return found;
}

/** Makes the first account, or with the token of an administrator another one. */
export async function makePerson(gateway, { email, name, role, password }, token) {
  if (!token) {
    const draft = { email, name, password: password ?? OWNER.password };
    const made = await askAs(gateway, gateway.key, "POST", "/api/v1/auth/register", draft);
    return made.token;
  }
  const draft = { email, name, role, password: OWNER.password };
  return (await askAs(gateway, token, "POST", "/api/v1/users", draft)).user;
}

/** Comes in with a credential as if the tab had it already. */
export async function comeIn(page, credential) {
  await page.evaluate((key) => sessionStorage.setItem("wagate.key", key), credential);
  await page.reload();
  await page.locator(".shell").waitFor();
}

/** Opens the dashboard as this person, who signs in at the page. */
export async function signInAs(browser, gateway, email, options = {}) {
  const opened = await open(browser, gateway, options);
  const { page } = opened;
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.keyboard.press("Enter");
  await page.locator(".shell").waitFor();
  return opened;
}

/** Types into fields one after the other, by Tab. */
export async function typeInto(page, texts) {
  for (const [at, text] of texts.entries()) {
    if (at) await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  }
}

/** The code that an authenticator app shows for a key. */
export function totp(secret) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[\s=]/g, "")]
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
