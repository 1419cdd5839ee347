// The overview tells what happened, from the gateway's own metrics.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertText, launch, open } from "./support/browser.mjs";
import { ECHO, link, startGateway } from "./support/gateway.mjs";

let browser, gateway;
before(async () => {
  [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
});
after(() => Promise.all([browser?.close(), gateway?.stop()]));

test("messages in and out, and what waits, are counted and drawn", async () => {
  const body = { chatId: ECHO, content: "counted" };
  await gateway.ask("POST", "/api/v1/sessions/shop/send-text", body);
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  await gateway.ask("POST", "/api/v1/sessions/shop/send-text", { ...body, sendAt });
  const { page, close } = await open(browser, gateway, { hash: "#/?minutes=15" });
  const figure = (name) => page.getByRole("figure", { name, exact: true });
  await figure("Messages").getByText("1 in, 1 out").waitFor();
  await figure("Queued messages").getByText("1 now, 1 at most").waitFor();
  await figure("Memory").getByText(/\d+ MiB the gateway/).waitFor();
  const tile = page.getByText("Sessions ready").locator("..");
  await assertText(tile, /1 of 1/);
  const canvas = figure("Messages").locator("canvas");
  await canvas.waitFor();
  const painted = await canvas.evaluate((element) => {
    const { data } = element.getContext("2d").getImageData(0, 0, element.width, element.height);
    return data.some((value) => value !== 0);
  });
  assert.ok(painted, "something is drawn");
  await page.getByRole("radio", { name: "24 hours" }).check();
  await page.getByText("a sample each minute").waitFor();
  assert.match(page.url(), /minutes=1440/);
  await close();
});

test("charts are drawn whatever a browser says its language is", async () => {
  for (const language of ["en-US@posix", "C", "", "not_a_language", undefined]) {
    const { page, close } = await open(browser, gateway, { hash: "#/nowhere" });
    await page.addInitScript((said) => {
      Object.defineProperty(navigator, "language", { configurable: true, get: () => said });
      const all = said === undefined ? [] : [said];
      Object.defineProperty(navigator, "languages", { get: () => all });
    }, language);
    await page.goto(`${gateway.address}/#/?minutes=15`);
    await page.reload();
    await page.locator(".u-over").nth(4).waitFor();
    await page.getByText("Running for").waitFor();
    await close();
  }
});
