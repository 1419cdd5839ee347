// Elements with texts. What a stranger wrote is only ever text; of its addresses, those of the web
// become links.

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`{}|\\^]+/gi;
/** What stands behind an address more often than it belongs to it. */
const TRAIL = /[.,;:!?)\]}»”’]+$/;

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K, { className = "", text = "" } = {}, ...children: Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

export function button(
  words: string, className: string, pressed: () => void, label = "",
): HTMLButtonElement {
  const made = element("button", { className, text: words });
  made.type = "button";
  if (label) made.ariaLabel = label;
  made.addEventListener("click", pressed);
  return made;
}

/** The address of a link, where it is one of the web. */
export function webAddress(text: string): string | null {
  try {
    const { protocol, href } = new URL(text);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

export function link(text: string, href: string): HTMLAnchorElement {
  const made = element("a", { text });
  made.href = href;
  made.target = "_blank";
  made.rel = "noopener noreferrer nofollow ugc";
  return made;
}

/** A text with its addresses as links. */
export function withLinks(text: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const words = found[0].replace(TRAIL, "");
    const href = webAddress(words);
    if (!href) continue;
    nodes.push(document.createTextNode(text.slice(end, found.index)), link(words, href));
    end = found.index + words.length;
  }
  nodes.push(document.createTextNode(text.slice(end)));
  return nodes;
}
