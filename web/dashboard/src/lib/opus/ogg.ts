// Opus in Ogg (RFC 3533 and RFC 7845), the form of voice notes.
import type { Recording } from "./webm";

const RATE = 48_000;
const BEGINNING = 2;
const END = 4;
/** Bytes of a page's head before its table of segments. */
const HEAD = 27;
const MOST_SEGMENTS = 255;
const SEGMENT = 255;
const VENDOR = "wagate";

/** Samples of one frame, by the configuration in a packet's first byte (RFC 6716, 3.1). */
const SILK = [480, 960, 1920, 2880];
const HYBRID = [480, 960];
const CELT = [120, 240, 480, 960];

interface Page {
  flags: number;
  /** Where its sound begins, in samples. */
  start: number;
  /** And where it ends. */
  granule: number;
  number: number;
  packets: Uint8Array[];
}

/** The same sound in Ogg. */
export function writeOgg({ head, packets }: Recording, serial: number): Uint8Array<ArrayBuffer> {
  const pages: Page[] = [
    { flags: BEGINNING, start: 0, granule: 0, number: 0, packets: [head] },
    { flags: 0, start: 0, granule: 0, number: 1, packets: [tags()] },
  ];
  let page: Page | undefined;
  let granule = 0;
  for (const packet of packets) {
    const all = [...(page?.packets ?? []), packet];
    if (!page || MOST_SEGMENTS < segmentsOf(all) || RATE <= granule - page.start) {
      page = { flags: 0, start: granule, granule, number: pages.length, packets: [] };
      pages.push(page);
    }
    granule += samplesOf(packet);
    page.packets.push(packet);
    page.granule = granule;
  }
  if (page) page.flags = END;
  return joined(pages.map((each) => pageBytes(each, serial)));
}

/** Seconds that packets last. */
export const secondsOf = (packets: readonly Uint8Array[]): number =>
  packets.reduce((sum, packet) => sum + samplesOf(packet), 0) / RATE;

function samplesOf(packet: Uint8Array): number {
  const first = packet[0] ?? 0;
  const kind = first >> 3;
  const size = kind < 12 ? SILK[kind % 4] : kind < 16 ? HYBRID[kind % 2] : CELT[kind % 4];
  const code = first & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 63 : 2;
  return (size ?? 0) * frames;
}

/** A packet ends with a segment of less than 255 bytes, if need be with an empty one. */
const segmentsOf = (packets: readonly Uint8Array[]): number =>
  packets.reduce((sum, { length }) => sum + Math.floor(length / SEGMENT) + 1, 0);

function tags(): Uint8Array {
  const bytes = new Uint8Array(8 + 4 + VENDOR.length + 4);
  bytes.set(new TextEncoder().encode("OpusTags"));
  new DataView(bytes.buffer).setUint32(8, VENDOR.length, true);
  bytes.set(new TextEncoder().encode(VENDOR), 12);
  return bytes;
}

function pageBytes({ flags, granule, number, packets }: Page, serial: number): Uint8Array {
  const table = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / SEGMENT) }, () => SEGMENT), length % SEGMENT,
  ]);
  const head = new Uint8Array(HEAD + table.length);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode("OggS"));
  head[5] = flags;
  view.setBigUint64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, number, true);
  head[26] = table.length;
  head.set(table, HEAD);
  const page = joined([head, ...packets]);
  new DataView(page.buffer).setUint32(22, checksum(page), true);
  return page;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Ogg's own: of the polynomial 04c11db7, not reflected, beginning with nought. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum >>> 0;
});

export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum << 8) ^ (TABLE[((sum >>> 24) ^ byte) & 255] ?? 0);
  return sum >>> 0;
}
