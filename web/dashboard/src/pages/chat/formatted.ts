// Reads the HTML of a message that the gateway formatted, without ever making HTML of it.
//
// There is one kind of element in it, a span for somebody mentioned, and five escapes. Whatever
// else stands there is text, however much it looks like more.

export interface Piece {
  text: string;
  isMention: boolean;
}

const OPEN = '<span class="mention">';
const CLOSE = "</span>";
const ESCAPES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

export function piecesOf(formatted: string): Piece[] {
  const pieces: Piece[] = [];
  const add = (text: string, isMention: boolean) => {
    if (text) pieces.push({ text: unescaped(text), isMention });
  };
  let rest = formatted;
  for (;;) {
    const open = rest.indexOf(OPEN);
    const close = open === -1 ? -1 : rest.indexOf(CLOSE, open);
    if (close === -1) break;
    add(rest.slice(0, open), false);
    add(rest.slice(open + OPEN.length, close), true);
    rest = rest.slice(close + CLOSE.length);
  }
  add(rest, false);
  return pieces;
}

/** Each escape once: what comes out of one is not read again. */
function unescaped(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (escape) => ESCAPES[escape] ?? escape);
}
