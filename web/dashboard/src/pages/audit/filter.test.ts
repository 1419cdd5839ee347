import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf, queryOf } from "./filter";

const read = (text: string) => filterOf(new URLSearchParams(text));

test("a filter is read from the address, and what is no day or page is left out", () => {
  const filter = read("actor=a&action=createApiKey&from=2026-03-01&to=soon&page=x");
  assert.deepEqual(filter, {
    actor: "a", action: "createApiKey", from: "2026-03-01", to: "", page: "",
  });
  assert.equal(read("from=2026-13-41").from, "");
  assert.equal(read("page=3").page, "3");
});

test("the last day counts with all its hours", () => {
  const { from, to } = queryOf(read("from=2026-03-01&to=2026-03-01"));
  const hours = (Date.parse(String(to)) - Date.parse(String(from))) / 3_600_000;
  assert.equal(hours, 24);
  assert.equal(queryOf(read("")).from, undefined);
});
