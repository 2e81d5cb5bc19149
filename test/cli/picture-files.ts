/** JPEG and PNG files taken apart, changed and put together again. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decodePicture } from '../../src/cli/picture.ts';
import { NnpackError } from '../../src/errors.ts';

const FOLDER = new URL('../fixtures/pictures/', import.meta.url);

export const FIXTURES = readdirSync(FOLDER).filter((name) => /\.(png|jpg)$/.test(name));
export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FOLDER)));

/** What libpng (16 bits, RGBA) and libjpeg (8 bits, RGB) made of the fixtures. */
export const EXPECTED: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('expected.json', FOLDER), 'utf8'),
);

export function refusal(bytes: Uint8Array): NnpackError {
  try {
    decodePicture(bytes, 'x');
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  return expect.unreachable('expected an error');
}

export const joined = (parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

export interface Chunk {
  readonly type: string;
  readonly contents: Uint8Array;
}

export function chunksOf(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const contents = png.subarray(at + 8, at + 8 + view.getUint32(at));
    chunks.push({ type: String.fromCharCode(...png.subarray(at + 4, at + 8)), contents });
  }
  return chunks;
}

export function pngOf(chunks: readonly Chunk[]): Uint8Array {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  const word = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  return joined([
    signature,
    ...chunks.map(({ type, contents }) => {
      const body = joined([ascii(type), contents]);
      return joined([word(contents.length), body, word(crcOf(body))]);
    }),
  ]);
}

/** As PNG has it: the remainder of the bits by the polynomial edb88320, lowest bit first. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

export interface Segment {
  readonly marker: number;
  readonly contents: Uint8Array;
  /** The coded pixels behind a scan header. */
  readonly pixels: Uint8Array;
}

export function segmentsOf(jpeg: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; jpeg[at + 1] !== 0xd9; ) {
    const marker = jpeg[at + 1];
    const end = at + 2 + 256 * jpeg[at + 2] + jpeg[at + 3];
    let next = end;
    const isMarker = () => jpeg[next] === 0xff && jpeg[next + 1] !== 0 && (jpeg[next + 1] & 0xf8) !== 0xd0;
    while (marker === 0xda && !isMarker()) next++;
    segments.push({ marker, contents: jpeg.subarray(at + 4, end), pixels: jpeg.subarray(end, next) });
    at = next;
  }
  return segments;
}

export function jpegOf(segments: readonly Segment[]): Uint8Array {
  const bytes = segments.map(({ marker, contents, pixels }) => {
    const length = contents.length + 2;
    return joined([[0xff, marker, length >> 8, length & 255], contents, pixels]);
  });
  return joined([[0xff, 0xd8], ...bytes, [0xff, 0xd9]]);
}

export const segment = (marker: number, contents: readonly number[] | string): Segment => ({
  marker,
  contents: Uint8Array.from(typeof contents === 'string' ? ascii(contents) : contents),
  pixels: new Uint8Array(0),
});

export const isFrame = ({ marker }: Segment): boolean => marker >= 0xc0 && marker <= 0xc2;
export const isScan = ({ marker }: Segment): boolean => marker === 0xda;

/** The segment with one byte of its contents changed. */
export function changed(of: Segment, place: number, value: number): Segment {
  const contents = of.contents.slice();
  contents[place] = value;
  return { ...of, contents };
}
