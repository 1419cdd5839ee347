// What messages hold beside texts and files: places, cards, polls, lengths and marks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCount, assertText, launch, open } from "./support/browser.mjs";
import { ADA, conversationWith, messagesOf, writeFrom } from "./support/chats.mjs";
import { wav } from "./support/files.mjs";
import { link, startGateway } from "./support/gateway.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";
const CONTENT = {
  place: {
    message_type: "location", message_body: "Harbour office",
    location: {
      latitude: 53.541, longitude: 9.9845, name: "Harbour office",
      address: `Am Kai 1 ${HOSTILE}`, live: false,
    },
  },
  bare: {
    message_type: "location", message_body: "",
    location: { latitude: 0, longitude: 0, name: null, address: null, live: true },
  },
  cards: {
    message_type: "contact", message_body: "Grace Hopper",
    contacts: [
      { name: "Grace Hopper", phones: ["+15550000012"], organization: "US Navy" },
      { name: HOSTILE, phones: [], organization: null },
    ],
  },
  poll: {
    message_type: "poll", message_body: "When?",
    poll: {
      question: "When?", options: ["Monday", HOSTILE], selectable: 1,
      results: [{ option: "Monday", votes: 3 }, { option: HOSTILE, votes: 1 }],
    },
  },
  choice: {
    message_type: "text", message_body: `Room 5 ${HOSTILE}`,
    menu_reply: { id: `room-5 ${HOSTILE}`, title: `Room 5 ${HOSTILE}`, menu: "list" },
  },
  untitled: {
    message_type: "text", message_body: "room-6",
    menu_reply: { id: "room-6", title: null, menu: "buttons" },
  },
  link: {
    message_type: "text", message_body: "see https://evil.example/page",
    formatted_body: "see https://evil.example/page",
    link_preview: {
      url: "https://evil.example/page", title: `A page ${HOSTILE}`,
      description: `What it is about ${HOSTILE}`,
    },
  },
  fake: {
    message_type: "text", message_body: "javascript:alert(1)",
    link_preview: { url: "javascript:alert(1)", title: "Not a page", description: null },
  },
  once: { message_type: "image", message_body: "", is_view_once: true },
  strange: { message_type: "unsupported", message_body: "" },
};

let browser, gateway, id;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
  for (const name of Object.keys(CONTENT)) await writeFrom(gateway, ADA, name);
  await writeFrom(gateway, ADA, "", { bytes: wav(7), mime: "audio/wav", filename: "note.wav" });
  ({ id } = await conversationWith(gateway, ADA));
  await messagesOf(gateway, id, (all) => all.some((each) => each.media));
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

async function openChat(options = {}) {
  const { page, close } = await open(browser, gateway, { hash: "#/chat", ...options });
  await page.getByRole("link", { name: /Ada/ }).waitFor();
  await page.route("**/messages?*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    for (const message of body.data.messages) {
      Object.assign(message, CONTENT[message.message_body]);
      if (message.media) Object.assign(message, { duration_seconds: 7 });
    }
    await route.fulfill({ response, json: body });
  });
  await page.evaluate((to) => (location.hash = to), `#/chat?with=${id}`);
  await page.getByText("Harbour office").waitFor();
  return { page, close };
}

// High enough that no message of the chat is out of sight: rows that are have no content.
const ALL = 4_000;

test("a place has its name and address, and a link to a map that nothing is asked of", async () => {
  const { page, close } = await openChat();
  const place = page.locator(".bubble", { hasText: "Harbour office" });
  await assertCount(place.getByText("Harbour office"), 1, "its name is there once");
  await place.getByText(`Am Kai 1 ${HOSTILE}`).waitFor();
  await place.getByText("53.541, 9.9845").waitFor();
  const map = place.getByRole("link", { name: "Open the map" });
  assert.match(await map.getAttribute("href"),
    /^https:\/\/www\.openstreetmap\.org\/\?mlat=53\.541&mlon=9\.9845#/);
  assert.equal(await map.getAttribute("rel"), "noopener noreferrer");
  await page.locator(".bubble", { hasText: "Live location" }).getByText("0, 0").waitFor();
  // Closing fails where another host was asked.
  await close();
});

test("contact cards have names, and numbers to copy", async () => {
  const { page, close } = await openChat();
  const cards = page.locator(".bubble", { hasText: "Grace Hopper" });
  await assertCount(cards.getByRole("listitem"), 2);
  await cards.getByText("US Navy").waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await cards.getByRole("button", { name: "Copy +15550000012" }).click();
  await cards.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "+15550000012");
  await cards.getByText("No number").waitFor();
  await close();
});

test("a poll has its options with what was chosen, and other marks are said", async () => {
  const { page, close } = await openChat({ viewport: { width: 390, height: ALL } });
  const poll = page.locator(".bubble", { hasText: "When?" });
  await assertCount(poll.getByText("When?"), 1, "the question is there once");
  await poll.getByText("Choose one option").waitFor();
  await assertText(poll.getByRole("listitem").first(), /Monday\s+3 votes/);
  await assertText(poll.getByRole("listitem").nth(1), /alert\(1\)>\s+1 vote$/);
  await page.getByText("Can be viewed once, on the phone").waitFor();
  await page.getByText("This kind of message cannot be shown here").waitFor();
  await page.getByText("0:07").waitFor();
  await assertCount(page.locator("main img[src=x]"), 0);
  await assertAccessible(page, "the content of messages");
  await close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`a menu's choice and a link's preview are shown as text, ${colorScheme}`, async () => {
    const { page, close } = await openChat({ colorScheme, viewport: { width: 1440, height: ALL } });
    const choice = page.locator(".bubble", { hasText: "Chosen from a list" });
    const title = choice.getByText(`Room 5 ${HOSTILE}`, { exact: true });
    await assertCount(title, 1, "its title is there once");
    await choice.getByText(`room-5 ${HOSTILE}`, { exact: true }).waitFor();
    const untitled = page.locator(".bubble", { hasText: "Chosen with a button" });
    await assertCount(untitled.getByText("room-6"), 1, "the id stands for the title");

    const preview = page.getByRole("group", { name: "Preview of the link" });
    const known = preview.filter({ hasText: "What it is about" });
    await known.getByText(`A page ${HOSTILE}`, { exact: true }).waitFor();
    await known.getByText("evil.example", { exact: true }).waitFor();
    const fake = preview.filter({ hasText: "Not a page" });
    assert.equal((await fake.innerText()).trim(), "Not a page", "no host where there is none");
    // What was written is a link, the preview that its sender made is none.
    await page.getByText("see https://evil.example/page").waitFor();
    const links = page.locator(".thread a[href*='evil'], .thread a[href^='javascript']");
    const written = await links.evaluateAll((all) => all.map(({ href, rel }) => [href, rel]));
    assert.deepEqual(written, [["https://evil.example/page", "noopener noreferrer nofollow"]]);
    await assertCount(page.locator("main img[src=x]"), 0);
    await assertAccessible(page, `menu replies and previews, ${colorScheme}`);
    // Closing fails where another host was asked.
    await close();
  });
}
