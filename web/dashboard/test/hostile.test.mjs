// What strangers write stays text, from their phone to the page: names, messages, file names,
// captions, quoted words, mentions. `open` fails on dialogs, breaches of the policy and requests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertText, launch, open } from "./support/browser.mjs";
import {
  ADA, conversationWith, messagesOf, openAccount, send, writeFrom,
} from "./support/chats.mjs";
import { png, wav } from "./support/files.mjs";
import { link, startGateway, until } from "./support/gateway.mjs";

const SVG = "http://www.w3.org/2000/svg";
const STRANGER = "15550000301";
/** By this attribute anything that became markup is found. */
const MARK = "data-evil";
const HOSTILE = [
  `<img src=x ${MARK} onerror="alert(1)">`,
  `<script ${MARK}>alert(1)</script>`,
  `"><svg ${MARK} onload=alert(1)>`,
  `'"><a href="javascript:alert(1)" ${MARK}>link</a>`,
  `</span><iframe ${MARK} srcdoc="<script>alert(1)</script>"></iframe>`,
  `<span class="mention" ${MARK}>@nobody</span>`,
  `<span class="mention">@nobody</span><b ${MARK}>bold</b>`,
  `&lt;img src=x ${MARK} onerror=alert(1)&gt;`,
  `{@html "<b ${MARK}>x</b>"} {{7*7}} \${alert(1)}`,
  "https://evil.example/?x=<b> javascript:alert(1) data:text/html,<script>alert(1)</script>",
  "\u202Etxt.exe\u202C \u0000 \uFFFD \u{E0001} \u200B",
  `<template ${MARK}><style ${MARK}>*{display:none}</style></template>`,
];
const NAME = `<b ${MARK}>Mallory</b>"'><img src=x ${MARK} onerror=alert(1)>`;

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567", NAME);
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

/** Fails where something of a stranger's became more than text. */
async function assertOnlyText(page, what) {
  const found = await page.evaluate((mark) => {
    const all = [...document.querySelectorAll("*")];
    const isForeign = (element) => {
      const attributes = [...element.attributes];
      if (element.hasAttribute(mark) || element.localName === "iframe") return true;
      if (element.localName === "script" && !element.src.startsWith(location.origin)) return true;
      return attributes.some(({ name, value }) =>
        name.startsWith("on") || /^\s*(javascript|data:text)/i.test(value)
          || (["src", "action", "srcdoc"].includes(name) && value.includes("evil"))
          || (name === "href" && value.includes("evil") && !element.closest(".thread .text")));
    };
    return all.filter(isForeign).map((element) => `${element.localName}.${element.className}`);
  }, MARK);
  assert.deepEqual(found, [], what);
  // Addresses of the web are links, which take nothing with them and share no window.
  const links = page.locator(".thread a:not([href^='#/'])");
  for (const { href, rel, target, text } of await links.evaluateAll((all) => all.map((each) =>
    ({ href: each.href, rel: each.rel, target: each.target, text: each.textContent })))) {
    assert.equal(new URL(text).href, href, `${what}: a link that leads elsewhere than it says`);
    assert.match(href, /^https?:/, what);
    assert.deepEqual([rel, target], ["noopener noreferrer nofollow", "_blank"], what);
  }
}

test("texts, names, captions, file names, quotes and mentions stay text", async () => {
  await openAccount(gateway, STRANGER, NAME);
  for (const text of HOSTILE) await writeFrom(gateway, STRANGER, text.replace("\u0000", ""));
  const names = HOSTILE.slice(0, 6).map((each) => each.replace(/[/\\]/g, "|"));
  for (const [at, filename] of names.entries()) {
    const kinds = [
      { bytes: png(8, 8), mime: "image/png" }, { bytes: wav(1), mime: "audio/wav" },
      { bytes: Buffer.from(HOSTILE[1]), mime: "text/html" },
      { bytes: Buffer.from(`<svg xmlns="${SVG}"><script>alert(1)</script></svg>`),
        mime: "image/svg+xml" },
    ];
    await writeFrom(gateway, STRANGER, HOSTILE[at], { ...kinds[at % kinds.length], filename });
  }
  const group = await gateway.ask("POST", "/api/v1/sessions/shop/groups", {
    name: HOSTILE[0].slice(0, 90), participants: [`${ADA}@c.us`, `${STRANGER}@c.us`],
  });
  await send(gateway, group.data.gid, `@${STRANGER} ${HOSTILE[6]} @${STRANGER}`);
  const { id } = await conversationWith(gateway, STRANGER);
  const all = await messagesOf(gateway, id, (messages) => HOSTILE.length + 6 <= messages.length);
  await gateway.ask("POST", "/api/v1/chat/send", {
    instance_id: "shop", recipient: STRANGER, message: HOSTILE[3], reply_to: all[0].uuid,
  });
  const tag = await gateway.ask("POST", "/api/v1/tags", { name: `<i ${MARK}>tag</i>` });
  await gateway.ask("PUT", `/api/v1/conversations/${id}/tags`, { tag_ids: [tag.data.tag.id] });

  const { page, close } = await open(browser, gateway, { hash: `#/chat?with=${id}` });
  await page.locator(".own .quote").waitFor();
  await assertOnlyText(page, "the newest");
  // From the end to the beginning, so that each was in the page.
  const seen = new Set();
  for (let step = 0; step < 30; step += 1) {
    for (const text of await page.locator(".bubble .text").allTextContents()) seen.add(text.trim());
    await assertOnlyText(page, `step ${step}`);
    await page.locator(".scroller.placed").evaluate((element) => (element.scrollTop -= 400));
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 40)));
  }
  for (const text of HOSTILE) {
    const shown = text.replace("\u0000", "").trim();
    assert.ok(seen.has(shown), `shown as it was written: ${shown}`);
  }
  await page.getByRole("heading", { level: 2, name: NAME }).waitFor();

  // What is drawn beside a message: its menu, and that it is answered.
  await page.getByRole("button", { name: "Go to newest message" }).click();
  const own = page.locator(".own .bubble").last();
  await own.click({ button: "right" });
  await assertOnlyText(page, "the menu");
  await page.getByRole("menuitem", { name: "Reply" }).click();
  await page.getByText("Reply to You").waitFor();
  await assertOnlyText(page, "the reply");

  // The group, with its name and those mentioned in it.
  const named = page.getByRole("link", { name: HOSTILE[0].slice(0, 40) });
  await named.click();
  const mention = page.locator(".own .mention");
  await until("the mentions", async () => await mention.count() === 2);
  await assertText(mention.first(), /^@/);
  await assertOnlyText(page, "the group");

  await page.getByRole("searchbox").fill("bold");
  await page.getByRole("button", { name: /bold/ }).first().waitFor();
  await assertOnlyText(page, "what was found");
  await close();
});
