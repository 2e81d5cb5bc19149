/** The kernels of fully-connected layers, in float32 or half precision: how they are checked, and copied. */
import { isUint16Array, ownHalves } from '../check/arrays.ts';
import { reading } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { didYouMean, isArray, NnpackError, show } from '../errors.ts';
import { HALF_FORMS } from '../maths/half.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import {
  type CheckedTensor,
  checkElements,
  copyIn,
  expectShape,
  isDense,
  readTensor,
  type Shaped,
} from '../tensor/tensor.ts';
import type { WeightFormat } from './fully-connected-program.ts';

/** Weights in half precision, dense and row-major: half of the memory, and of the time to read it. */
export interface HalfTensor {
  /** Codes of half precision. */
  readonly data: Uint16Array;
  /** [K, C] */
  readonly shape: readonly number[];
  /** IEEE 754's binary16, or ARM's alternative form, which is NNPACK's: no ∞ and NaN, numbers up to 131,008. */
  readonly format: 'binary16' | 'alternative';
}

function checkFormat(who: string, format: unknown): WeightFormat {
  if (format === undefined) return 'float32';
  const found = HALF_FORMS.find((name) => name === format);
  if (found !== undefined) return found;
  const hint = typeof format === 'string' ? didYouMean(format, HALF_FORMS) : '';
  throw new NnpackError(
    'invalid-argument',
    `${who}: kernel's format is ${show(format)}, expected 'binary16', 'alternative', or none for float32${hint}`,
  );
}

/** A kernel whose every weight is known to lie in its data: a float32 tensor of any strides, or dense half precision. */
export type CheckedKernel = CheckedTensor | HalfTensor;

export function isHalf(kernel: CheckedKernel): kernel is HalfTensor {
  return isUint16Array(kernel.data);
}

/** How the weights of a kernel are stored. */
export function formatOf(kernel: CheckedKernel): WeightFormat {
  return isHalf(kernel) ? kernel.format : 'float32';
}

/** Checks the shape and the format alone. */
export function checkKernelShape(who: string, kernel: unknown): Shaped & { readonly format: WeightFormat } {
  const given = readTensor(who, 'kernel', kernel, ['shape', 'format']);
  const shape = expectShape(who, 'kernel', kernel, given.shape, [2]);
  return { shape, format: checkFormat(who, given.format) };
}

/** Checks a kernel with its data: float32, or half precision where it has a format. */
export function checkKernel(who: string, kernel: unknown): CheckedKernel {
  const given = readTensor(who, 'kernel', kernel, ['shape', 'format', 'data', 'stride', 'offset']);
  const shape = expectShape(who, 'kernel', kernel, given.shape, [2]);
  const format = checkFormat(who, given.format);
  const { data, stride, offset = 0 } = given;
  if (format === 'float32') {
    if (isUint16Array(data)) {
      throw new NnpackError(
        'invalid-tensor-type',
        `${who}: kernel holds a Uint16Array without a format, expected 'binary16' or 'alternative' beside it`,
      );
    }
    return checkElements(who, 'kernel', given, shape);
  }
  if (!isUint16Array(data)) {
    throw new NnpackError(
      'invalid-tensor-type',
      `${who}: kernel of format ${format} holds ${show(data)}, expected a Uint16Array`,
    );
  }
  const isPlain =
    stride === undefined ||
    (isArray(stride) && stride.length === 2 && isDense({ shape, stride: stride as readonly number[] }));
  if (!isPlain || offset !== 0) {
    throw new NnpackError(
      'invalid-tensor',
      `${who}: kernel of format ${format} has strides or an offset, expected it to be dense`,
    );
  }
  if (data.length < sizeOf(shape)) {
    throw new NnpackError(
      'invalid-tensor',
      `${who}: kernel of shape ${show(shape)} has ${data.length} elements, expected ${sizeOf(shape)}`,
    );
  }
  return { data: reading(who, 'kernel', 'invalid-tensor', () => ownHalves(data)), shape, format };
}

/** How many weights are copied at once: they are still in a cache when their subnormal numbers become 0. */
const COPIED_WEIGHTS = 32_768;

/** Copies rows first … of a kernel to a dense run of the context's memory, as the program reads them. */
export function copyKernelRows(context: Context, kernel: CheckedKernel, first: number, rows: number, to: number): void {
  const channels = kernel.shape[1];
  if (isHalf(kernel)) {
    context.arena.u16.set(kernel.data.subarray(first * channels, (first + rows) * channels), 2 * to);
    return;
  }
  const together = Math.ceil(COPIED_WEIGHTS / channels);
  for (let row = 0; row < rows; row += together) {
    const count = Math.min(together, rows - row);
    const part = { ...kernel, shape: [count, channels], offset: kernel.offset + (first + row) * kernel.stride[0] };
    const at = to + row * channels;
    copyIn(part, context.arena.f32, at);
    context.kernels.flush(count * channels, at, at);
  }
}
