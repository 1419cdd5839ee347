// Somebody without a mouse.
import assert from "node:assert/strict";
import { until } from "./gateway.mjs";

/** A button by its whole name. */
export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** What has the focus: its name, and whether it is within a dialog. */
export function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label");
    const name = (label ?? element.textContent).replace(/\s+/g, " ").trim();
    return { tag: element.tagName, name, isInDialog: !!element.closest("dialog") };
  });
}

export function untilFocused(page, what, matches) {
  return until(what, async () => {
    const found = await focused(page);
    return matches(found) && found;
  });
}

/** Keeps in mind what has the focus now. */
export function remember(page) {
  return page.evaluate(() => {
    window.opener_ = document.activeElement;
  });
}

/** Whether that has the focus again. */
export function isBack(page) {
  return page.evaluate(() => document.activeElement === window.opener_);
}

/** Presses a button as the keyboard does. */
export async function press(page, locator, key = "Enter") {
  await locator.first().focus();
  await remember(page);
  await page.keyboard.press(key);
}

/** Opens a menu, goes to an entry with the arrow keys and takes it. */
export async function choose(page, button, entry) {
  await press(page, button);
  const all = page.getByRole("menuitem");
  await all.first().waitFor();
  await until("the menu has the focus", () =>
    all.evaluateAll((items) => items.includes(document.activeElement)));
  const count = await all.count();
  for (let step = 0; step < count; step += 1) {
    const { name } = await focused(page);
    if (entry === name) return page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
  }
  return assert.fail(`no arrow key leads to ${entry}`);
}
