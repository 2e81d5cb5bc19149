/**
 * The windows of a pooling. Along an axis of H elements, with p before, q after, windows of k elements, stride s apart:
 *
 *   valid   ⌊(H + p + q − k) / s⌋ + 1 windows, all of them inside the padded input
 *   full    ⌈(H + p + q − k) / s⌉ + 1 windows, the last of which may hang over the edge; one where k > H + p + q
 *   same    ⌈H / s⌉ windows; p + q is what they need, p the smaller half (TensorFlow's rule)
 *
 * NNPACK knows `full` alone, and wants p, q < k and s ≤ k. None of that is needed here: a window that holds no element
 * gives −∞ as a maximum, as it does there, and 0 as an average.
 *
 * Source: NNPACK, src/max-pooling-output.c; MXNet's `pooling_convention`.
 */
import { type FieldsOf, oneOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import { checkPadding, checkPerAxis, type Padding, type PerAxis } from '../tensor/convolution-shape.ts';
import { expectElements } from '../tensor/tensor.ts';
import { planesOf } from './call.ts';

/**
 * How many windows there are: `valid` ⌊(H + padding − size) / stride⌋ + 1, `full` the same with ⌈ ⌉ (the last window may hang
 * over the edge), `same` ⌈H / stride⌉ with the padding that this needs.
 */
export type PoolingConvention = 'valid' | 'full' | 'same';

/** What a pooling's geometry is made of, as a caller gives it. */
export interface PoolingGeometry {
  /** The size of a window. */
  readonly poolingSize: PerAxis;
  /** The pooling size when not given, so that windows tile the input. */
  readonly stride?: PerAxis;
  /** None when not given; `'same'` computes its own. */
  readonly padding?: Padding;
  /** `'valid'` when not given. */
  readonly convention?: PoolingConvention;
}

export const POOLING_FIELDS: FieldsOf<PoolingGeometry> = {
  poolingSize: true,
  stride: true,
  padding: true,
  convention: true,
};

/** A pooling of N × C planes whose every size has been checked. Frozen. */
export interface PoolingShape {
  readonly batch: number;
  readonly channels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly poolHeight: number;
  readonly poolWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly paddingTop: number;
  readonly paddingLeft: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly convention: PoolingConvention;
}

/**
 * Checks a pooling's sizes once, in NNPACK's order, and freezes them.
 *
 * @param inputShape [N, C, H, W] or [C, H, W]
 */
export function poolingShape(who: string, inputShape: readonly number[], geometry: PoolingGeometry): PoolingShape {
  const { batch, channels } = planesOf(who, 'input', inputShape);
  const [inputHeight, inputWidth] = inputShape.slice(-2);
  const { poolingSize, stride: givenStride, padding } = geometry;
  if (poolingSize === undefined) {
    throw new NnpackError(
      'invalid-pooling-size',
      `${who}: poolingSize is not given, expected a whole number of at least 1`,
    );
  }
  const pool = checkPerAxis(who, 'poolingSize', poolingSize, 'invalid-pooling-size');
  const stride = givenStride === undefined ? pool : checkPerAxis(who, 'stride', givenStride, 'invalid-pooling-stride');
  const convention = oneOf(who, 'convention', geometry.convention, ['valid', 'full', 'same'], 'invalid-argument');
  const { top, right, bottom, left } = checkPadding(who, padding);
  if (convention === 'same' && top + right + bottom + left > 0) {
    throw new NnpackError(
      'invalid-input-padding',
      `${who}: padding is ${top} ${right} ${bottom} ${left}, expected none: convention 'same' computes its own`,
    );
  }
  const rows = windows(who, 'height', convention, inputHeight, top, bottom, pool.height, stride.height);
  const columns = windows(who, 'width', convention, inputWidth, left, right, pool.width, stride.width);
  expectElements(who, 'output', [batch, channels, rows.count, columns.count]);
  return Object.freeze({
    batch,
    channels,
    inputHeight,
    inputWidth,
    poolHeight: pool.height,
    poolWidth: pool.width,
    strideHeight: stride.height,
    strideWidth: stride.width,
    paddingTop: rows.before,
    paddingLeft: columns.before,
    outputHeight: rows.count,
    outputWidth: columns.count,
    convention,
  });
}

function windows(
  who: string,
  axis: string,
  convention: PoolingConvention,
  input: number,
  before: number,
  after: number,
  pool: number,
  stride: number,
): { before: number; count: number } {
  if (convention === 'same') {
    // count = ⌈H / s⌉, p + q = max((count − 1) · s + k − H, 0), p = ⌊(p + q) / 2⌋
    const count = Math.ceil(input / stride);
    return { before: Math.floor(Math.max((count - 1) * stride + pool - input, 0) / 2), count };
  }
  const padded = before + input + after;
  if (convention === 'full') return { before, count: Math.ceil(Math.max(padded - pool, 0) / stride) + 1 };
  if (pool > padded) {
    throw new NnpackError(
      'invalid-pooling-size',
      `${who}: poolingSize ${axis} is ${pool}, expected at most ${padded} (the padded input's ${axis})`,
    );
  }
  return { before, count: Math.floor((padded - pool) / stride) + 1 };
}

/** Every plane as one window: what global pooling is. */
export function globalPoolingShape(who: string, inputShape: readonly number[]): PoolingShape {
  planesOf(who, 'input', inputShape);
  const [height, width] = inputShape.slice(-2);
  return poolingShape(who, inputShape, { poolingSize: { height, width } });
}
