// Makes a screenshot small: a PNG of true colours becomes one of at most 256, which screens of text hardly notice.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function* chunks(png) {
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield [png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length)];
    at += length + 12;
  }
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

// Undoes the filters of the PNG specification, row by row.
function pixels(raw, width, height, depth) {
  const row = width * depth;
  const out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= depth ? out[y * row + x - depth] : 0;
      const up = y > 0 ? out[(y - 1) * row + x] : 0;
      const corner = x >= depth && y > 0 ? out[(y - 1) * row + x - depth] : 0;
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      const guess = [0, left, up, (left + up) >> 1, paeth][filter];
      out[y * row + x] = (raw[y * (row + 1) + 1 + x] + guess) & 255;
    }
  }
  return out;
}

/// The same picture with a palette of its 256 most frequent colours; others become the nearest of those.
export function withPalette(png) {
  const all = [...chunks(png)];
  const head = all.find(([name]) => name === "IHDR")[1];
  const [width, height, depth] = [head.readUInt32BE(0), head.readUInt32BE(4), { 2: 3, 6: 4 }[head[9]]];
  const raw = inflateSync(Buffer.concat(all.filter(([name]) => name === "IDAT").map(([, data]) => data)));
  const rgb = pixels(raw, width, height, depth);
  const count = new Map();
  const colour = (i) => (rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2];
  for (let i = 0; i < rgb.length; i += depth) count.set(colour(i), (count.get(colour(i)) ?? 0) + 1);
  const kept = [...count].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([c]) => c);
  const nearest = new Map(kept.map((c, i) => [c, i]));
  const far = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;
  for (const c of count.keys()) if (!nearest.has(c)) nearest.set(c, kept.reduce((best, k, i) => (far(c, k) < far(c, kept[best]) ? i : best), 0));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i += depth) rows[y * (width + 1) + 1 + x] = nearest.get(colour(i));
  const header = Buffer.from(head);
  header[9] = 3;
  const palette = Buffer.from(kept.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("PLTE", palette), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
