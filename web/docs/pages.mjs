// Pages of the documentation: their blocks of code, their links and their headings.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FENCE = /^( *)```(\S*)\s*$/;
/** Before a block: why no test runs it, or why its commands may fail. */
const MARK = /^ *<!-- (not run|may fail): (.+) -->$/;

/** Every page in Markdown that is, or is about to be, in the repository. */
export function pages() {
  const git = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
  const names = execFileSync("git", git, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  return names.map((name) => new Page(name, readFileSync(ROOT + name, "utf8")));
}

export class Page {
  constructor(name, text) {
    this.name = name;
    this.lines = text.split("\n");
    this.blocks = [];
    /** Lines outside of blocks; blank where a block stands, so that numbers stay. */
    this.prose = [];
    this.read();
  }

  read() {
    let block;
    for (const [index, line] of this.lines.entries()) {
      const fence = FENCE.exec(line);
      const isOutside = block === undefined;
      this.prose.push(isOutside && !fence ? line : "");
      if (isOutside && fence) {
        const [, mark, reason] = MARK.exec(this.lines[index - 1] ?? "") ?? [];
        const [, indent, language] = fence;
        block = { language, line: index + 1, mark, reason, indent: indent.length, lines: [] };
      } else if (fence) {
        this.blocks.push({ ...block, text: `${block.lines.join("\n")}\n` });
        block = undefined;
      } else if (block) {
        block.lines.push(line.slice(block.indent));
      }
    }
    if (block) throw new Error(`${this.name}:${block.line}: the block has no end`);
  }

  /** Where links and pictures lead, with the lines that they stand on. */
  links() {
    return this.prose.flatMap((line, index) => {
      const written = line.replaceAll(/`[^`]*`/g, "");
      const found = written.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"]+)"/g);
      return [...found].map(([, link, picture]) => ({ to: link ?? picture, line: index + 1 }));
    });
  }

  /** The anchors of its headings, as GitHub makes them. */
  anchors() {
    const seen = new Map();
    const titles = this.prose.map((line) => /^#{1,6} (.+)$/.exec(line)?.[1]).filter(Boolean);
    return new Set(titles.map((title) => {
      const slug = slugOf(title);
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times ? `${slug}-${times}` : slug;
    }));
  }
}

function slugOf(title) {
  const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}
