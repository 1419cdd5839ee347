// The widget in Chromium, on a page of another origin: a visitor asks, a person takes over, the
// page is loaded again, the network goes and comes back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCount, launch } from "../../dashboard/test/support/browser.mjs";
import { PATIENCE, until } from "../../dashboard/test/support/gateway.mjs";
import { startSite, startWorkspace } from "./site.mjs";

const QUESTION = "Where is my order?";
const HOSTILE = '<img src=x onerror="alert(1)"> javascript:alert(1) https://example.com/a?b=1&c=2.';

let browser;
let work;
let site;

before(async () => {
  browser = await launch();
  work = await startWorkspace({
    name: "Support Bot", welcome_message: "Welcome to the shop!",
    widget: { color: "#7a1fa2", title: "Ask us", suggestions: [QUESTION, "Hello!"] },
  });
  site = await startSite(work.gateway, work.bot);
});

after(async () => {
  await site?.stop();
  await work?.stop();
  await browser?.close();
});

/** Opens a page; `close` fails where something went wrong in it meanwhile. */
async function visit(address, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error.stack ?? error)));
  page.on("dialog", (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) faults.push(message.text());
  });
  await page.goto(address);
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, context, close };
}

const launcher = (page) => page.locator("wagate-widget button");
const chat = (page) => page.frameLocator("wagate-widget iframe");
const said = (page, text) => chat(page).locator("li .words").filter({ hasText: text });
const write = async (page, text) => {
  await chat(page).getByRole("textbox").fill(text);
  await chat(page).getByRole("textbox").press("Enter");
};

/** The newest conversation of the bot. */
async function conversation() {
  const { sessions } = await work.ask("GET", `/chat/sessions/${work.bot.id}`);
  return sessions[0];
}

const reply = async (content) =>
  work.ask("POST", `/inbox/sessions/${(await conversation()).id}/messages`, { content });

test("a visitor asks, a person takes over, and all goes on when the page is reloaded", async () => {
  const { page, close } = await visit(site.address);
  await launcher(page).waitFor();
  assert.equal(await launcher(page).getAttribute("aria-expanded"), "false");
  assert.equal(await page.locator("wagate-widget iframe").count(), 0, "nothing unasked for");
  await launcher(page).focus();
  await page.keyboard.press("Enter");
  const dialog = chat(page).getByRole("dialog", { name: "Ask us" });
  await dialog.waitFor();
  await said(page, "Welcome to the shop!").waitFor();
  await until("the focus in the text field", () =>
    chat(page).getByRole("textbox").evaluate((element) => element === document.activeElement));
  const frame = page.frames().find((each) => each.url().includes("/widget/pk_"));
  await assertAccessible(frame, "an empty chat");

  await chat(page).getByRole("button", { name: "Hello!" }).click();
  await assertCount(said(page, "Welcome to the shop!"), 2, "the greeting, and the answer");
  await assertCount(chat(page).locator("li.user"), 1);
  await chat(page).getByRole("button", { name: "Helpful", exact: true }).click();
  await until("the thumb", async () => {
    const { id } = await conversation();
    const { messages } = await work.ask("GET", `/chat/history/${id}`);
    return messages.some((message) => message.feedback === "up");
  });

  await write(page, HOSTILE);
  await said(page, HOSTILE).waitFor();
  const links = await said(page, HOSTILE).locator("a").evaluateAll((all) =>
    all.map(({ href, rel, target }) => ({ href, rel, target })));
  const rel = "noopener noreferrer nofollow ugc";
  const expected = [{ href: "https://example.com/a?b=1&c=2", rel, target: "_blank" }];
  assert.deepEqual(links, expected, "addresses of the web alone are links");

  await chat(page).getByRole("button", { name: "Talk to a person" }).click();
  await chat(page).getByText("Waiting for a person").waitFor();
  assert.equal((await conversation()).handoff_reason, "visitor");
  await reply(`Grace here. ${HOSTILE}`);
  await said(page, "Grace here.").waitFor();
  await chat(page).getByText("Ada Lovelace answers you").waitFor();
  await assertCount(said(page, "Grace here.").locator("a"), 1);
  await assertAccessible(frame, "a chat with a person");

  // Closed, answers are counted at the button.
  await chat(page).getByRole("textbox").press("Escape");
  await page.locator("wagate-widget .panel").waitFor({ state: "hidden" });
  await until("the focus at the button", () => launcher(page).evaluate((element) =>
    element.getRootNode().activeElement === element));
  await reply("Are you still there?");
  const badge = page.locator("wagate-widget .badge");
  await badge.filter({ hasText: "1" }).waitFor();
  await page.reload();
  await badge.filter({ hasText: "1" }).waitFor();
  assert.match(await launcher(page).getAttribute("aria-label"), /1 unread/);
  await launcher(page).click();
  await said(page, "Are you still there?").waitFor();
  await badge.waitFor({ state: "hidden" });
  await assertCount(said(page, "Grace here."), 1, "each message once");
  await page.reload();
  await said(page, "Are you still there?").waitFor();

  await chat(page).getByRole("button", { name: "End chat" }).click();
  await chat(page).getByText("This chat has ended").waitFor();
  await assertAccessible(
    page.frames().find((each) => each.url().includes("/widget/pk_")), "a chat that ended");
  await chat(page).getByRole("button", { name: "4 of 5" }).click();
  await until("the rating", async () => (await conversation()).rating === 4);
  await chat(page).getByRole("button", { name: "New chat" }).click();
  await assertCount(chat(page).locator("li"), 1, "the greeting alone");
  await close();
});

