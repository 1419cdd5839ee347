// Links and the formatting that people write on WhatsApp, as pieces of text: never as markup.

export type Style = "bold" | "italic" | "strike" | "code";

export type Node =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; address: string; host: string }
  | { kind: Style; inside: Node[] };

const STYLES: Record<string, Style> = { "*": "bold", _: "italic", "~": "strike", "`": "code" };
/** Signs within signs are looked at so deep. */
const DEEPEST = 4;
const FENCE = "```";
/** Characters before a sign that are looked at for the beginning of an address. */
const LONGEST_ADDRESS = 200;
const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence, or closes what was opened before the address, is no part of it. */
const AFTER_LINK = /[.,;:!?*_~]+$/;
const WORD = /[\p{L}\p{N}]/u;

/** The pieces of a text. Whatever is no address and no pair of signs is text as it stands. */
export function nodesOf(text: string, depth = 0): Node[] {
  const nodes: Node[] = [];
  let from = 0;
  /** Signs that have no partner before this place: looked for once, however often they stand. */
  const lonely = new Map<string, number>();
  for (let at = 0; at < text.length; at += 1) {
    const fence = text.startsWith(FENCE, at) ? text.indexOf(FENCE, at + FENCE.length) : -1;
    if (FENCE.length < fence - at) {
      nodes.push(...linked(text.slice(from, at)));
      nodes.push({ kind: "code", inside: [plain(text.slice(at + FENCE.length, fence))] });
      from = fence + FENCE.length;
      at = from - 1;
      continue;
    }
    const sign = text[at] ?? "";
    const style = STYLES[sign];
    if (!style || depth === DEEPEST || at < (lonely.get(sign) ?? 0)) continue;
    if (!opens(text, at) || isInLink(text, from, at)) continue;
    const end = closing(text, sign, at + 1);
    if (end === -1) {
      lonely.set(sign, lineEnd(text, at));
      continue;
    }
    nodes.push(...linked(text.slice(from, at)));
    const inside = text.slice(at + 1, end);
    nodes.push({
      kind: style, inside: style === "code" ? [plain(inside)] : nodesOf(inside, depth + 1),
    });
    from = end + 1;
    at = end;
  }
  nodes.push(...linked(text.slice(from)));
  return nodes;
}

/** A text as it reads without its signs, for a line of a list. */
export function withoutSigns(text: string): string {
  const shown = (nodes: Node[]): string =>
    nodes.map((node) => ("inside" in node ? shown(node.inside) : node.text)).join("");
  return shown(nodesOf(text));
}

const plain = (text: string): Node => ({ kind: "text", text });

/** A text with the addresses in it. Only those of the web are links, and none that holds a name. */
function linked(text: string): Node[] {
  const nodes: Node[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const shown = trimmed(found);
    const address = addressOf(shown);
    if (!address) continue;
    if (from < index) nodes.push(plain(text.slice(from, index)));
    nodes.push({ kind: "link", text: shown, address: address.href, host: address.host });
    from = index + shown.length;
  }
  if (from < text.length) nodes.push(plain(text.slice(from)));
  return nodes;
}

/** A bracket that closes belongs to an address in which it was opened. */
function trimmed(found: string): string {
  const text = found.replace(AFTER_LINK, "");
  return /[)\]}]$/.test(text) && !/[([{]/.test(text) ? trimmed(text.slice(0, -1)) : text;
}

function addressOf(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const isPlain = url.username === "" && url.password === "" && url.hostname !== "";
  return isPlain && (url.protocol === "https:" || url.protocol === "http:") ? url : null;
}

/** Whether a sign stands before a word, and not within one. */
function opens(text: string, at: number): boolean {
  const [before, after] = [text[at - 1] ?? " ", text[at + 1] ?? " "];
  return !WORD.test(before) && before !== text[at] && !/\s/.test(after) && after !== text[at];
}

/** Where the partner of a sign stands in the same line; -1 for nowhere. */
function closing(text: string, sign: string, from: number): number {
  const last = lineEnd(text, from);
  for (let at = text.indexOf(sign, from + 1); at !== -1 && at < last;) {
    const [before, after] = [text[at - 1] ?? " ", text[at + 1] ?? " "];
    if (!/\s/.test(before) && !WORD.test(after)) return at;
    at = text.indexOf(sign, at + 1);
  }
  return -1;
}

/** Signs are parts of addresses, too. */
function isInLink(text: string, from: number, at: number): boolean {
  let begin = at;
  while (from < begin && at - begin < LONGEST_ADDRESS && !/\s/.test(text[begin - 1] ?? " ")) {
    begin -= 1;
  }
  return /https?:\/\//i.test(text.slice(begin, at));
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
