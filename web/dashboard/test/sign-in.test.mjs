// People: the first account, invitations, sign-in with a second step, forgotten passwords, the
// pages Account and Team, and what a role does not show. By the keyboard, in a real browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import {
  HOSTILE_NAME, makePerson, OWNER, signInAs, totp, typeInto,
} from "./support/people.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const navigation = (page) => page.getByRole("navigation", { name: "Main" });

describe("the first account", () => {
  let gateway;
  before(async () => (gateway = await startGateway()));
  after(() => gateway?.stop());

  test("is made on the gateway's machine, without a mouse, and owns the workspace", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/team" });
    await page.getByText("Sign in to work here").waitFor();
    await assertAccessible(page, "a page for people");
    await press(page, page.getByRole("link", { name: "Create the first account" }));
    await heading(page, "Create the first account").waitFor();
    await assertAccessible(page, "the first account");
    await field(page, "Your name").focus();
    await typeInto(page, [OWNER.name, OWNER.email, OWNER.password, "Engines"]);
    await page.keyboard.press("Enter");
    await heading(page, "Overview").waitFor();
    await navigation(page).getByText(OWNER.name).waitFor();
    await navigation(page).getByText("Owner").waitFor();
    await press(page, navigation(page).getByRole("link", { name: "Team" }));
    await page.getByRole("cell", { name: new RegExp(OWNER.email) }).waitFor();
    await close();
  });

  test("is refused to the next person, with the reason", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/welcome" });
    await field(page, "Your name").fill("Mallory");
    await field(page, "E-mail address").fill("mallory@example.com");
    await field(page, "Password").fill("correct horse 7");
    await button(page, "Create account").click();
    await page.getByRole("alert").filter({ hasText: /invit/i }).waitFor();
    await assertCount(navigation(page), 0);
    await close();
  });
});

