import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "./download";

test("cells with commas, quotes and line breaks are quoted", async () => {
  const text = await csv([["Name", "n"], ['Ada, "the first"\n', 3], ["x", null]]).text();
  assert.equal(text, 'Name,n\r\n"Ada, ""the first""\n",3\r\nx,\r\n');
});

test("what a spreadsheet would compute stays text, and numbers stay numbers", async () => {
  const text = await csv([["=1+1", "@x", "-a"], [-5, "+49", "a=b"]]).text();
  assert.equal(text, "'=1+1,'@x,'-a\r\n-5,'+49,a=b\r\n");
});
