/**
 * Pictures in and out: PNG and JPEG are read, PNG is written. The size that a file claims is read from its header and
 * checked before anything is decoded, because a few bytes can claim gigabytes.
 */
import { readFile } from 'node:fs/promises';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { NnpackError, show } from '../errors.ts';
import { writeWhole } from './files.ts';
import { exifOrientation, upright } from './orientation.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row, 8 bits each. */
  readonly data: Uint8Array;
}

/** The most pixels that are decoded: 32 · 2²⁰, more than most cameras have. */
export const MAX_PIXELS = 1 << 25;

/** Reads a PNG or JPEG file. */
export async function readPicture(path: string): Promise<Picture> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw failed('picture', path, 'could not be read', error);
  }
  return decodePicture(bytes, path);
}

/** The pixels of a PNG or JPEG file; `name` stands for it in errors. */
export function decodePicture(bytes: Uint8Array, name: string): Picture {
  const who = `picture ${show(name)}`;
  const header = headerOf(bytes);
  if (header === null) {
    const got = bytes.length === 0 ? 'an empty file' : 'something else';
    throw new NnpackError('invalid-picture', `${who}: expected a PNG or JPEG file, got ${got}`);
  }
  const { kind, size } = header;
  if (size === null) throw new NnpackError('invalid-picture', `${who}: the ${kind} file ends before its header does`);
  const { width, height } = size;
  if (width < 1 || height < 1) {
    throw new NnpackError('invalid-picture', `${who}: expected at least one pixel, got ${width} × ${height}`);
  }
  if (width * height > MAX_PIXELS) {
    const got = `${width} × ${height}`;
    throw new NnpackError('unsupported-input-size', `${who}: expected at most ${MAX_PIXELS} pixels, got ${got}`);
  }
  let picture: Picture;
  try {
    picture = kind === 'PNG' ? decodePng(bytes) : upright(decodeJpeg(bytes, header.at), header.orientation);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NnpackError('invalid-picture', `${who}: the ${kind} file is damaged: ${reason}`, { cause: error });
  }
  return picture;
}

/** Writes a PNG file. The name holds either what was there before or the whole new picture, never a part. */
export async function writePng(path: string, picture: Picture): Promise<void> {
  const { width, height, data } = picture;
  if (data.length !== 4 * width * height) {
    const what = `has ${data.length} bytes, expected ${4 * width * height} (${width} × ${height} RGBA)`;
    throw new NnpackError('invalid-picture', `picture ${show(path)}: ${what}`);
  }
  await writeWhole(path, PNG.sync.write(picture));
}

interface Header {
  readonly kind: 'PNG' | 'JPEG';
  /** null if the file ends before it. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly orientation: number;
  /** Where the part that holds the size begins. */
  readonly at: number;
}

function headerOf(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= 8 && view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a) {
    // signature, then the chunk IHDR: length, type, width, height, …
    const size = bytes.length < 33 ? null : { width: view.getUint32(16), height: view.getUint32(20) };
    return { kind: 'PNG', size, orientation: 1, at: 8 };
  }
  if (bytes.length >= 3 && view.getUint16(0) === 0xffd8 && bytes[2] === 0xff) return jpegHeader(view);
  return null;
}

/** Walks the segments, FF marker, length, … up to the frame header SOF0 … SOF15, which holds the size. */
function jpegHeader(view: DataView): Header {
  let orientation = 1;
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    // C4, C8 and CC are in the row of the frame headers, but are none
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame && at + 9 <= view.byteLength) {
      const size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      return { kind: 'JPEG', size, orientation, at };
    }
    if (marker === 0xe1 && end <= view.byteLength && length > 2) {
      orientation = exifOrientation(new Uint8Array(view.buffer, view.byteOffset + at + 4, length - 2));
    }
    at = end;
  }
  return { kind: 'JPEG', size: null, orientation, at };
}

function decodePng(bytes: Uint8Array): Picture {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (data.length !== 4 * width * height) throw new Error('its data ends early');
  return { width, height, data };
}

function decodeJpeg(bytes: Uint8Array, frame: number): Picture {
  // the decoder takes what is there for the whole; the whole ends with the marker FF D9 (so does a small preview, but
  // that stands before the frame)
  const ends = bytes.some((byte, i) => i > frame && byte === 0xd9 && bytes[i - 1] === 0xff);
  if (!ends) throw new Error('its data ends early');
  const limits = { maxResolutionInMP: Infinity, maxMemoryUsageInMB: Infinity };
  return jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, ...limits });
}

function failed(what: string, path: string, how: string, error: unknown): NnpackError {
  const reason = error instanceof Error ? error.message : String(error);
  return new NnpackError('input-output', `${what} ${show(path)} ${how}: ${reason}`, { cause: error });
}
