/**
 * Pictures in and out: PNG and JPEG are read, PNG is written. A file's structure is walked and the size that it claims
 * is checked before anything is decoded, because a few bytes can claim gigabytes.
 */
import { PNG } from 'pngjs';
import { readWholeFile } from '../check/model-files.ts';
import { NnpackError, show } from '../errors.ts';
import { writeWhole } from './files.ts';
import { decodeJpeg } from './jpeg.ts';
import { isJpeg } from './jpeg-structure.ts';
import type { Picture } from './picture-file.ts';
import { decodePng, isPng } from './png.ts';

/** The largest file that is read: twice the largest picture at 64 bits a pixel. */
const MAX_BYTES = 1 << 29;

/** Reads a PNG or JPEG file. */
export async function readPicture(path: string): Promise<Picture> {
  return decodePicture(await readWholeFile(`picture ${show(path)}`, path, MAX_BYTES), path);
}

/** The pixels of a PNG or JPEG file; `name` stands for it in errors. */
export function decodePicture(bytes: Uint8Array, name: string): Picture {
  const who = `picture ${show(name)}`;
  if (isPng(bytes)) return decodePng(bytes, { who, kind: 'PNG' });
  if (isJpeg(bytes)) return decodeJpeg(bytes, { who, kind: 'JPEG' });
  const got = bytes.length === 0 ? 'an empty file' : 'something else';
  throw new NnpackError('invalid-picture', `${who}: expected a PNG or JPEG file, got ${got}`);
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
