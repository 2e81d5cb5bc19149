/** Pictures as tensors and back: RGBA bytes, row by row, against three planes of a range of values. */
import { makeTensor, type Tensor } from '../tensor/ndarray.ts';
import type { Picture } from './picture-file.ts';
import { type Range, scaleOf } from './range.ts';

/** [3, H, W], values of the range; alpha is left out. */
export function toTensor({ width, height, data }: Picture, range: Range = '0..255'): Tensor {
  const size = width * height;
  const { low, step } = scaleOf(range);
  const planes = new Float32Array(3 * size);
  for (let i = 0; i < size; i++) {
    for (let plane = 0; plane < 3; plane++) planes[plane * size + i] = low + step * data[4 * i + plane];
  }
  return makeTensor(planes, [3, height, width]);
}

/**
 * The picture of [1, 3, H, W], values clipped to the range and rounded; alpha is that of the nearest pixel of `original`,
 * and full without one.
 */
export function fromTensor(tensor: Tensor, original: Picture | null, range: Range = '0..255'): Picture {
  const [, , height, width] = tensor.shape;
  const size = width * height;
  const { low, step } = scaleOf(range);
  const data = new Uint8Array(4 * size);
  for (let i = 0; i < size; i++) {
    for (let plane = 0; plane < 3; plane++) {
      const byte = (tensor.data[plane * size + i] - low) / step;
      data[4 * i + plane] = Math.round(Math.min(255, Math.max(0, byte)));
    }
    if (original === null) {
      data[4 * i + 3] = 255;
      continue;
    }
    const row = Math.floor((Math.floor(i / width) * original.height) / height);
    const column = Math.floor(((i % width) * original.width) / width);
    data[4 * i + 3] = original.data[4 * (row * original.width + column) + 3];
  }
  return { width, height, data };
}

export interface Comparison {
  /** Red, green and blue values compared. */
  readonly values: number;
  readonly equal: number;
  readonly greatest: number;
}

/** How two pictures of one size differ; pictures of two sizes differ in every value. */
export function comparePictures(a: Picture, b: Picture): Comparison {
  const values = 3 * a.width * a.height;
  if (a.width !== b.width || a.height !== b.height) return { values, equal: 0, greatest: 255 };
  let equal = 0;
  let greatest = 0;
  for (let i = 0; i < a.data.length; i++) {
    if (i % 4 === 3) continue;
    const difference = Math.abs(a.data[i] - b.data[i]);
    if (difference === 0) equal++;
    greatest = Math.max(greatest, difference);
  }
  return { values, equal, greatest };
}
