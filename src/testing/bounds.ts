/**
 * How far a float32 convolution may be from the sum in double, and whether it is:
 *
 *   |y − ŷ| ≤ constant · 2⁻²⁴ · (X ∗ |w| + |b|) + 2⁻¹⁵⁰ · (inputs · X ∗ 1 + weights · Σ|w| + alone)
 *
 * The constant counts roundings, the others what is too small to be rounded by a factor; they are derived once for each
 * algorithm, never tuned. X is |x|, or for an algorithm that transforms tiles the greatest |x| of the same channel within the
 * reach of a tile, because a transform mixes all inputs of its tile.
 */
import { ALGORITHM_NAMES, type AlgorithmName, type ErrorBound, type Underflow } from '../algorithms/algorithm.ts';
import { algorithmNamed } from '../algorithms/list.ts';
import { expectOneOf, type FieldsOf, isRecord, readFields } from '../check/options.ts';
import { kernelsOfEnvironment } from '../context/choose-kernels.ts';
import { EPSILON } from '../dispatch/select.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { fastestTable, kernelNumbers } from '../kernels/numbers.ts';
import { expectFinite } from '../layers/call.ts';
import { UNDERFLOW } from '../maths/float32.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { naiveConvolution } from './naive.ts';
import { type ConvolutionData, type Problem, readData, readProblem } from './problems.ts';

/**
 * The error allowed at each output: that of one of this library's algorithms by its name, with the kernel table of a context
 * that names none (emitted kernels round each operation, typed arrays sum in double), or of a bound of one's own. It holds for
 * activations that do not enlarge a difference, as those drawn.
 *
 * @returns N, K, H′, W′, as {@link convolutionReference}
 * @example
 * const asWinograd = errorBound(problem, data, 'wt8x8');
 * // a kernel that rounds every product and every addition to float32: n + 1 roundings on the way of the first term
 * const [, channels, r, s] = problem.kernelShape;
 * const constant = 1.01 * (channels * r * s + 2);
 * const asSums = errorBound(problem, data, { constant, reachHeight: 0, reachWidth: 0 });
 */
export function errorBound(problem: Problem, data: ConvolutionData, bound: AlgorithmName | ErrorBound): Float64Array {
  const who = 'errorBound';
  const read = readProblem(who, problem);
  const { shape } = read;
  const constants = readBound(who, bound, shape);
  if (typeof constants === 'string') {
    throw new NnpackError('unsupported-algorithm', `errorBound: ${bound} cannot compute this problem: ${constants}`);
  }
  const { constant, reachHeight, reachWidth, underflow } = constants;
  const { input, kernel, bias } = readData(who, read, data);
  if (underflow === undefined) {
    const scale = errorScale(shape, input, kernel, bias, reachHeight, reachWidth);
    return scale.map((value) => constant * EPSILON * value);
  }
  // inputs · X ∗ 1 is a part of the sum: X ∗ (|w| + what makes it as much).
  const least = (underflow.inputs * UNDERFLOW) / (constant * EPSILON);
  const weights = Float64Array.from(kernel, (w) => Math.abs(w) + least);
  const scale = errorScale(shape, input, weights, bias, reachHeight, reachWidth);
  const taps = kernel.length / shape.outputChannels;
  const plane = shape.outputHeight * shape.outputWidth;
  const added = Array.from({ length: shape.outputChannels }, (_, k) => {
    const sum = kernel.subarray(k * taps, (k + 1) * taps).reduce((total, w) => total + Math.abs(w), 0);
    return UNDERFLOW * (underflow.weights * sum + underflow.alone);
  });
  return scale.map((value, i) => constant * EPSILON * value + added[Math.floor(i / plane) % shape.outputChannels]);
}

const BOUND: FieldsOf<ErrorBound> = {
  constant: true,
  reachHeight: true,
  reachWidth: true,
  underflow: true,
  range: true,
};
const UNDERFLOWS: FieldsOf<Underflow> = { inputs: true, weights: true, alone: true };

/** The bound of a caller, or that of an algorithm by its name; or why that algorithm does not compute the shape. */
export function readBound(who: string, bound: unknown, shape: ConvolutionShape): ErrorBound | string {
  if (!isRecord(bound))
    return boundNamed(expectOneOf(who, 'bound', bound, ALGORITHM_NAMES, 'invalid-algorithm'), shape);
  const read = readFields<ErrorBound>(who, 'bound', bound, BOUND, 'invalid-argument');
  for (const name of ['constant', 'reachHeight', 'reachWidth'] as const)
    expectFinite(who, `the bound's ${name}`, read[name]);
  if (read.underflow === undefined) return read;
  const underflow = readFields<Underflow>(who, "the bound's underflow", read.underflow, UNDERFLOWS, 'invalid-argument');
  for (const name of ['inputs', 'weights', 'alone'] as const) expectFinite(who, `the bound's ${name}`, underflow[name]);
  return { ...read, underflow };
}

function boundNamed(name: AlgorithmName, shape: ConvolutionShape): ErrorBound | string {
  const refusal = algorithmNamed(name).supports(shape, 'forward');
  if (refusal !== null) return refusal;
  // With the kernel table of a context made without options, of which no memory is needed.
  const wished = kernelsOfEnvironment();
  const kernels = kernelNumbers(wished === 'auto' ? fastestTable() : wished);
  const model = { kernels, pool: { threadsCount: 1 } };
  return algorithmNamed(name).errorBound(shape, 'forward', model);
}

