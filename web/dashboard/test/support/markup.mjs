// Texts of strangers that would do something if they became markup, and the proof that none did.
import assert from "node:assert/strict";

/** By this attribute anything that became markup is found. */
export const MARK = "data-evil";
export const HOSTILE = `<img src=x ${MARK} onerror="alert(1)">'"><b ${MARK}>x</b>`;

export async function assertNoMarkup(page, what) {
  const found = await page.evaluate((mark) =>
    [...document.querySelectorAll("*")]
      .filter((element) => element.hasAttribute(mark) || element.localName === "iframe"
        || [...element.attributes].some(({ name, value }) =>
          name.startsWith("on") || /^\s*javascript:/i.test(value)))
      .map(({ localName, textContent }) => `${localName}: ${textContent.slice(0, 80)}`), MARK);
  assert.deepEqual(found, [], what);
}
