/**
 * PNG files. The chunks are walked and checked first, and pngjs gets a file of those alone that make the picture:
 *
 *     signature | chunk IHDR, others, chunk IEND | whatever else      chunk: length, type, contents, CRC of type and contents
 *
 * So it never sees a second header or bytes behind the end, and its inflated data has been measured with a limit; a surplus
 * in there, which pngjs refuses and libpng leaves out, is left out. The check sums are compared here, as new data has none.
 * Colours that a tRNS chunk makes transparent keep their red, green and blue, as in libpng; pngjs would blacken them.
 */
import { deflateSync, type Inflate, inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { show } from '../errors.ts';
import type { Picture } from './picture-file.ts';
import { checkSize, damaged, type PictureFile, unsupported } from './picture-file.ts';

const SIGNATURE_BYTES = 8;

/** Of a sample for each colour type; an index into the palette is one sample. */
const CHANNELS: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
const DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);
const PALETTE = 3;

/** Some writers pad the image data. Of more than that it is not known what it is, and it would be inflated for nothing. */
const SURPLUS_BYTES = 2 ** 16;

/** First column and row, and steps, of the seven passes of an interlaced picture. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const ONE_PASS = [[0, 0, 1, 1]];

const UNLIKE = 'its chunks do not hold what their check sums or its header say';

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

interface Chunk {
  readonly type: string;
  readonly contents: Uint8Array;
  /** With length, type and CRC. */
  readonly whole: Uint8Array;
}

export function isPng(bytes: Uint8Array): boolean {
  return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);
}

export function decodePng(bytes: Uint8Array, file: PictureFile): Picture {
  const chunks = walk(bytes, file);
  const header = headerOf(chunks[0], file);
  checkChunks(chunks, header, file);
  const imageData = checkImageData(ofType(chunks, 'IDAT'), header, file);
  if (!chunks.every(hasItsSum)) throw damaged(file, UNLIKE);
  const hasKey = header.colourType === 0 || header.colourType === 2;
  const key = hasKey ? (ofType(chunks, 'tRNS')[0]?.contents ?? null) : null;
  const passedOn = chunks.flatMap((chunk) => {
    if (chunk.type === 'IDAT') return [];
    const isPassed = chunk.type !== 'tRNS' || header.colourType === PALETTE;
    return chunk.type === 'IEND' ? [...imageData, chunk] : isPassed ? [chunk] : [];
  });
  const clean = Buffer.concat([bytes.subarray(0, SIGNATURE_BYTES), ...passedOn.map(({ whole }) => whole)]);
  let data: Uint8Array | Uint16Array;
  try {
    ({ data } = PNG.sync.read(clean, { skipRescale: true, checkCRC: false }));
  } catch (error) {
    throw damaged(file, UNLIKE, error);
  }
  const { width, height } = header;
  return { width, height, data: toBytes(data, header, key) };
}

/** The chunks that make the picture, from IHDR to IEND; text, times, colour profiles and animations are left out. */
function walk(bytes: Uint8Array, file: PictureFile): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  let before = '';
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const isCritical = (bytes[at + 4] & 0x20) === 0;
    // What is left out below must not stand there either.
    if (type === 'IDAT' && before !== 'IDAT' && chunks.at(-1)?.type === 'IDAT') {
      throw damaged(file, `its image data is not in one run: the chunk ${show(before)} stands in it`);
    }
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) {
      chunks.push({ type, contents: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end) });
    } else if (isCritical && /^[A-Z]{4}$/i.test(type)) {
      throw unsupported(file, 'chunks that any decoder knows', `the chunk ${show(type)}, which cannot be left out`);
    } else if (isCritical) throw damaged(file, 'a chunk has no name');
    if (type === 'IEND') return chunks;
    before = type;
    at = end;
  }
  throw damaged(file, 'its data ends early');
}

