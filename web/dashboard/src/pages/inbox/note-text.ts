// The text of a note: what it says, and whom it mentions.

export interface Piece {
  text: string;
  isMention: boolean;
}

const MENTION = /@\[([^\]\n]{1,100})\]\(user:[0-9a-fA-F-]{36}\)/g;

/** A mention by its id is shown as a name; everything else is text as it stands. */
export function piecesOfNote(content: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of content.matchAll(MENTION)) {
    const between = content.slice(from, found.index);
    if (between) pieces.push({ text: between, isMention: false });
    pieces.push({ text: `@${found[1] ?? ""}`, isMention: true });
    from = found.index + found[0].length;
  }
  if (from < content.length) pieces.push({ text: content.slice(from), isMention: false });
  return pieces;
}

/** How a person is written into a note. Brackets of a name would end it early. */
export const mentionOf = ({ id, name }: { id: string; name: string }): string =>
  `@[${name.replace(/[[\]()\n]/g, "")}](user:${id}) `;
