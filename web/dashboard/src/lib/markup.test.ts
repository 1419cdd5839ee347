import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, nodesOf, withoutSigns } from "./markup";

const text = (value: string): Node => ({ kind: "text", text: value });
const link = (value: string): Node => {
  const { href: address, host } = new URL(value);
  return { kind: "link", text: value, address, host };
};
/** All characters of the nodes, links by their text. */
const shown = (nodes: Node[]): string =>
  nodes.map((node) => ("inside" in node ? shown(node.inside) : node.text)).join("");

test("pairs of signs around words are formatting", () => {
  assert.deepEqual(nodesOf("a *bold* and _italic_ ~gone~ `code`"), [
    text("a "), { kind: "bold", inside: [text("bold")] }, text(" and "),
    { kind: "italic", inside: [text("italic")] }, text(" "),
    { kind: "strike", inside: [text("gone")] }, text(" "),
    { kind: "code", inside: [text("code")] },
  ]);
  assert.deepEqual(nodesOf("*_both_*"), [
    { kind: "bold", inside: [{ kind: "italic", inside: [text("both")] }] },
  ]);
  assert.deepEqual(nodesOf("```let *a* = 1```"), [
    { kind: "code", inside: [text("let *a* = 1")] },
  ]);
});

test("a line of a list has the words without their signs", () => {
  const written = "*Spring _sale_*: 2*3 `kg` https://shop.example/a_b_c";
  assert.equal(withoutSigns(written), "Spring sale: 2*3 kg https://shop.example/a_b_c");
});

test("single signs, signs in words and signs across lines are text", () => {
  const not = ["2*3*4", "snake_case_name", "* a *", "*a\nb*", "**", "a*", "~ ~", "``", "*"];
  for (const each of not) {
    assert.deepEqual(nodesOf(each), [text(each)], each);
  }
});

test("addresses of the web are links, without what ends the sentence", () => {
  assert.deepEqual(nodesOf("See https://a.example/x_y_z?q=*1*, please."), [
    text("See "), link("https://a.example/x_y_z?q=*1"), text("*, please."),
  ]);
  assert.deepEqual(nodesOf("(http://a.example/b)"), [
    text("("), link("http://a.example/b"), text(")"),
  ]);
  assert.deepEqual(nodesOf("*https://a.example*"), [
    { kind: "bold", inside: [link("https://a.example")] },
  ]);
});

test("nothing else is a link, however it looks", () => {
  const not = [
    "javascript:alert(1)", "data:text/html,x", "https://", "https://user@evil.example/",
    "https://bank.example:pw@evil.example", "ftp://a.example", "xhttps://a.example",
  ];
  for (const each of not) assert.deepEqual(nodesOf(each), [text(each)], each);
});

test("no character is lost but the signs, whatever is written", () => {
  const signs = "*_~` \n ab.https://x.example";
  for (let seed = 1; seed < 3_000; seed += 1) {
    let state = seed;
    const next = () => (state = (state * 48_271) % 2_147_483_647);
    const given = Array.from({ length: 12 }, () => signs[next() % signs.length]).join("");
    const kept = shown(nodesOf(given)).replace(/[*_~`]/g, "");
    assert.equal(kept, given.replace(/[*_~`]/g, ""), given);
  }
});

test("a long text of signs is read in no time", () => {
  const start = performance.now();
  for (const each of ["*a ", "_", "`a`", "*a _b ", "https://a.example/*", "[", "```"]) {
    nodesOf(each.repeat(20_000));
  }
  assert.ok(performance.now() - start < 3_000);
});
