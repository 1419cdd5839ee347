// Keys: shown once, listed, used and revoked. What else the settings tell and change.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { startGateway, until } from "./support/gateway.mjs";
import { makePerson, OWNER } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const HOSTILE = "<b onclick=alert(1)>key</b>";

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

async function signIn(page) {
  await page.getByLabel("API key").fill(gateway.key);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
}

const statusWith = async (key) => {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${gateway.address}/api/v1/sessions`, { headers })).status;
};

test("a key is made, shown this once, and revoked", async () => {
  const { page, close } = await open(browser, gateway, { hash: "#/settings" });
  await signIn(page);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill(HOSTILE);
  // Nothing is chosen for people.
  await assertCount(page.getByRole("checkbox", { checked: true }), 0);
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Choose at least one").waitFor();
  await page.getByLabel("Read sessions").check();
  await page.getByLabel("Expires").selectOption("30");
  await page.getByRole("button", { name: "Create" }).click();
  const key = await page.getByRole("dialog").locator("code").innerText();
  assert.match(key, /^wag_/);
  assert.equal(await statusWith(key), 200);
  await page.getByRole("button", { name: "Done" }).click();
  const made = page.getByRole("row").filter({ hasText: HOSTILE });
  await made.getByText("read", { exact: true }).waitFor();
  await made.getByText("in 29 days").or(made.getByText("in 30 days")).waitFor();
  assert.ok(!(await page.content()).includes(key));

  await made.getByRole("button", { name: `Revoke ${HOSTILE}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await made.waitFor({ state: "detached" });
  assert.equal(await statusWith(key), 401);
  await page.getByRole("button", { name: /^Show \d+ revoked/ }).click();
  await made.getByText("Revoked").waitFor();
  await close();
});

test("a key for an assistant comes with the lines that connect it", async () => {
  const { page, close } = await open(browser, gateway, { hash: "#/settings" });
  await signIn(page);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("assistant");
  await page.getByLabel("Tools for assistants").check();
  await page.getByRole("button", { name: "Create" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Connect an assistant" }).waitFor();
  const [key, ...lines] = await dialog.locator("code").allInnerTexts();
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(line.startsWith("claude mcp add ") && line.includes(key));
  const [url] = /https?:\S+/.exec(lines[0]);
  const message = { jsonrpc: "2.0", id: 1, method: "ping" };
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(message),
  });
  assert.deepEqual((await answer.json()).result, {});
  await close();
});

test("a key that may only read sees what it may not change", async () => {
  const draft = { name: "reader", scopes: ["read"] };
  const { data } = await gateway.ask("POST", "/api/v1/api-keys", draft);
  const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
  await page.getByLabel("API key").fill(data.key);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
  await page.getByRole("button", { name: "New session" }).click();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Your key lacks the scope admin").waitFor();
  await close();
});

test("who signs out is out", async () => {
  const { page, close } = await open(browser, gateway, { hash: "#/settings" });
  await signIn(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  await page.reload();
  await page.getByLabel("API key").waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), "{}");
  await close();
});

test("light and dark are chosen, and stay", async () => {
  const options = { hash: "#/settings", colorScheme: "light" };
  const { page, close } = await open(browser, gateway, options);
  await signIn(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel("Dark").check();
  await until("another ground", async () => (await ground()) !== light);
  const dark = await ground();
  await page.goto(`${gateway.address}/#/sessions`);
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
  assert.equal(await ground(), dark, "on every page, from the first moment on");
  await close();
});

test("the audit log says who changed what, and is filtered by operation and day", async () => {
  const draft = { name: HOSTILE, scopes: ["read"] };
  const { data } = await gateway.ask("POST", "/api/v1/api-keys", draft);
  await gateway.ask("DELETE", `/api/v1/api-keys/${data.id}`);
  const { page, close } = await open(browser, gateway, { hash: "#/audit", ...signedIn(gateway) });
  const revoked = page.getByRole("row").filter({ hasText: data.id });
  await revoked.getByText("Revoke API key").waitFor();
  await revoked.getByText("Done").waitFor();
  await revoked.getByText("dashboard", { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(data.key));
  const operation = page.getByLabel("Operation");
  await operation.selectOption("Create API key");
  await revoked.waitFor({ state: "detached" });
  await page.getByRole("row").getByText("Create API key").first().waitFor();
  await page.getByLabel("Until").fill("2020-01-01");
  await page.getByText("No change matches").waitFor();
  assert.match(page.url(), /action=createApiKey.*to=2020-01-01|to=2020-01-01.*action=createApiKey/);
  await page.reload();
  await page.getByText("No change matches").waitFor();
  await close();
});

test("providers are tested by one real thing, and say how that went", async () => {
  const token = await makePerson(gateway, OWNER);
  const { page, close } = await open(browser, gateway, {
    hash: "#/settings", ...signedIn(gateway, token),
  });
  await page.getByRole("button", { name: /^Try\s*: Mail$/ }).click();
  await page.getByText(`Sent to ${OWNER.email}`).waitFor();
  await page.getByLabel("Your phone number").fill("+1 555 000 0077");
  await page.getByRole("button", { name: /^Try\s*: Text messages$/ }).click();
  await page.getByText("Sent to +15550000077").waitFor();
  await page.getByRole("button", { name: /^Try\s*: Payment links$/ }).click();
  await page.getByText(/^It worked, in/).waitFor();
  const { data } = await gateway.ask("GET", `/_simulator/v1/mail?to=${OWNER.email}`);
  assert.ok(data.mails.some(({ subject }) => subject === "A test of mail"));
  await close();
});

test("a long list has pages and a search", async () => {
  const names = Array.from({ length: 60 }, (_, at) => `Partner ${String(at).padStart(2, "0")} é`);
  for (const name of names) {
    await gateway.ask("POST", "/api/v1/api-keys", { name, scopes: ["read"] });
  }
  const { page, close } = await open(browser, gateway, {
    hash: "#/settings", ...signedIn(gateway),
  });
  const table = page.getByRole("table", { name: "API keys" });
  const rows = table.locator("tbody tr");
  await until("one page of rows", async () => await rows.count() === 50);
  const next = page.getByRole("button", { name: "Next page" });
  await next.click();
  await until("the rest", async () => await rows.count() < 50 && 10 <= await rows.count());
  await page.getByRole("searchbox", { name: /^Search this list/ }).fill("PARTNER 07 E");
  await until("what was searched for", async () => await rows.count() === 1);
  await rows.getByText(names[7]).waitFor();
  await assertAccessible(page, "a list that is searched");
  await page.getByRole("searchbox", { name: /^Search this list/ }).fill("nobody of this name");
  await page.getByText("Nothing matches").waitFor();
  await close();
});
