/** What a picture is, and what is said of files that are not read as one. A decoder's own words stay in the error's cause. */
import { NnpackError } from '../errors.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row, 8 bits each. */
  readonly data: Uint8Array;
}

export type PictureKind = 'PNG' | 'JPEG';

/** The names of pictures that are read; a name without one of these means a model. */
export function isPictureName(name: string): boolean {
  return /\.(png|jpe?g)$/i.test(name);
}

/** A file as its errors name it: `picture 'x.png'`, and what it claims to be. */
export interface PictureFile {
  readonly who: string;
  readonly kind: PictureKind;
}

/** The most pixels that are decoded: 32 · 2²⁰, more than most cameras have. */
export const MAX_PIXELS = 1 << 25;

/** The longest row or column, which is libpng's own limit; no JPEG reaches it. */
export const MAX_SIDE = 1_000_000;

export function damaged({ who, kind }: PictureFile, what: string, cause?: unknown): NnpackError {
  return new NnpackError('invalid-picture', `${who}: the ${kind} file is damaged: ${what}`, { cause });
}

/** For a file that is as good as any, but of a sort that is not decoded here. */
export function unsupported({ who, kind }: PictureFile, expected: string, got: string): NnpackError {
  return new NnpackError('unsupported-picture', `${who}: the ${kind} file has ${got}, expected ${expected}`);
}

/** Called with the size that a file claims before anything is made of that size. */
export function checkSize({ who }: PictureFile, width: number, height: number): void {
  const got = `${width} × ${height}`;
  if (width < 1 || height < 1) {
    throw new NnpackError('invalid-picture', `${who}: expected at least one pixel, got ${got}`);
  }
  if (width * height > MAX_PIXELS) {
    throw new NnpackError('unsupported-input-size', `${who}: expected at most ${MAX_PIXELS} pixels, got ${got}`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new NnpackError('unsupported-input-size', `${who}: expected at most ${MAX_SIDE} pixels a side, got ${got}`);
  }
}
