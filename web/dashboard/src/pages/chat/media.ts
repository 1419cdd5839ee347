// Files of messages, as addresses of objects that a page can show.
//
// What a sender says of a file is believed only as far as nothing can happen: pictures of a few
// kinds, sound and film. All else is bytes to be saved, never something that a browser opens here.
import { readMedia } from "../../lib/api/chat";

const PICTURES = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"];
const BYTES = "application/octet-stream";
/** Kept for the way back, in bytes. */
const MOST_KEPT = 48 * 1024 * 1024;
const AT_ONCE = 4;

interface Kept {
  url: string;
  size: number;
}

interface Entry {
  holders: number;
  reading: Promise<Kept>;
  kept: Kept | null;
  stopper: AbortController;
}

const entries = new Map<string, Entry>();
const waiting: (() => void)[] = [];
let running = 0;

/** The type under which a file may be shown; null where it may not. */
export function shownAs(mime: string): string | null {
  const type = mime.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isShown = PICTURES.includes(type) || /^(audio|video)\/[a-z0-9.+-]+$/.test(type);
  return isShown ? type : null;
}

/** Holds a file for as long as it is shown: `release` lets go of it. */
export function hold(uuid: string, mime: string): { url: Promise<string>; release: () => void } {
  const entry = entries.get(uuid) ?? begin(uuid, mime);
  entry.holders += 1;
  // The order is that of the last use.
  entries.delete(uuid);
  entries.set(uuid, entry);
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    entry.holders -= 1;
    if (entry.holders === 0 && !entry.kept) drop(uuid, entry);
    else makeRoom();
  };
  return { url: entry.reading.then(({ url }) => url), release };
}

/** Saves a file under a name. */
export async function save(uuid: string, name: string): Promise<void> {
  const bytes = await readMedia(uuid);
  const url = URL.createObjectURL(bytes.slice(0, bytes.size, BYTES));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The file of a message, to be sent once more. */
export async function fileOf(uuid: string, name: string, mime: string): Promise<File> {
  return new File([await readMedia(uuid)], name, { type: mime });
}

/** Lets go of all files, such as when somebody else signs in. */
export function forgetAll(): void {
  for (const [uuid, entry] of entries) drop(uuid, entry);
}

function begin(uuid: string, mime: string): Entry {
  const stopper = new AbortController();
  const type = shownAs(mime) ?? BYTES;
  const reading = inTurn(() => readMedia(uuid, stopper.signal)).then((blob) => {
    const url = URL.createObjectURL(blob.slice(0, blob.size, type));
    if (stopper.signal.aborted) URL.revokeObjectURL(url);
    return { url, size: blob.size };
  });
  const entry: Entry = { holders: 0, reading, kept: null, stopper };
  reading.then(
    (kept) => {
      entry.kept = kept;
      makeRoom();
    },
    // The next one to ask tries again.
    () => entries.get(uuid) === entry && entries.delete(uuid),
  );
  entries.set(uuid, entry);
  return entry;
}

function drop(uuid: string, entry: Entry): void {
  entry.stopper.abort();
  if (entry.kept) URL.revokeObjectURL(entry.kept.url);
  if (entries.get(uuid) === entry) entries.delete(uuid);
}

function makeRoom(): void {
  const idle = [...entries].filter(([, entry]) => entry.holders === 0 && entry.kept);
  let size = idle.reduce((sum, [, entry]) => sum + (entry.kept?.size ?? 0), 0);
  for (const [uuid, entry] of idle) {
    if (size <= MOST_KEPT) return;
    size -= entry.kept?.size ?? 0;
    drop(uuid, entry);
  }
}

async function inTurn<T>(read: () => Promise<T>): Promise<T> {
  if (AT_ONCE <= running) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await read();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
