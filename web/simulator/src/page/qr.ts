// A QR code as black and white squares. Always the same size (version 9, level L, 53 squares a
// side, at most 230 bytes) and the same mask: enough for the page's codes, and any reader takes it.

const SIDE = 53;
const BLOCKS = 2;
const DATA_OF_BLOCK = 116;
const CHECKS_OF_BLOCK = 30;
const LONGEST = 230;
const ALIGNMENTS = [6, 26, 46];
/** Level L with mask 0, and version 9, each with its own check bits. */
const FORMAT = 0x77c4;
const VERSION = 0x09a99;

/** Rows of squares; true is black. */
export function squaresOf(text: string): boolean[][] {
  const grid = new Grid();
  grid.drawFixed();
  grid.drawData(interleaved(packed(new TextEncoder().encode(text))));
  return grid.black;
}

/** The bytes with their kind and length before them and padding after them. */
function packed(bytes: Uint8Array): number[] {
  if (LONGEST < bytes.length) throw new Error("the text is too long for a QR code of this size");
  // Half a byte says "bytes", so everything after it is shifted by half a byte.
  const halves = [4, bytes.length >> 4, bytes.length & 15];
  for (const byte of bytes) halves.push(byte >> 4, byte & 15);
  halves.push(0);
  const all: number[] = [];
  for (let at = 0; at < halves.length; at += 2) {
    all.push(((halves[at] ?? 0) << 4) | (halves[at + 1] ?? 0));
  }
  for (let filler = 0xec; all.length < BLOCKS * DATA_OF_BLOCK; filler ^= 0xec ^ 0x11) {
    all.push(filler);
  }
  return all;
}

/** Takes turns between the blocks: first their data, then their checks. */
function interleaved(data: number[]): number[] {
  const starts = Array.from({ length: BLOCKS }, (_, block) => block * DATA_OF_BLOCK);
  const blocks = starts.map((start) => data.slice(start, start + DATA_OF_BLOCK));
  const turns = (rows: number[][]): number[] =>
    (rows[0] ?? []).flatMap((_, at) => rows.map((row) => row[at] ?? 0));
  return [...turns(blocks), ...turns(blocks.map(checksOf))];
}

/** Multiplies in the field of 256 elements that QR codes calculate in. */
function times(left: number, right: number): number {
  let product = 0;
  for (let bit = 7; 0 <= bit; bit -= 1) {
    product = (product << 1) ^ (product >>> 7 ? 0x11d : 0);
    if ((right >>> bit) & 1) product ^= left;
  }
  return product;
}

/** The Reed-Solomon checks of a block. */
function checksOf(data: number[]): number[] {
  const divisor = divisorOf(CHECKS_OF_BLOCK);
  let rest = new Array<number>(CHECKS_OF_BLOCK).fill(0);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    rest = [...rest.slice(1), 0].map((each, at) => each ^ times(divisor[at] ?? 0, factor));
  }
  return rest;
}

/** The product of (x - 2^i), without its leading one. */
function divisorOf(degree: number): number[] {
  let product = [...new Array<number>(degree - 1).fill(0), 1];
  for (let power = 0, root = 1; power < degree; power += 1, root = times(root, 2)) {
    product = product.map((each, at) => times(each, root) ^ (product[at + 1] ?? 0));
  }
  return product;
}

class Grid {
  readonly black = Array.from({ length: SIDE }, () => new Array<boolean>(SIDE).fill(false));
  private readonly fixed = Array.from({ length: SIDE }, () =>
    new Array<boolean>(SIDE).fill(false),
  );

  private set(x: number, y: number, black: boolean): void {
    const row = this.black[y];
    const fixed = this.fixed[y];
    if (!row || !fixed || x < 0 || SIDE <= x) return;
    row[x] = black;
    fixed[x] = true;
  }

  /** What every code of this size has: the places to aim at, and what kind of code it is. */
  drawFixed(): void {
    for (let at = 0; at < SIDE; at += 1) {
      this.set(6, at, at % 2 === 0);
      this.set(at, 6, at % 2 === 0);
    }
    const last = SIDE - 4;
    for (const [x, y] of [
      [3, 3],
      [last, 3],
      [3, last],
    ] as const)
      this.drawRings(x, y, 4);
    for (const x of ALIGNMENTS) {
      for (const y of ALIGNMENTS) {
        const atCorner = (x === 6 && y !== 26) || (y === 6 && x !== 26);
        if (!atCorner) this.drawRings(x, y, 2);
      }
    }
    this.drawFormat();
    this.drawVersion();
  }

  /** A black dot in a white ring in a black ring; a large one has another white ring around. */
  private drawRings(x: number, y: number, reach: number): void {
    for (let down = -reach; down <= reach; down += 1) {
      for (let right = -reach; right <= reach; right += 1) {
        const ring = Math.max(Math.abs(right), Math.abs(down));
        const black = reach === 2 ? ring !== 1 : ring !== 2 && ring !== 4;
        this.set(x + right, y + down, black);
      }
    }
  }

  private drawFormat(): void {
    const bit = (at: number): boolean => ((FORMAT >>> at) & 1) === 1;
    for (let at = 0; at < 15; at += 1) {
      // Beside the first corner, stepping over the dotted lines; then shared by the two others.
      if (at < 8) this.set(8, at < 6 ? at : at + 1, bit(at));
      else this.set(at === 8 ? 7 : 14 - at, 8, bit(at));
      if (at < 8) this.set(SIDE - 1 - at, 8, bit(at));
      else this.set(8, SIDE - 15 + at, bit(at));
    }
    this.set(8, SIDE - 8, true);
  }

  private drawVersion(): void {
    for (let at = 0; at < 18; at += 1) {
      const black = ((VERSION >>> at) & 1) === 1;
      const [far, near] = [SIDE - 11 + (at % 3), Math.floor(at / 3)];
      this.set(far, near, black);
      this.set(near, far, black);
    }
  }

  /** Up and down in columns two wide from the right, around what is fixed. */
  drawData(bytes: number[]): void {
    let at = 0;
    for (let right = SIDE - 1; 0 < right; right -= 2) {
      // The dotted line takes a whole column.
      if (right === 6) right = 5;
      const upwards = ((right + 1) & 2) === 0;
      for (let step = 0; step < SIDE; step += 1) {
        const y = upwards ? SIDE - 1 - step : step;
        for (const x of [right, right - 1]) {
          const row = this.black[y];
          if (!row || this.fixed[y]?.[x]) continue;
          const bit = ((bytes[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1;
          row[x] = (bit === 1) !== ((x + y) % 2 === 0);
          at += 1;
        }
      }
    }
  }
}
