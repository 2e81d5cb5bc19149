/**
 * The windows of a pooling (src/tensor/windows.ts has how many there are). NNPACK knows `full` alone, and wants padding less
 * than a window, and a stride of a window at most. None of that is needed here: a window that holds no element gives −∞ as a
 * maximum, as it does there, and 0 as an average.
 *
 * Source: NNPACK, src/max-pooling-output.c; MXNet's `pooling_convention`.
 */
import { type FieldsOf, oneOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import {
  type Axes,
  checkPadding,
  checkPerAxis,
  type Padding,
  type PerAxis,
  type Sides,
} from '../tensor/convolution-shape.ts';
import { expectElements } from '../tensor/tensor.ts';
import { type AxisWindows, windowsAlong } from '../tensor/windows.ts';
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

type Unchecked<T> = { readonly [Field in keyof T]?: unknown };

/** A geometry with nothing left open. */
interface ParsedGeometry {
  readonly pool: Axes;
  readonly stride: Axes;
  readonly padding: Required<Sides>;
  readonly convention: PoolingConvention;
}

/**
 * Checks a pooling's sizes once, in NNPACK's order, and freezes them.
 *
 * @param inputShape [N, C, H, W] or [C, H, W]
 */
export function poolingShape(who: string, inputShape: readonly number[], geometry: PoolingGeometry): PoolingShape {
  const { batch, channels } = planesOf(who, 'input', inputShape);
  const { pool, stride, padding, convention } = parsePoolingGeometry(who, geometry);
  const [inputHeight, inputWidth] = inputShape.slice(-2);
  const { top, right, bottom, left } = padding;
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

/** Checks what a pooling's geometry is made of, each part of which may be anything. */
export function parsePoolingGeometry(who: string, geometry: Unchecked<PoolingGeometry>): ParsedGeometry {
  if (geometry.poolingSize === undefined) {
    const what = 'poolingSize is not given, expected a whole number of at least 1';
    throw new NnpackError('invalid-pooling-size', `${who}: ${what}`);
  }
  const pool = checkPerAxis(who, 'poolingSize', geometry.poolingSize, 'invalid-pooling-size');
  const stride =
    geometry.stride === undefined ? pool : checkPerAxis(who, 'stride', geometry.stride, 'invalid-pooling-stride');
  const convention = oneOf(who, 'convention', geometry.convention, ['valid', 'full', 'same'], 'invalid-argument');
  const padding = checkPadding(who, geometry.padding);
  const { top, right, bottom, left } = padding;
  if (convention === 'same' && top + right + bottom + left > 0) {
    throw new NnpackError(
      'invalid-input-padding',
      `${who}: padding is ${top} ${right} ${bottom} ${left}, expected none: convention 'same' computes its own`,
    );
  }
  return { pool, stride, padding, convention };
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
): AxisWindows {
  const found = windowsAlong(convention, input, before, after, pool, stride);
  if (found !== null) return found;
  const expected = `at most ${before + input + after} (the padded input's ${axis})`;
  throw new NnpackError('invalid-pooling-size', `${who}: poolingSize ${axis} is ${pool}, expected ${expected}`);
}

/** Every plane as one window: what global pooling is. */
export function globalPoolingShape(who: string, inputShape: readonly number[]): PoolingShape {
  const { batch, channels } = planesOf(who, 'input', inputShape);
  const [height, width] = inputShape.slice(-2);
  return Object.freeze({
    batch,
    channels,
    inputHeight: height,
    inputWidth: width,
    poolHeight: height,
    poolWidth: width,
    strideHeight: height,
    strideWidth: width,
    paddingTop: 0,
    paddingLeft: 0,
    outputHeight: 1,
    outputWidth: 1,
    convention: 'valid',
  });
}