test("a visitor opens a ticket by keyboard, and sees how it goes on", async () => {
  const { page, close } = await visit(site.address);
  await launcher(page).click();
  const ticket = chat(page).getByRole("button", { name: "Open a ticket" });
  await ticket.focus();
  await page.keyboard.press("Enter");
  const form = chat(page).getByRole("form", { name: "Open a ticket" });
  await form.waitFor();
  const frame = page.frames().find((each) => each.url().includes("/widget/pk_"));
  await assertAccessible(frame, "the form of a ticket");
  const focused = (field) => until("the focus", () =>
    field.evaluate((element) => element === document.activeElement));
  await focused(form.getByLabel("Subject"));
  // Escape closes the form, and not the chat.
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "hidden" });
  await focused(ticket);
  await page.keyboard.press("Enter");
  await focused(form.getByLabel("Subject"));
  await page.keyboard.type(HOSTILE);
  await page.keyboard.press("Tab");
  await page.keyboard.type("Order 4711");
  await page.keyboard.press("Tab");
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await until("the browser's word on the address", () => form.getByLabel("Your e-mail address")
    .evaluate((element) => !element.validity.valid && element === document.activeElement));
  await page.keyboard.type("@example.com");
  await page.keyboard.press("Enter");
  await chat(page).getByText(/^Ticket \d+ is open\.$/).waitFor();
  await focused(ticket);
  const { tickets } = await work.ask("GET", `/tickets/${work.bot.id}`);
  assert.equal(tickets.length, 1);
  const [{ id, subject, description, requester }] = tickets;
  assert.deepEqual([subject, description, requester],
    [HOSTILE, "Order 4711", "nobody@example.com"]);
  await work.ask("PUT", `/tickets/${id}`, { status: "resolved" });
  await page.keyboard.press("Enter");
  await form.getByText(/javascript:alert.* · resolved$/).waitFor();
  await assertCount(form.locator("img, a"), 0, "a subject is text");
  await assertAccessible(frame, "the tickets of a visitor");
  await close();
});

test("what is written without a network is sent when it is back, each once", async () => {
  const { page, context, close } = await visit(site.address);
  await launcher(page).click();
  await write(page, "Hello!");
  await assertCount(said(page, "Welcome to the shop!"), 2, "the first answer");
  await context.setOffline(true);
  await chat(page).getByText("You are offline.").waitFor();
  await write(page, "First without a network");
  await write(page, "Second without a network");
  await assertCount(chat(page).getByText("Waits to be sent"), 2);
  const { id } = await conversation();
  const words = async () => {
    const { messages } = await work.ask("GET", `/chat/history/${id}`);
    return messages.filter(({ role }) => role === "user").map(({ content }) => content);
  };
  assert.deepEqual(await words(), ["Hello!"]);
  await reply("Written while you were away");
  await context.setOffline(false);
  await said(page, "Written while you were away").waitFor();
  const all = ["Hello!", "First without a network", "Second without a network"];
  await until("both messages", async () => (await words()).length === all.length);
  assert.deepEqual(await words(), all);
  await assertCount(chat(page).getByText("Waits to be sent"), 0);
  for (const text of [...all, "Written while you were away"]) {
    await assertCount(chat(page).locator("li").filter({ hasText: text }), 1, text);
  }
  await close();
});

