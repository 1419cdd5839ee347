// The sound in a WebM recording: what Chromium's recorder writes. Only one track of Opus is read.

export interface Recording {
  /** The head that a decoder begins with (RFC 7845). */
  head: Uint8Array;
  packets: Uint8Array[];
}

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const TRACKS = 0x1654ae6b;
const TRACK = 0xae;
const GROUP = 0xa0;
const PRIVATE = 0x63a2;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;
/** What is gone into, for what lies within. A size that is not known yet does not matter there. */
const FOLDERS = [SEGMENT, CLUSTER, TRACKS, TRACK, GROUP];
/** Frames packed together; a recorder packs none. */
const LACING = 0x06;

/** Throws where the file is something else. */
export function readWebm(bytes: Uint8Array): Recording {
  let head: Uint8Array | undefined;
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const id = number(bytes, at, true);
    const size = number(bytes, at + id.length, false);
    const start = at + id.length + size.length;
    if (FOLDERS.includes(id.value)) {
      at = start;
      continue;
    }
    const content = bytes.subarray(start, start + size.value);
    if (content.length < size.value) throw new RangeError("a recording that is cut off");
    if (id.value === PRIVATE) head = content;
    if (id.value === SIMPLE_BLOCK || id.value === BLOCK) packets.push(frameOf(content));
    at = start + size.value;
  }
  if (!head || packets.length === 0) throw new TypeError("a recording without sound");
  return { head, packets };
}

/** A block's frame, behind the number of its track, its time and its flags. */
function frameOf(block: Uint8Array): Uint8Array {
  const track = number(block, 0, false);
  const flags = block[track.length + 2] ?? 0;
  if (flags & LACING) throw new TypeError("a recording with laced frames");
  return block.subarray(track.length + 3);
}

/** A number of one to eight bytes, whose first says how many; in an id the mark is part of it. */
function number(
  bytes: Uint8Array, at: number, isId: boolean,
): { value: number; length: number } {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || bytes.length < at + length) throw new RangeError("no number of WebM");
  let value = isId ? first : first & ((1 << (8 - length)) - 1);
  for (const byte of bytes.subarray(at + 1, at + length)) value = value * 256 + byte;
  return { value, length };
}
