// Contacts through the page: found, made, changed, their opt-in and what happened; and an import.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertCount, launch, open } from "./support/browser.mjs";
import { writeFrom } from "./support/chats.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";
import { choose, press } from "./support/keyboard.mjs";
import { assertNoMarkup, HOSTILE } from "./support/markup.mjs";
import { askAs } from "./support/people.mjs";
import { signedIn } from "./support/signed-in.mjs";

const CONTACTS = "/api/whatsapp-api/contacts";
let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway({ withKey: true })]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const visit = (hash, options = {}) =>
  open(browser, gateway, { hash, ...signedIn(gateway), ...options });
const api = (method, path, body) => askAs(gateway, gateway.key, method, path, body);
const create = (draft) => api("POST", CONTACTS, draft);

test("a contact is made, changed, tagged and deleted by the keyboard alone", async () => {
  const { page, close } = await visit("#/contacts");
  await page.getByText("No contacts yet").waitFor();
  await assertAccessible(page, "no contacts");
  await press(page, button(page, "New contact"));
  await page.keyboard.type("+1");
  await page.keyboard.press("Enter");
  await page.locator("[aria-invalid=true]").waitFor();
  await field(page, "Phone number").fill("+919876543210");
  await page.keyboard.press("Tab");
  await page.keyboard.type("John Doe");
  await assertAccessible(page, "a new contact");
  await page.keyboard.press("Enter");
  await heading(page, "John Doe").waitFor();
  const { contacts: [contact] } = await api("GET", CONTACTS);
  const read = () => api("GET", `${CONTACTS}/${contact.id}`);

  await field(page, "Add a tag").focus();
  await page.keyboard.type("vip, retail");
  await page.keyboard.press("Enter");
  await press(page, button(page, "Remove the tag retail"));
  await button(page, "Remove the tag retail").waitFor({ state: "detached" });
  assert.deepEqual((await read()).tags, ["vip"]);

  await field(page, "Custom fields optional").fill("no colon");
  await button(page, "Save").click();
  await page.getByText("Each line needs a name").first().waitFor();
  await field(page, "Custom fields optional").fill("city: Pune");
  await field(page, "Notes optional").fill("Calls back");
  await button(page, "Save").click();
  await until("the fields", async () => (await read()).customFields.city === "Pune");
  assert.equal((await read()).notes, "Calls back");
  await page.getByRole("listitem").filter({ hasText: "Changed" }).first().waitFor();

  await choose(page, button(page, "Actions"), "Delete contact");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await heading(page, "Contacts").waitFor();
  await close();
});

test("opt-in is changed with its proof, and its history stands in the timeline", async () => {
  const { id } = await create({ phone: "+15550000099", name: "Consent" });
  const { page, close } = await visit(`#/contacts/${id}`);
  await press(page, button(page, "Opt in"));
  await page.keyboard.type("form signed on 1 May");
  await assertAccessible(page, "opting in");
  await page.keyboard.press("Enter");
  await page.getByText("Proof: form signed on 1 May").waitFor();
  const events = page.getByRole("listitem").filter({ hasText: "Opted in" });
  await events.filter({ hasText: "form signed on 1 May" }).first().waitFor();
  await press(page, button(page, "Opt out"));
  await page.keyboard.press("Enter");
  await page.getByText("Opted out", { exact: true }).first().waitFor();
  await field(page, "Show").selectOption({ label: "Opt-ins and opt-outs" });
  const list = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
  await assertCount(list, 2);
  await assertAccessible(page, "a contact");
  await close();
});

test("the list is searched and filtered by page, and the address keeps the filters", async () => {
  for (let place = 0; place < 30; place += 1) {
    const phone = `+1555100${String(place).padStart(4, "0")}`;
    await create({ phone, name: `Listed ${place}`, tags: ["listed"], optedIn: place % 2 === 0 });
  }
  await writeFrom(gateway, "15550000011", "Hi");
  const { page, close } = await visit("#/contacts");
  const rows = page.getByRole("row");
  await page.getByRole("searchbox").fill("listed");
  await page.getByText("1–25 of 30").waitFor();
  await assertCount(rows, 26);
  await button(page, "Next page").click();
  await page.getByText("26–30 of 30").waitFor();
  await field(page, "Opt-in").selectOption("Opted in");
  await page.getByText("1–15 of 15").waitFor();
  await field(page, "Tag").selectOption("listed");
  await page.reload();
  await page.getByText("1–15 of 15").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "listed");
  await assertAccessible(page, "the list");
  await page.getByRole("searchbox").fill("nobody is called so");
  await page.getByText("No contact fits").waitFor();
  await page.getByRole("searchbox").fill("");
  await field(page, "Tag").selectOption("");
  await page.getByRole("link", { name: /Ada/ }).click();
  await page.getByText("Source: wrote first", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Open in chat" }).waitFor();
  await close();
});

