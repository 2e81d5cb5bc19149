/**
 * Which way up a JPEG picture is meant to be seen. Cameras store the pixels as the sensor lies and note in the EXIF
 * segment how to turn them:
 *
 *     "Exif" 0 0 | byte order "II" or "MM", 42, offset of the first directory | count, entries of 12 bytes: tag, type, …
 *
 * The tag is 0x0112; its values 1 … 8 are the eight ways to turn and mirror a rectangle.
 */
import type { Picture } from './picture-file.ts';

const ORIENTATION_TAG = 0x0112;

/** 1 … 8 from an APP1 segment; 1 (as it is) where it says nothing that makes sense, null where it is not EXIF. */
export function exifOrientation(segment: Uint8Array): number | null {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
  if (segment.length < 14 || view.getUint32(0) !== 0x45786966 || view.getUint16(4) !== 0) return null; // "Exif"
  const tiff = 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > segment.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= segment.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** The picture turned and mirrored as the orientation asks. */
export function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { width, height, data } = picture;
  // 5 … 8 exchange rows and columns; some run through the stored columns or rows backwards
  const exchanged = orientation >= 5;
  const columnsBack = [2, 3, 7, 8].includes(orientation);
  const rowsBack = [3, 4, 6, 7].includes(orientation);
  const [newWidth, newHeight] = exchanged ? [height, width] : [width, height];
  const pixels = new Uint32Array(data.slice().buffer);
  const turned = new Uint32Array(pixels.length);
  for (let i = 0; i < newHeight; i++) {
    for (let j = 0; j < newWidth; j++) {
      const [y, x] = exchanged ? [j, i] : [i, j];
      const row = rowsBack ? height - 1 - y : y;
      const column = columnsBack ? width - 1 - x : x;
      turned[i * newWidth + j] = pixels[row * width + column];
    }
  }
  return { width: newWidth, height: newHeight, data: new Uint8Array(turned.buffer) };
}
