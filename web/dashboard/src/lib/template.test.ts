import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, parametersOf, slotsOf, valuesOf } from "./template";

const COMPONENTS = [
  { type: "HEADER", format: "TEXT", text: "Order {{1}}" },
  { type: "BODY", text: "Hi {{1}}, it comes {{2}}. Bye {{1}}" },
  { type: "FOOTER", text: "Acme {{9}}" },
  { type: "BUTTONS", buttons: [
    { type: "QUICK_REPLY", text: "Thanks" },
    { type: "URL", text: "Track", url: "https://example.com/{{1}}" },
  ] },
];

test("each variable is a slot once, in the order of its number", () => {
  const keys = slotsOf(COMPONENTS).map(({ key }) => key);
  assert.deepEqual(keys, ["header 1", "body 1", "body 2", "button 1"]);
  assert.deepEqual(slotsOf([{ type: "BODY", text: "Hello" }]), []);
});

test("parameters have Meta's form", () => {
  const values = { "header 1": "7", "body 1": " Ada ", "body 2": "today", "button 1": "x" };
  const text = (value: string) => ({ type: "text", text: value });
  assert.deepEqual(parametersOf(slotsOf(COMPONENTS), values), [
    { type: "header", parameters: [text("7")] },
    { type: "body", parameters: [text("Ada"), text("today")] },
    { type: "button", sub_type: "url", index: 1, parameters: [text("x")] },
  ]);
});

test("a header that is a file takes its address", () => {
  const slots = slotsOf([{ type: "HEADER", format: "IMAGE" }]);
  assert.deepEqual(parametersOf(slots, { "header file": "https://x.example/a.png" }), [
    { type: "header", parameters: [{ type: "image", image: { link: "https://x.example/a.png" } }] },
  ]);
});

test("what has no value yet stays as it is written, and a value is no pattern", () => {
  assert.equal(filled("Hi {{1}} {{2}}", "body", { "body 1": "$& Ada" }), "Hi $& Ada {{2}}");
});

test("parameters become what was typed again", () => {
  const values = { "header 1": "7", "body 1": "Ada", "body 2": "today", "button 1": "x" };
  const slots = slotsOf(COMPONENTS);
  assert.deepEqual(valuesOf(slots, [...parametersOf(slots, values)] as never), values);
  const files = slotsOf([{ type: "HEADER", format: "IMAGE" }]);
  const picture = { "header file": "https://x.example/a.png" };
  assert.deepEqual(valuesOf(files, [...parametersOf(files, picture)] as never), picture);
  assert.deepEqual(valuesOf(files, []), { "header file": "" });
});
