/** Pictures of other sizes than a model takes: all of it within borders, its middle, or all of it distorted. */
import { KERNELS, type Taps, weighedTaps } from '../../graph/ops/resampling-taps.ts';
import type { Picture } from '../picture-file.ts';

export const FITS = ['crop', 'fit', 'stretch'] as const;

/**
 * `crop`: enlarged or reduced until it covers the size, and cut at the sides; `fit`: until it lies within, with black around
 * it; `stretch`: each axis by itself.
 */
export type Fit = (typeof FITS)[number];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture fitted, and what was done to it; null where nothing was. */
export interface Fitted {
  readonly picture: Picture;
  readonly done: string | null;
}

/** The picture in the size, of which a side that may be any keeps to the picture's proportions. */
export function fitPicture(
  picture: Picture,
  wanted: { height: number | null; width: number | null },
  fit: Fit,
): Fitted {
  const size = wantedSize(picture, wanted);
  const { width, height } = size;
  if (width === picture.width && height === picture.height) return { picture, done: null };
  const done = `${picture.width}×${picture.height} made ${width}×${height}`;
  if (fit === 'stretch' || isSimilar(picture, size)) return { picture: resized(picture, size), done };
  const scales = [width / picture.width, height / picture.height];
  const scale = fit === 'crop' ? Math.max(...scales) : Math.min(...scales);
  const inner = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
  const how = fit === 'crop' ? 'the middle of ' : 'with borders around ';
  return { picture: placed(resized(picture, inner), size), done: `${done} (${how}${inner.width}×${inner.height})` };
}

function wantedSize(picture: Size, { height, width }: { height: number | null; width: number | null }): Size {
  if (height === null && width === null) return { width: picture.width, height: picture.height };
  return {
    width: width ?? Math.max(1, Math.round((picture.width * (height as number)) / picture.height)),
    height: height ?? Math.max(1, Math.round((picture.height * (width as number)) / picture.width)),
  };
}

/** Whether the proportions differ by less than a pixel. */
function isSimilar(a: Size, b: Size): boolean {
  return Math.abs((a.width * b.height) / a.height - b.width) < 1;
}

/** Linear between pixels, over all that a pixel of the result covers where it shrinks. */
function resized({ width, height, data }: Picture, to: Size): Picture {
  const columns = tapsOf(width, to.width);
  const rows = tapsOf(height, to.height);
  const wide = new Float32Array(4 * to.width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to.width; x++) mix(data, wide, 4 * y * width, 4, columns[x], 4 * (y * to.width + x));
  }
  const values = new Float32Array(4 * to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) mix(wide, values, 4 * x, 4 * to.width, rows[y], 4 * (y * to.width + x));
  }
  return { ...to, data: Uint8Array.from(values, Math.round) };
}

function tapsOf(size: number, length: number): readonly Taps[] {
  const axis = { size, length, step: [size, length], region: [0, 1] } as const;
  const tapsAt = weighedTaps(axis, 'half-pixel', { kernel: KERNELS.linear(), antialias: true, excludeOutside: true });
  return Array.from({ length }, (_, i) => tapsAt(i));
}

/** The four channels of one pixel. */
function mix(from: ArrayLike<number>, to: Float32Array, start: number, step: number, taps: Taps, at: number): void {
  for (let k = 0; k < taps.places.length; k++) {
    const place = start + step * taps.places[k];
    for (let c = 0; c < 4; c++) to[at + c] += taps.weights[k] * from[place + c];
  }
}

/** In the middle of the size: cut where it is larger, black and opaque around it where it is smaller. */
function placed({ width, height, data }: Picture, to: Size): Picture {
  const result = new Uint8Array(4 * to.width * to.height);
  for (let i = 3; i < result.length; i += 4) result[i] = 255;
  const left = Math.floor((to.width - width) / 2);
  const top = Math.floor((to.height - height) / 2);
  const first = Math.max(0, left);
  const count = Math.min(to.width, width);
  for (let y = Math.max(0, top); y < Math.min(to.height, top + height); y++) {
    const from = 4 * ((y - top) * width + first - left);
    result.set(data.subarray(from, from + 4 * count), 4 * (y * to.width + first));
  }
  return { ...to, data: result };
}
