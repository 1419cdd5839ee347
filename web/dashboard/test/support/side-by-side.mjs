// Work that mostly waits, done for several things at once in one browser.

/** Pages that a machine with two processors draws at once without any of them being late. */
const AT_ONCE = 4;

/** What `work` gives for each item, in the order of the items; at most `atOnce` are under way. */
export async function sideBySide(items, work, atOnce = AT_ONCE) {
  const found = new Array(items.length);
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) found[at] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}
