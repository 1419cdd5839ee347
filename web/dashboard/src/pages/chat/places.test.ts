import assert from "node:assert/strict";
import { test } from "node:test";
import { coordinatesOf, mapOf } from "./places";

test("a place is a short text and the address of a map", () => {
  const place = { latitude: 52.5200080001, longitude: -13.4 };
  assert.equal(coordinatesOf(place), "52.520008, -13.4");
  const map = new URL(mapOf(place));
  assert.equal(map.host, "www.openstreetmap.org");
  assert.deepEqual([map.searchParams.get("mlat"), map.searchParams.get("mlon")],
    ["52.520008", "-13.4"]);
  assert.equal(coordinatesOf({ latitude: 0, longitude: 0 }), "0, 0");
});
