import assert from "node:assert/strict";
import { test } from "node:test";
import { checksum, secondsOf, writeOgg } from "./ogg";
import { readWebm } from "./webm";

const HEAD = [...new TextEncoder().encode("OpusHead"), 1, 1, 56, 1, 128, 187, 0, 0, 0, 0, 0];
/** A frame of 20 ms with so many bytes. */
const frame = (size: number, fill: number) => [0x78, ...Array<number>(size - 1).fill(fill)];

const sized = (id: number[], content: number[]) =>
  [...id, 0x10 | (content.length >> 24), (content.length >> 16) & 255, (content.length >> 8) & 255,
    content.length & 255, ...content];
const UNKNOWN = [0x01, 255, 255, 255, 255, 255, 255, 255];

/** What a recorder writes: sizes of what goes on are not known. */
const webm = (frames: number[][]) => Uint8Array.from([
  ...sized([0x1a, 0x45, 0xdf, 0xa3], [0x42, 0x86, 0x81, 1]),
  ...[0x18, 0x53, 0x80, 0x67], ...UNKNOWN,
  ...sized([0x16, 0x54, 0xae, 0x6b], sized([0xae], sized([0x63, 0xa2], HEAD))),
  ...[0x1f, 0x43, 0xb6, 0x75], ...UNKNOWN,
  ...frames.flatMap((bytes, place) => sized([0xa3], [0x81, 0, place, 0x80, ...bytes])),
]);

interface Page {
  flags: number;
  granule: number;
  packets: Uint8Array[];
}

/** Reads Ogg as a player does, and checks each page. */
function pagesOf(bytes: Uint8Array): Page[] {
  const pages: Page[] = [];
  for (let at = 0; at < bytes.length;) {
    const view = new DataView(bytes.buffer, at);
    assert.equal(String.fromCharCode(...bytes.subarray(at, at + 4)), "OggS");
    assert.equal(view.getUint32(18, true), pages.length);
    const count = view.getUint8(26);
    const table = bytes.subarray(at + 27, at + 27 + count);
    let from = at + 27 + count;
    const end = from + table.reduce((sum, size) => sum + size, 0);
    const copy = bytes.slice(at, end);
    copy.fill(0, 22, 26);
    assert.equal(view.getUint32(22, true), checksum(copy));
    const packets: Uint8Array[] = [];
    let size = 0;
    for (const part of table) {
      size += part;
      if (part === 255) continue;
      packets.push(bytes.subarray(from, from + size));
      from += size;
      size = 0;
    }
    pages.push({ flags: view.getUint8(5), granule: Number(view.getBigUint64(6, true)), packets });
    at = end;
  }
  return pages;
}

test("the checksum is Ogg's", () => {
  assert.equal(checksum(new TextEncoder().encode("123456789")), 0x89a1897f);
});

test("a recording keeps its packets and its length on the way into Ogg", () => {
  const frames = Array.from({ length: 120 }, (_, place) => frame(place === 3 ? 255 : 60, place));
  const recording = readWebm(webm(frames));
  assert.equal(recording.packets.length, 120);
  assert.ok(Math.abs(secondsOf(recording.packets) - 2.4) < 1e-9);
  const [first, second, ...rest] = pagesOf(writeOgg(recording, 7));
  assert.deepEqual([first?.flags, [...(first?.packets[0] ?? [])]], [2, HEAD]);
  assert.ok(new TextDecoder().decode(second?.packets[0]).startsWith("OpusTags"));
  const packets = rest.flatMap((page) => page.packets.map((packet) => [...packet]));
  assert.deepEqual(packets, frames);
  assert.ok(2 < rest.length);
  assert.deepEqual([rest.at(-1)?.flags, rest.at(-1)?.granule], [4, 120 * 960]);
});

test("what is no recording is refused", () => {
  for (const bytes of [[], [0, 1, 2], [...webm([])], [...webm([frame(9, 1)])].slice(0, -4)]) {
    assert.throws(() => readWebm(Uint8Array.from(bytes)));
  }
});
