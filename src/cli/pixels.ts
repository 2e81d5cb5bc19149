/** Pictures as tensors and back: RGBA bytes, row by row, against channels of a range of values. */
import { isInMemory } from '../graph/run-values.ts';
import type { Dtype } from '../graph/values.ts';
import { denseStrides, makeArray, makeTensor, type Tensor, type TypedTensorLike } from '../tensor/ndarray.ts';
import { numbersOf } from './elements.ts';
import type { Picture } from './picture-file.ts';
import { type Range, scaleOf } from './range.ts';

/** How many channels: grey; red, green and blue; these with opacity. */
export type Channels = 1 | 3 | 4;

/** How a tensor holds a picture. */
export interface PixelForm {
  readonly channels: Channels;
  /** Whether the axis of channels is the last: N H W C. */
  readonly isChannelsLast: boolean;
  /** Whether blue is the first. */
  readonly isBgr: boolean;
  readonly range: Range;
}

/** The share of red, green and blue in grey: ITU-R BT.601, as JPEG has it. */
const GREY = [0.299, 0.587, 0.114];

/** [3, H, W], values of the range; alpha is left out. */
export function toTensor(picture: Picture, range: Range = '0..255'): Tensor {
  const { width, height } = picture;
  return makeTensor(planesOf(picture, { channels: 3, isBgr: false, range }), [3, height, width]);
}

/** One picture as a tensor in the form, without a batch. */
export function pictureTensor(picture: Picture, form: PixelForm, dtype: Dtype): TypedTensorLike {
  const { width, height } = picture;
  const { channels, isChannelsLast } = form;
  const planes = planesOf(picture, form);
  const size = width * height;
  const shape = isChannelsLast ? [height, width, channels] : [channels, height, width];
  if (isInMemory(dtype)) {
    return { data: planes, shape, stride: isChannelsLast ? [width, 1, size] : denseStrides(shape), offset: 0 };
  }
  // Other types are read dense: whole ones are rounded, as bytes are.
  const at = (i: number) => (isChannelsLast ? planes[(i % channels) * size + Math.floor(i / channels)] : planes[i]);
  const isReal = dtype === 'float64';
  const data = numbersOf('picture', dtype, planes.length, (i) => (isReal ? at(i) : Math.round(at(i))));
  return { ...makeArray(data, shape), shape, data };
}

/** A plane for each channel, one behind the other. */
function planesOf(
  { width, height, data }: Picture,
  { channels, isBgr, range }: Omit<PixelForm, 'isChannelsLast'>,
): Float32Array {
  const size = width * height;
  const planes = new Float32Array(channels * size);
  if (channels === 1) {
    const scales = GREY.map((share, channel) => ({ share, ...scaleOf(range, channel) }));
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) planes[i] += scales[c].share * (scales[c].low + scales[c].step * data[4 * i + c]);
    }
    return planes;
  }
  for (let plane = 0; plane < channels; plane++) {
    const channel = isBgr && plane < 3 ? 2 - plane : plane;
    const { low, step } = scaleOf(range, Math.min(channel, 2));
    for (let i = 0; i < size; i++) planes[plane * size + i] = low + step * data[4 * i + channel];
  }
  return planes;
}

/**
 * The picture of [1, 3, H, W], values clipped to the range and rounded; alpha is that of the nearest pixel of `original`,
 * and full without one.
 */
export function fromTensor(tensor: Tensor, original: Picture | null, range: Range = '0..255'): Picture {
  return tensorPicture(tensor, { channels: 3, isChannelsLast: false, isBgr: false, range }, original);
}

/** The picture that a tensor of one holds, with a batch or without. */
export function tensorPicture(tensor: TypedTensorLike, form: PixelForm, original: Picture | null): Picture {
  const { channels, isChannelsLast, isBgr, range } = form;
  const { data: values, shape, stride = denseStrides(shape), offset = 0 } = tensor;
  const order = isChannelsLast ? [-1, -3, -2] : [-3, -2, -1];
  const [, height, width] = order.map((axis) => shape.at(axis) as number);
  const [ofChannel, ofRow, ofColumn] = order.map((axis) => stride.at(axis) as number);
  const scales = [0, 1, 2, 2].map((channel) => scaleOf(range, channel));
  const data = new Uint8Array(4 * width * height);
  for (let byte = 0; byte < data.length; byte++) {
    const channel = byte % 4;
    const pixel = (byte - channel) / 4;
    if (channel === 3 && channels !== 4) {
      data[byte] = original === null ? 255 : alphaAt(original, pixel, width, height);
      continue;
    }
    const plane = channels === 1 ? 0 : isBgr && channel < 3 ? 2 - channel : channel;
    const place = plane * ofChannel + Math.floor(pixel / width) * ofRow + (pixel % width) * ofColumn;
    const { low, step } = scales[channel];
    data[byte] = Math.round(Math.min(255, Math.max(0, (Number(values[offset + place]) - low) / step)));
  }
  return { width, height, data };
}

function alphaAt(original: Picture, pixel: number, width: number, height: number): number {
  const row = Math.floor((Math.floor(pixel / width) * original.height) / height);
  const column = Math.floor(((pixel % width) * original.width) / width);
  return original.data[4 * (row * original.width + column) + 3];
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