test("an answer is lost with its stream, and comes with the events", async () => {
  const { page, close } = await visit(site.address);
  let cut = 0;
  await page.route("**/api/v1/widget/*/stream", async (route) => {
    cut += 1;
    // The gateway takes the message in; the page does not hear of it the first time.
    if (cut === 1) await route.fetch();
    await (cut === 1 ? route.abort() : route.continue());
  });
  await launcher(page).click();
  await write(page, "Hello!");
  await assertCount(said(page, "Welcome to the shop!"), 2, "the greeting, and one answer");
  await until("a second try", () => cut === 2);
  await chat(page).getByText("Connecting again…").waitFor({ state: "hidden" });
  await assertCount(chat(page).locator("li.user"), 1, "one message");
  const { messages } = await work.ask("GET", `/chat/history/${(await conversation()).id}`);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "assistant"]);
  await close();
});

test("it is dark, narrow and from right to left where it should be", async () => {
  const arabic = await startSite(work.gateway, work.bot, { attributes: 'data-lang="ar"' });
  const options = { colorScheme: "dark", viewport: { width: 360, height: 640 } };
  const { page, close } = await visit(arabic.address, options);
  await launcher(page).click();
  await chat(page).getByRole("textbox").waitFor();
  const frame = page.frames().find((each) => each.url().includes("/widget/pk_"));
  const found = await frame.evaluate(() => ({
    dir: document.documentElement.dir,
    lang: document.documentElement.lang,
    back: getComputedStyle(document.body).backgroundColor,
    isWide: document.documentElement.scrollWidth > window.innerWidth,
    size: [window.innerWidth, window.innerHeight],
  }));
  assert.deepEqual(found, {
    dir: "rtl", lang: "ar", back: "rgb(21, 23, 28)", isWide: false, size: [360, 640],
  });
  await assertAccessible(frame, "a dark chat in Arabic");
  await assertAccessible(page, "the page around");
  await write(page, "x".repeat(400));
  await said(page, "xxxx").waitFor();
  assert.equal(await frame.evaluate(() =>
    document.documentElement.scrollWidth > window.innerWidth), false, "long words break");
  await close();
  await arabic.stop();
});

test("a page with a strict policy can have it, one of another origin cannot", async () => {
  const { address } = work.gateway;
  const policy = `default-src 'none'; script-src ${address}; connect-src ${address}; ` +
    `frame-src ${address}`;
  const strict = await startSite(work.gateway, work.bot, {
    headers: { "content-security-policy": policy },
  });
  const one = await visit(strict.address);
  await launcher(one.page).click();
  await said(one.page, "Welcome to the shop!").waitFor();
  await one.close();
  await strict.stop();

  const bot = await work.ask("POST", "/bots", {
    name: "Elsewhere", allowed_origins: ["https://shop.example"],
  });
  await work.ask("POST", `/bots/${bot.id}/activate`, {});
  const foreign = await startSite(work.gateway, bot);
  const context = await browser.newContext();
  const page = await context.newPage();
  const isWarning = (message) => /is not shown here/.test(message.text());
  const warned = page.waitForEvent("console", isWarning);
  await page.goto(foreign.address);
  await warned;
  assert.equal(await page.locator("wagate-widget").count(), 0);
  // Nor can it frame the chat itself.
  await page.evaluate((source) => {
    const frame = document.createElement("iframe");
    frame.src = source;
    document.body.append(frame);
  }, `${address}/widget/${bot.public_token}`);
  const blocked = await until("a refused frame", () => page.frames().find((each) =>
    each.url().startsWith("chrome-error:")));
  assert.ok(blocked);
  await context.close();
  await foreign.stop();
});