function headerOf({ type, contents }: Chunk, file: PictureFile): Header {
  if (type !== 'IHDR' || contents.length !== 13) throw damaged(file, 'its header does not come first');
  const view = new DataView(contents.buffer, contents.byteOffset, contents.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, compression, filter, interlace] = contents.subarray(8);
  checkSize(file, width, height);
  if (!DEPTHS.get(colourType)?.includes(depth)) {
    throw damaged(file, `${depth} bits do not go with the colour type ${colourType}`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    const got = `compression ${compression}, filter ${filter} and interlace ${interlace}`;
    throw unsupported(file, 'compression 0, filter 0 and interlace 0 or 1', got);
  }
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

const ofType = (chunks: readonly Chunk[], wanted: string): Chunk[] => chunks.filter(({ type }) => type === wanted);

/** One header, at most one palette and one tRNS in this order, then the image data in one run. */
function checkChunks(chunks: readonly Chunk[], { colourType, depth }: Header, file: PictureFile): void {
  for (const type of ['IHDR', 'PLTE', 'tRNS']) {
    const count = ofType(chunks, type).length;
    if (count > 1) throw damaged(file, `it has ${count} chunks ${type}, expected one`);
  }
  const order = chunks.map(({ type }) => type).filter((type, i, all) => type !== 'IDAT' || all[i - 1] !== 'IDAT');
  if (!order.includes('IDAT')) throw damaged(file, 'it has no image data');
  if (!/^IHDR( PLTE)?( tRNS)? IDAT IEND$/.test(order.join(' '))) throw damaged(file, 'its chunks are out of order');
  const colours = (ofType(chunks, 'PLTE')[0]?.contents.length ?? 0) / 3;
  if (!Number.isInteger(colours)) throw damaged(file, 'its palette ends within a colour');
  if (colourType === PALETTE && !(colours >= 1 && colours <= 2 ** depth)) {
    throw damaged(file, `it has a palette of ${colours} colours, expected 1 to ${2 ** depth}`);
  }
  const [transparency] = ofType(chunks, 'tRNS');
  if (transparency === undefined) return;
  const { length } = transparency.contents;
  const isKey = length === 2 * (CHANNELS.get(colourType) as number);
  const fits = colourType === PALETTE ? length <= colours : isKey || colourType > PALETTE;
  if (!fits) throw damaged(file, `its chunk tRNS has ${length} bytes, which do not go with its colours`);
}

/**
 * At least as many bytes as the header asks for, and never more in memory than those and a small surplus.
 *
 * @returns the chunks that hold as many and no more
 */
function checkImageData(parts: readonly Chunk[], header: Header, file: PictureFile): readonly Chunk[] {
  const expected = inflatedLength(header);
  const most = expected + SURPLUS_BYTES;
  const compressed = Buffer.concat(parts.map(({ contents }) => contents));
  let inflated: unknown;
  try {
    inflated = inflateSync(compressed, { maxOutputLength: most, info: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw damaged(file, 'its image data ends early', error);
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const what = `the ${expected} bytes that its header asks for, and ${SURPLUS_BYTES} that would be left out`;
      throw damaged(file, `its image data has more than ${what}`, error);
    }
    throw damaged(file, 'its image data cannot be inflated', error);
  }
  const { buffer, engine } = inflated as { readonly buffer: Buffer; readonly engine: Pick<Inflate, 'bytesWritten'> };
  const { length } = buffer;
  if (length < expected) throw damaged(file, `its image data ends early: ${length} bytes, expected ${expected}`);
  const isExact = length === expected && engine.bytesWritten === compressed.length;
  return isExact ? parts : [chunkOf('IDAT', deflateSync(buffer.subarray(0, expected), { level: 0 }))];
}

/** A chunk without its check sum. */
function chunkOf(type: string, contents: Uint8Array): Chunk {
  const whole = Buffer.alloc(contents.length + 12);
  whole.writeUInt32BE(contents.length);
  whole.write(type, 4, 'latin1');
  whole.set(contents, 8);
  return { type, contents, whole };
}

/** Remainders of all bytes by the polynomial edb88320, lowest bit first. */
const REMAINDERS = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Whether a chunk has the CRC of its type and contents; Node's own is younger than the oldest that we run on. */
function hasItsSum({ whole }: Chunk): boolean {
  const end = whole.length - 4;
  let rest = -1;
  for (let at = 4; at < end; at++) rest = REMAINDERS[(rest ^ whole[at]) & 255] ^ (rest >>> 8);
  return new DataView(whole.buffer, whole.byteOffset, whole.length).getInt32(end) === ~rest;
}

/** Each row of each pass begins with a byte for its filter and ends with a whole byte; an empty row has none. */
function inflatedLength({ width, height, depth, colourType, interlaced }: Header): number {
  const bits = depth * (CHANNELS.get(colourType) as number);
  let length = 0;
  for (const [column, row, columnStep, rowStep] of interlaced ? ADAM7 : ONE_PASS) {
    const columns = Math.ceil(Math.max(0, width - column) / columnStep);
    const rows = Math.ceil(Math.max(0, height - row) / rowStep);
    if (columns > 0) length += rows * (1 + Math.ceil((columns * bits) / 8));
  }
  return length;
}

/** Samples of any depth as bytes, rounded; pixels of the colour `key` (its samples, 16 bits each) become transparent. */
function toBytes(data: Uint8Array | Uint16Array, { depth, colourType }: Header, key: Uint8Array | null): Uint8Array {
  const most = 2 ** depth - 1;
  if (key !== null) {
    const samples = Array.from({ length: key.length / 2 }, (_, i) => (256 * key[2 * i] + key[2 * i + 1]) & most);
    const [red, green, blue] = samples.length === 1 ? [samples[0], samples[0], samples[0]] : samples;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) data[i + 3] = 0;
    }
  }
  if (data instanceof Uint8Array && (depth === 8 || colourType === PALETTE)) return data;
  const byteOf = Uint8Array.from({ length: most + 1 }, (_, sample) => Math.round((255 * sample) / most));
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = byteOf[data[i]];
  return bytes;
}