/**
 * X ∗ |w| + |b| for every output. A tap that falls on padding still counts the greatest |x| of its tile: the zeros there
 * go through the same transforms as the pixels beside them. So the image is widened by its padding, where X is that of
 * the nearest pixels.
 */
export function errorScale(
  shape: ConvolutionShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null,
  reachHeight: number,
  reachWidth: number,
): Float64Array {
  const absoluteX = absolute(x);
  const absoluteW = absolute(w);
  const absoluteB = b === null ? null : absolute(b);
  if (reachHeight === 0 && reachWidth === 0) return naiveConvolution(shape, absoluteX, absoluteW, absoluteB);
  const padded = padImage(shape, absoluteX);
  const X = windowMaximum(padded.shape, padded.x, reachHeight, reachWidth);
  return naiveConvolution(padded.shape, X, absoluteW, absoluteB);
}

function absolute(values: ArrayLike<number>): Float64Array {
  return new Float64Array(values).map(Math.abs);
}

/** The same problem with its padding written out as zeros of the image. */
function padImage(shape: ConvolutionShape, x: Float64Array): { shape: ConvolutionShape; x: Float64Array } {
  const H = shape.inputHeight + shape.paddingTop + shape.paddingBottom;
  const W = shape.inputWidth + shape.paddingLeft + shape.paddingRight;
  const planes = shape.batch * shape.inputChannels;
  const padded = new Float64Array(planes * H * W);
  for (let plane = 0; plane < planes; plane++) {
    for (let h = 0; h < shape.inputHeight; h++) {
      const from = (plane * shape.inputHeight + h) * shape.inputWidth;
      const row = x.subarray(from, from + shape.inputWidth);
      padded.set(row, (plane * H + h + shape.paddingTop) * W + shape.paddingLeft);
    }
  }
  const none = { paddingTop: 0, paddingRight: 0, paddingBottom: 0, paddingLeft: 0 };
  return { shape: { ...shape, ...none, inputHeight: H, inputWidth: W }, x: padded };
}

/** The greatest x of the same plane within the given rows and columns of each element: along rows, then along columns. */
function windowMaximum(
  shape: ConvolutionShape,
  x: Float64Array,
  reachHeight: number,
  reachWidth: number,
): Float64Array {
  const { inputHeight: H, inputWidth: W } = shape;
  const alongRows = lineMaximum(x, W, 1, reachWidth);
  return lineMaximum(alongRows, H, W, reachHeight);
}

/** The greatest within `reach` elements on a line: lines of `length` elements, `step` apart. */
function lineMaximum(x: Float64Array, length: number, step: number, reach: number): Float64Array {
  const result = new Float64Array(x.length);
  for (let block = 0; block < x.length; block += length * step) {
    for (let line = block; line < block + step; line++) {
      for (let place = 0; place < length; place++) {
        const end = Math.min(length, place + reach + 1);
        let most = 0;
        for (let other = Math.max(0, place - reach); other < end; other++) {
          most = Math.max(most, x[line + other * step]);
        }
        result[line + place * step] = most;
      }
    }
  }
  return result;
}

/** Where a result is furthest from what it should be. */
export interface WorstError {
  /** |y − ŷ| as a fraction of what is allowed there. */
  readonly ratio: number;
  /** The element, an index for each axis; empty where nothing errs at all. */
  readonly place: readonly number[];
  /** The same as a sentence, with both values and the error that is allowed. */
  readonly text: string;
}

/**
 * Throws unless |actual − expected| ≤ bound at every element; NaN on any side fails, and so does ∞.
 *
 * @param shape of the result, so that the place is told as [n, k, i, j]; one axis when not given
 * @returns the greatest error, as a fraction of the bound, and its place
 * @throws Error with the place, both values, the error and what is allowed; NnpackError for what are no arrays of numbers
 * @example
 * const { ratio, place } = expectWithin(output, expected, errorBound(problem, data, 'wt8x8'), outputShapeOf(problem));
 */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: ArrayLike<number>,
  shape: readonly number[] = [expected.length],
): WorstError {
  for (const [what, array] of Object.entries({ actual, expected, bound, shape })) expectArray(what, array);
  if (actual.length !== expected.length || sizeOf(shape) !== expected.length) {
    const got = `${actual.length} elements, and ${sizeOf(shape)} in the shape`;
    throw new Error(`expectWithin: got ${got}, expected ${expected.length} (those of the reference)`);
  }
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    const ratio = error === 0 ? 0 : error / bound[i];
    if (ratio <= worst) continue;
    worst = Number.isNaN(ratio) ? Infinity : ratio;
    at = i;
    if (worst === Infinity) break;
  }
  if (at === -1) return { ratio: 0, place: [], text: 'exact everywhere' };
  const place = placeOf(at, shape);
  const allowed = `error ${Math.abs(actual[at] - expected[at])}, allowed ${bound[at]}`;
  const text = `at [${place.join(', ')}]: got ${actual[at]}, expected ${expected[at]}, ${allowed}`;
  if (worst > 1) throw new Error(text);
  return { ratio: worst, place, text };
}

function expectArray(what: string, array: unknown): void {
  const isIndexed = isArray(array) || (ArrayBuffer.isView(array) && !(array instanceof DataView));
  if (isIndexed) return;
  throw new NnpackError('invalid-argument', `expectWithin: ${what} is ${show(array)}, expected an array of numbers`);
}

/** The indices of the element at a row-major position. */
export function placeOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}
