// The page of the business's settings: each group is changed by itself, secrets are never shown.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const BUSINESS = "/api/whatsapp-api";
let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const group = (page, name) => page.getByRole("form", { name });
const save = (page, name) => press(page, button(group(page, name), "Save"));
const visit = (hash, options = {}) =>
  open(browser, gateway, { hash, ...signedIn(gateway), ...options });
const read = () => askAs(gateway, gateway.key, "GET", `${BUSINESS}/settings`);

describe("the settings of the business", () => {
  test("are changed group by group, and faults stand at their fields", async () => {
    const { page, close } = await visit("#/business");
    await field(page, "Time zone").fill("Mars/Crater");
    await save(page, "Business");
    await page.locator("[aria-invalid=true]").waitFor();
    await field(page, "Time zone").fill("Asia/Kolkata");
    await field(page, "Name").fill(HOSTILE.slice(0, 60));
    await save(page, "Business");
    await until("the zone", async () => (await read()).timezone === "Asia/Kolkata");
    await field(page, "Words that opt out").fill("STOP, ENOUGH");
    await field(page, "Who may be written to").selectOption("Everybody who has not opted out");
    await save(page, "Opt-in");
    await until("the words", async () => (await read()).optoutKeywords.join() === "STOP,ENOUGH");
    await field(page, "Warn so many minutes before it closes").fill("45");
    await save(page, "Conversations");
    await until("the minutes", async () => (await read()).windowWarningMinutes === 45);
    await page.getByLabel("Ask for a rating").setChecked(true);
    await field(page, "Question").fill("How was it, from 1 to 5?");
    await save(page, "Survey");
    await until("the survey", async () => (await read()).csat.message.startsWith("How was it"));
    await field(page, "Messages a day").fill("200");
    await save(page, "Broadcasts");
    await until("the limit", async () => (await read()).broadcast.dailyLimit === 200);
    await page.getByRole("region", { name: "Channels" }).getByText("shop").waitFor();
    await page.reload();
    await field(page, "Name").waitFor();
    assert.equal(await field(page, "Time zone").inputValue(), "Asia/Kolkata");
    await assertNoMarkup(page, "the settings");
    await assertAccessible(page, "the settings");
    await close();
  });

  test("opening hours are written as a week, and said to be wrong where they are", async () => {
    const { page, close } = await visit("#/business");
    const opens = (day, place = 1) => field(page, `${day}, opens (${place})`);
    const closes = (day, place = 1) => field(page, `${day}, closes (${place})`);
    await press(page, button(page, "Add hours on Monday"));
    await closes("Monday").fill("12:30");
    await press(page, button(page, "Add hours on Monday"));
    assert.equal(await opens("Monday", 2).inputValue(), "12:30");
    await closes("Monday", 2).fill("10:00");
    await save(page, "Opening hours");
    await page.getByText("does not end after it begins").first().waitFor();
    assert.equal((await read()).businessHours, null);
    await opens("Monday", 2).fill("13:30");
    await closes("Monday", 2).fill("00:00");
    await press(page, button(page, "Copy Monday to all weekdays"));
    await press(page, button(page, "Remove hours 2 on Friday"));
    await page.getByLabel("Message outside of these hours").fill("We are back tomorrow.");
    await save(page, "Opening hours");
    const { businessHours } = await until("the hours", async () => {
      const found = await read();
      return found.businessHours && found;
    });
    const whole = [["09:00", "12:30"], ["13:30", "24:00"]];
    assert.deepEqual(businessHours, {
      mon: whole, tue: whole, wed: whole, thu: whole, fri: whole.slice(0, 1), sat: [], sun: [],
    });
    assert.equal((await read()).awayMessage, "We are back tomorrow.");
    await page.reload();
    await opens("Thursday", 2).waitFor();
    assert.equal(await closes("Thursday", 2).inputValue(), "00:00");
    await assertAccessible(page, "the hours");
    await press(page, button(group(page, "Opening hours"), "Use the configuration"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await opens("Monday").waitFor({ state: "detached" });
    assert.deepEqual([(await read()).businessHours, (await read()).awayMessage], [null, ""]);
    await close();
  });

  test("conversations are assigned by the strategy that is chosen", async () => {
    const { page, close } = await visit("#/business");
    await field(page, "New conversations").selectOption({
      label: "Go to who is online and has the fewest",
    });
    await field(page, "Conversations for each person").fill("0");
    await save(page, "Assignment");
    await group(page, "Assignment").locator("[aria-invalid=true]").waitFor();
    await field(page, "Conversations for each person").fill("7");
    await save(page, "Assignment");
    await until("the strategy", async () => (await read()).agentCapacity === 7);
    assert.equal((await read()).assignmentStrategy, "least_loaded");
    await close();
  });

  test("secrets are written, kept where nothing is written, and never shown", async () => {
    const { page, close } = await visit("#/business");
    const token = field(page, "Text messages: secret of the account");
    await token.fill("a-secret-of-the-account");
    await save(page, "Secrets of providers");
    await until("the token", async () => (await read()).sms.authTokenSet);
    await until("an empty field", async () => (await token.inputValue()) === "");
    await field(page, "Stripe: secret key").fill("a-key-of-stripe");
    await save(page, "Secrets of providers");
    await until("the key", async () => (await read()).payments.stripeSecretKeySet);
    const { sms } = await read();
    assert.deepEqual(sms, { authTokenSet: true, sharedKeySet: false });
    await assertText(group(page, "Secrets of providers"), /Set\. Leave it empty to keep it\./);
    await page.reload();
    await token.waitFor();
    assert.equal(await token.inputValue(), "");
    assert.ok(!(await page.content()).includes("a-secret-of-the-account"));
    await press(page, button(group(page, "Secrets of providers"), "Use the configuration"));
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await until("no secret", async () => !(await read()).sms.authTokenSet);
    await close();
  });

  test("are shown, and not to be changed, to a key that may only read", async () => {
    const draft = { name: "reader", scopes: ["read"] };
    const { data } = await gateway.ask("POST", "/api/v1/api-keys", draft);
    const { page, close } = await visit("#/business", signedIn(gateway, data.key));
    await page.getByText("Only administrators change these settings.").waitFor();
    assert.ok(await field(page, "Time zone").isDisabled());
    for (const name of ["Save", "Use the configuration", "Add hours on Monday"]) {
      await assertCount(button(page, name), 0);
    }
    const navigation = page.getByRole("navigation", { name: "Main" });
    await assertCount(navigation.getByRole("link", { name: "Contacts" }), 0);
    await assertCount(navigation.getByRole("link", { name: "Broadcasts" }), 0);
    await navigation.getByRole("link", { name: "Templates" }).click();
    await page.getByText("No templates yet").waitFor();
    await assertCount(button(page, "New template"), 0);
    await close();
  });
});

test("the settings say which services are set up, and lead to their secrets", async () => {
  const change = { payments: { stripeSecretKey: "a-key-of-stripe" } };
  await askAs(gateway, gateway.key, "PATCH", `${BUSINESS}/settings`, change);
  const { page, close } = await visit("#/settings");
  const services = page.getByRole("region", { name: "Services" });
  await assertText(services, /Connected\s*Text messages/);
  await assertText(services, /Secret is set\s*Payment links\s*simulated, No signing secret/);
  await assertText(services, /Not configured\s*Language model/);
  await page.getByRole("heading", { name: "Health" }).waitFor();
  await assertAccessible(page, "the services");
  await press(page, services.getByRole("link", { name: "Change secrets" }));
  await group(page, "Secrets of providers").waitFor();
  await close();
});