describe("a sign-in", () => {
  let gateway, token;
  before(async () => {
    gateway = await startGateway({ withKey: true });
    token = await makePerson(gateway, OWNER);
  });
  after(() => gateway?.stop());

  test("lives as long as the tab, or as the device is remembered", async () => {
    for (const remember of [false, true]) {
      const { page, context, close } = await open(browser, gateway, { hash: "#/settings" });
      const addresses = [];
      page.on("request", (request) => addresses.push(request.url()));
      await assertAccessible(page, "the sign-in");
      await field(page, "E-mail address").fill(OWNER.email);
      await field(page, "Password").fill("not this one 1");
      await page.keyboard.press("Enter");
      await page.getByText("The e-mail address or the password is wrong").waitFor();
      await field(page, "Password").fill(OWNER.password);
      if (remember) await page.getByLabel("Remember this device").check();
      await field(page, "Password").press("Enter");
      await heading(page, "Settings").waitFor();
      await page.reload();
      await heading(page, "Settings").waitFor();
      const other = await context.newPage();
      await other.goto(`${gateway.address}/#/settings`);
      await heading(other, remember ? "Settings" : "Sign in").waitFor();
      const kept = await page.evaluate(() => Object.values({ ...localStorage, ...sessionStorage }));
      const held = kept.find((each) => each.split(".").length === 3);
      assert.ok(held && addresses.every((each) => !each.includes(held)));
      assert.deepEqual(await context.cookies(), []);
      if (remember) {
        await choose(page, button(page, "Your status"), "Sign out");
        await heading(page, "Sign in").waitFor();
        await heading(other, "Sign in").waitFor();
        const answer = await fetch(`${gateway.address}/api/v1/auth/me`, {
          headers: { authorization: `Bearer ${held}` },
        });
        assert.equal(answer.status, 401, "the gateway has forgotten it, too");
      }
      await close();
    }
  });

  test("takes a second step once it is set up, and recovery codes in its place", async () => {
    const mail = "totp@example.com";
    await makePerson(gateway, { email: mail, name: "Tess Otp", role: "AGENT" }, token);
    const { page, close } = await signInAs(browser, gateway, mail, { hash: "#/account" });
    await heading(page, "Account").waitFor();
    await press(page, button(page, "Set up"));
    const secret = await page.locator("dialog pre").innerText();
    await page.getByAltText("The QR code for your authenticator app").waitFor();
    await assertAccessible(page, "the set-up");
    await page.getByLabel("Code from the app").fill("000000");
    await page.keyboard.press("Enter");
    await page.getByText("This code is wrong").waitFor();
    await page.getByLabel("Code from the app").fill(totp(secret));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
    const codes = await page.locator("dialog li").allInnerTexts();
    assert.equal(codes.length, 10);
    await assertAccessible(page, "the recovery codes");
    await press(page, button(page, "Done"));
    await page.getByText("On: each sign-in takes a code").waitFor();
    await choose(page, button(page, "Your status"), "Sign out");
    await field(page, "E-mail address").fill(mail);
    await field(page, "Password").fill(OWNER.password);
    await page.keyboard.press("Enter");
    await heading(page, "Two-factor authentication").waitFor();
    await assertAccessible(page, "the second step");
    await page.keyboard.type("000000");
    await page.keyboard.press("Enter");
    await page.getByText("This code is wrong").waitFor();
    await field(page, "Code").fill(codes[0]);
    await page.keyboard.press("Enter");
    await heading(page, "Account").waitFor();
    await press(page, button(page, "Turn off"));
    await page.keyboard.type(OWNER.password);
    await field(page, "Code from the app").fill(codes[1]);
    await page.keyboard.press("Enter");
    await page.getByText("Two-factor authentication is off").waitFor();
    await close();
  });

  test("is got back with a code from a mail", async () => {
    const mail = "forgetful@example.com";
    await makePerson(gateway, { email: mail, name: "Fay", role: "AGENT" }, token);
    const { page, close } = await open(browser, gateway);
    await press(page, page.getByRole("link", { name: "Forgot your password?" }));
    await heading(page, "Forgot your password?").waitFor();
    await assertAccessible(page, "a forgotten password");
    await page.keyboard.type(mail);
    await page.keyboard.press("Enter");
    await heading(page, "Choose a new password").waitFor();
    await assertAccessible(page, "a new password");
    const code = await until("the mail", async () => {
      const { data } = await gateway.ask("GET", `/_simulator/v1/mail?to=${mail}`);
      return /\b\d{6}\b/.exec(data.mails[0]?.text)?.[0];
    });
    await typeInto(page, [code, "another horse 8"]);
    await page.keyboard.press("Enter");
    await heading(page, "Sign in").waitFor();
    await typeInto(page, [mail, "another horse 8"]);
    await page.keyboard.press("Enter");
    await navigation(page).waitFor();
    await close();
  });

  test("that is listed can be ended from elsewhere", async () => {
    const mail = "two@example.com";
    await makePerson(gateway, { email: mail, name: "Two Tabs", role: "AGENT" }, token);
    const one = await signInAs(browser, gateway, mail, { hash: "#/account" });
    const other = await signInAs(browser, gateway, mail, { hash: "#/account" });
    const rows = other.page.getByRole("table", { name: "Sign-ins" }).locator("tbody tr");
    await assertCount(rows, 2);
    const there = rows.filter({ hasNotText: "this one" });
    await press(other.page, there.getByRole("button"));
    await assertCount(rows, 1);
    await one.page.reload();
    await heading(one.page, "Sign in").waitFor();
    await Promise.all([one.close(), other.close()]);
  });
});