describe("an import", () => {
  const CSV = [
    "Mobile,Full name,City,Agreed", "+15557000001,Grace,Paris,true", "12,Wrong,Nowhere,false",
    `+15557000002,"${HOSTILE.replaceAll('"', '""')}",Rome,`,
  ].join("\n");

  test("maps columns, is checked, shows what is wrong, and goes in", async () => {
    const { page, close } = await visit("#/contacts/import");
    const [sample] = await Promise.all([
      page.waitForEvent("download"), button(page, "Download a sample").click(),
    ]);
    assert.match(readFileSync(await sample.path(), "utf8"), /^\W*phone/i);
    await button(page, "Next").click();
    await page.getByText("Choose a file.").waitFor();
    await assertAccessible(page, "the file");
    await field(page, "CSV file").setInputFiles({
      name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(CSV),
    });
    await press(page, button(page, "Next"));
    await page.getByRole("heading", { name: "Step 2 of 4: Columns" }).waitFor();
    await field(page, "Column Mobile").selectOption("");
    await button(page, "Check").click();
    await page.getByText("One column must be the phone number.").waitFor();
    await field(page, "Column Mobile").selectOption("phone");
    await field(page, "Column Full name").selectOption("name");
    await field(page, "Column City").selectOption("custom.City");
    await field(page, "Column Agreed").selectOption("optedIn");
    await assertAccessible(page, "the columns");
    await assertNoMarkup(page, "the columns");
    await press(page, button(page, "Check"));
    await page.getByText("Result of the check").waitFor();
    await page.getByRole("row").filter({ hasText: "12" }).waitFor();
    const { pagination } = await api("GET", `${CONTACTS}?search=Grace`);
    assert.equal(pagination.total, 0, "a check writes nothing");
    const [faults] = await Promise.all([
      page.waitForEvent("download"), button(page, "Download the errors").click(),
    ]);
    assert.match(readFileSync(await faults.path(), "utf8"), /\r\n3,/);
    await assertAccessible(page, "the check");
    await press(page, button(page, "Import 2 contacts"));
    await page.getByText("The import is done").waitFor();
    const { contacts: [grace] } = await api("GET", `${CONTACTS}?search=Grace`);
    assert.deepEqual([grace.customFields.City, grace.optedIn], ["Paris", true]);
    await page.getByRole("link", { name: "All contacts" }).last().click();
    await page.getByText(HOSTILE).waitFor();
    await assertNoMarkup(page, "the list");
    await close();
  });

  test("of something else says what is wrong, and nothing is lost", async () => {
    const { page, close } = await visit("#/contacts/import");
    await field(page, "CSV file").setInputFiles({
      name: "picture.csv", mimeType: "text/csv", buffer: Buffer.from([0xff, 0xfe, 0, 1]),
    });
    await button(page, "Next").click();
    await page.getByRole("alert").waitFor();
    await page.getByRole("heading", { name: "Step 1 of 4: File" }).waitFor();
    await close();
  });
});

test("what strangers wrote stays text on the page of a contact", async () => {
  const { id } = await create({
    phone: "+15550000077", name: HOSTILE, tags: ["<b>tag</b>"], notes: HOSTILE,
    customFields: { [HOSTILE]: HOSTILE },
  });
  const { page, close } = await visit(`#/contacts/${id}`);
  await heading(page, HOSTILE).waitFor();
  await page.getByRole("listitem").filter({ hasText: "Contact created" }).waitFor();
  await assertNoMarkup(page, "a contact");
  await assertAccessible(page, "a contact");
  await close();
});
