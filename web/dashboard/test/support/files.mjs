// Small files of several kinds, made as they are needed.
import { crc32, deflateSync } from "node:zlib";

/** A picture: hills under a sky, of the colours given as [red, green, blue]. */
export function png(width, height, sky = [120, 170, 205], ground = [58, 110, 88]) {
  const lines = [];
  for (let y = 0; y < height; y += 1) {
    const line = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const near = height * (0.72 + 0.12 * Math.sin((x / width) * 5 + 1));
      const far = height * (0.5 + 0.14 * Math.sin((x / width) * 7));
      const light = 1 + 0.55 * (y / height);
      const colour = near < y ? ground : far < y ? ground.map((each) => each * 1.45) : sky;
      colour.forEach((each, at) => {
        line[1 + x * 3 + at] = Math.min(255, each * (far < y ? 1 : light));
      });
    }
    lines.push(line);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const parts = [
    chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.concat(lines))),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]);
}

/** A tone that gets higher, of so many seconds. */
export function wav(seconds) {
  const rate = 8_000;
  const samples = Buffer.alloc(rate * seconds);
  for (let at = 0; at < samples.length; at += 1) {
    samples[at] = 128 + 60 * Math.sin((at / rate) * 2 * Math.PI * (300 + (100 * at) / rate));
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
