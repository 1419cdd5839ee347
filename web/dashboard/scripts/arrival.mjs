// How soon an incoming message is on the screen: from the moment somebody sends it until the frame
// that shows it, on an open conversation.
import { launch, open } from "../test/support/browser.mjs";
import { ADA, conversationWith, writeFrom } from "../test/support/chats.mjs";
import { link, startGateway } from "../test/support/gateway.mjs";

const MESSAGES = 20;
/** Milliseconds between two messages. In a long burst the page reads once for several. */
const PAUSE = 1_500;

const [browser, gateway] = await Promise.all([launch(), startGateway()]);
await link(gateway, "shop", "15551234567");
await writeFrom(gateway, ADA, "Good morning");
const hash = `#/chat?with=${(await conversationWith(gateway, ADA)).id}`;
const { page, close } = await open(browser, gateway, { hash });
await page.getByText("Live", { exact: true }).waitFor();
await page.locator(".bubble", { hasText: "Good morning" }).waitFor();

/** In the page: resolves with the time of the frame that shows a message of these words. */
const shownAt = (words) => new Promise((resolve) => {
  const look = () => {
    const all = [...document.querySelectorAll(".bubble .text")];
    if (!all.some((one) => one.textContent.trim() === words)) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(Date.now()));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
});

const delays = [];
for (let number = 1; number <= MESSAGES; number += 1) {
  const words = `Message ${number}`;
  const shown = page.evaluate(shownAt, words);
  const sent = Date.now();
  await writeFrom(gateway, ADA, words);
  delays.push(await shown - sent);
  await page.waitForTimeout(PAUSE);
}
delays.sort((one, other) => one - other);
const at = (share) => delays[Math.floor(share * (delays.length - 1))];
console.log(`${MESSAGES} messages, each on the screen after: median ${at(0.5)} ms, `
  + `95 % ${at(0.95)} ms, longest ${at(1)} ms`);
await close();
await Promise.all([browser.close(), gateway.stop()]);
