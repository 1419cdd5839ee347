import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGLISH } from "./all";
import { inForm } from "./language";
import type { Part } from "./pack";
import { PACKS } from "./translated";

type Texts = Record<string, unknown>;
const isTexts = (value: unknown): value is Texts => typeof value === "object" && value !== null;

/** What a translation lacks, has without need, or has in another form, by its place. */
function differences(english: unknown, other: unknown, place: string): string[] {
  if (!isTexts(english) || !isTexts(other)) {
    if (typeof english !== typeof other) return [`${place}: ${typeof other}`];
    return other === "" && english !== "" ? [`${place}: empty`] : [];
  }
  const [wanted, found] = [Object.keys(english), Object.keys(other)];
  return [
    ...wanted.filter((key) => !found.includes(key)).map((key) => `${place}.${key}: missing`),
    ...found.filter((key) => !wanted.includes(key)).map((key) => `${place}.${key}: too many`),
    ...wanted.filter((key) => found.includes(key))
      .flatMap((key) => differences(english[key], other[key], `${place}.${key}`)),
  ];
}

/** Sentences that are the English ones: single words may be the same in two languages. */
function untranslated(english: unknown, other: unknown, place: string): string[] {
  if (isTexts(english) && isTexts(other)) {
    return Object.keys(english)
      .flatMap((key) => untranslated(english[key], other[key], `${place}.${key}`));
  }
  if (typeof english !== "string" || english !== other) return [];
  const words = english.replace(/\{\{.*?\}\}/g, "").split(/\s+/)
    .filter((word) => /[a-z]{2}/i.test(word));
  return 1 < words.length ? [`${place}: ${english}`] : [];
}

for (const [language, pack] of Object.entries(PACKS)) {
  test(`every text is there in ${language}, and no other`, async () => {
    const faults = [];
    assert.deepEqual(Object.keys(pack).sort(), Object.keys(ENGLISH).sort());
    for (const part of Object.keys(ENGLISH) as Part[]) {
      const { default: texts } = await pack[part]();
      faults.push(...differences(ENGLISH[part], texts, `strings/${language}: ${part}`));
      faults.push(...untranslated(ENGLISH[part], texts, `strings/${language}: ${part}`));
    }
    assert.deepEqual(faults, []);
  });
}

test("a number takes the form of its language, and # stands for its digits", () => {
  assert.equal(inForm(1, { one: "a thing", other: "# things" }), "a thing");
  assert.equal(inForm(2, { one: "a thing", two: "two things", other: "# things" }), "2 things");
});