describe("the team", () => {
  let gateway, token;
  before(async () => {
    gateway = await startGateway({ withKey: true });
    token = await makePerson(gateway, OWNER);
  });
  after(() => gateway?.stop());

  test("grows by an invitation, whose link leads to an account", async () => {
    const owner = await signInAs(browser, gateway, OWNER.email, { hash: "#/team" });
    await press(owner.page, button(owner.page, "Invite"));
    await owner.page.getByRole("dialog").waitFor();
    await assertAccessible(owner.page, "an invitation");
    await owner.page.keyboard.type("grace@example.com");
    await owner.page.keyboard.press("Enter");
    await owner.page.getByText("Invitation created").waitFor();
    const link = await owner.page.locator("dialog pre").innerText();
    assert.ok(link.startsWith(`${gateway.address}/#/join?code=`), link);
    await press(owner.page, button(owner.page, "Done"));
    await owner.page.getByText("grace@example.com", { exact: true }).waitFor();
    const guest = await open(browser, gateway, { hash: new URL(link).hash });
    await heading(guest.page, "Accept your invitation").waitFor();
    await assertAccessible(guest.page, "the acceptance");
    await typeInto(guest.page, [HOSTILE_NAME, "grace@example.com", OWNER.password]);
    await guest.page.keyboard.press("Enter");
    await navigation(guest.page).getByText("Agent").waitFor();
    await owner.page.reload();
    const row = owner.page.locator("tr", { hasText: "grace@example.com" });
    await row.getByText(HOSTILE_NAME).waitFor();
    assert.equal(await owner.page.locator("[data-evil]").count(), 0);
    await assertAccessible(owner.page, "the team");
    await Promise.all([owner.close(), guest.close()]);
  });

  test("is changed by its owner: role, account, code for a new password", async () => {
    await makePerson(gateway, { email: "joan@example.com", name: "Joan", role: "AGENT" }, token);
    const { page, close } = await signInAs(browser, gateway, OWNER.email, { hash: "#/team" });
    const row = page.locator("tr", { hasText: "joan@example.com" });
    await row.getByLabel("Role of Joan").selectOption("VIEWER");
    await page.getByText("Joan: Viewer").waitFor();
    await choose(page, button(page, "Actions for Joan"), "Make a password code");
    await page.getByRole("heading", { name: "A password code for Joan" }).waitFor();
    assert.match(await page.locator("dialog pre").first().innerText(), /^\d{6}$/);
    await assertAccessible(page, "a code for a new password");
    await page.keyboard.press("Escape");
    await choose(page, button(page, "Actions for Joan"), "Disable account");
    await row.getByText("Disabled").waitFor();
    await choose(page, button(page, "Actions for Joan"), "Remove account");
    await page.getByRole("heading", { name: "Remove Joan?" }).waitFor();
    await page.keyboard.press("Enter");
    await assertCount(row, 0);
    await close();
  });

  test("has teams, with members", async () => {
    await makePerson(gateway, { email: "mary@example.com", name: "Mary", role: "AGENT" }, token);
    const { page, close } = await signInAs(browser, gateway, OWNER.email, { hash: "#/team" });
    await press(page, page.getByRole("tab", { name: "People" }), "ArrowRight");
    await press(page, button(page, "New team"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type(HOSTILE_NAME);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: HOSTILE_NAME }).waitFor();
    await press(page, button(page, "Add member"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("mary@example.com");
    await page.keyboard.press("Enter");
    await page.getByRole("listitem").filter({ hasText: "mary@example.com" }).waitFor();
    assert.equal(await page.locator("[data-evil]").count(), 0);
    await assertAccessible(page, "the teams");
    await press(page, button(page, "Remove Mary from the team"));
    await assertCount(page.getByRole("listitem").filter({ hasText: "mary@example.com" }), 0);
    await close();
  });

  test("shows an agent and a viewer what they may see, and nothing to change it with", async () => {
    for (const role of ["AGENT", "VIEWER"]) {
      const mail = `${role.toLowerCase()}@example.com`;
      await makePerson(gateway, { email: mail, name: `The ${role}`, role }, token);
      const { page, close } = await signInAs(browser, gateway, mail, { hash: "#/team" });
      await page.getByRole("cell", { name: new RegExp(OWNER.email) }).waitFor();
      for (const name of ["Invite", `Actions for ${OWNER.name}`]) {
        await assertCount(button(page, name), 0);
      }
      await assertCount(page.locator("select"), 0);
      const entries = (await navigation(page).getByRole("link").allInnerTexts());
      assert.ok(!entries.includes("Overview"), entries.join());
      assert.ok(["Chat", "Team", "Account"].every((each) => entries.includes(each)));
      await close();
    }
  });
});

test("on a narrow screen what finds no room below is behind More", async (context) => {
  const gateway = await startGateway({ withKey: true });
  context.after(() => gateway.stop());
  await makePerson(gateway, OWNER);
  const viewport = { width: 390, height: 844 };
  const { page, close } = await signInAs(browser, gateway, OWNER.email, { viewport });
  await press(page, button(page, "More"));
  await page.getByRole("dialog").waitFor();
  await assertAccessible(page, "all pages");
  await press(page, page.getByRole("dialog").getByRole("link", { name: "Account" }));
  await heading(page, "Account").waitFor();
  await assertCount(page.getByRole("dialog"), 0);
  await assertAccessible(page, "the account");
  await close();
});
