/**
 * How far a node may be from its definition in double, given what it read: the error that its own roundings explain. What
 * nodes before it have rounded is in what it reads, so that errors do not pile up.
 *
 *   convolution         the bound of its algorithm, of which `explain` tells the constant
 *   other sums          (n + 2) ε · (|x| · |w| + |b|), n the roundings of a sum of the kernel table
 *   normalisations      a rounding of scale, shift, product and sum, of their magnitudes
 *   everything else     double within, and one rounding: ε |y|
 *
 * Whatever a value's type, its own rounding comes on top. Activations that are fused enlarge no difference.
 */
import type { AlgorithmName } from '../../algorithms/algorithm.ts';
import type { Context } from '../../context/context.ts';
import { EPSILON } from '../../dispatch/select.ts';
import type { Node } from '../../graph/graph.ts';
import { convolutionWindow } from '../../graph/ops/convolution.ts';
import { operationOf } from '../../graph/ops/table.ts';
import { windowsOf } from '../../graph/ops/windows.ts';
import type { DoubleTensor, Dtype } from '../../graph/values.ts';
import { localResponseRoundings } from '../../kernels/simd/local-response.ts';
import type { PerAxis } from '../../tensor/convolution-shape.ts';
import { errorBound } from '../../testing/bounds.ts';
import type { ConvolutionData, Problem } from '../../testing/problems.ts';

/** A node as it ran, and what it read. */
export interface Ran {
  readonly node: Node;
  readonly inputs: readonly (DoubleTensor | null)[];
  /** What its definition makes of them. */
  readonly expected: readonly DoubleTensor[];
  readonly algorithm: string | null;
  readonly context: Context;
}

/** The least number of float32, half of which a rounding may lose where ε |y| is less. */
const LEAST = 2 ** -149;

/** Relative to the value: half of the last bit. */
const OWN_ROUNDINGS: Partial<Record<Dtype, number>> = { float32: 2 ** -24, float16: 2 ** -11, bfloat16: 2 ** -8 };
/** The least that a half has. */
const OWN_LEAST: Partial<Record<Dtype, number>> = { float16: 2 ** -24, bfloat16: 2 ** -133 };

/** From where on a number rounds to infinity: half a last bit beyond the greatest. */
const OVERFLOWS: Partial<Record<Dtype, number>> = {
  float32: 2 ** 128 - 2 ** 103,
  float16: 2 ** 16 - 2 ** 4,
  bfloat16: 2 ** 128 - 2 ** 119,
};

/** How far a value is from what it should be: NaN meets NaN, and an infinity itself, or what its type has no number for. */
export function distance(value: number, expected: number, allowed: number, dtype: Dtype): number {
  if (Object.is(value, expected) || value === expected) return 0;
  const isAway = !Number.isFinite(value) && Math.sign(value) === Math.sign(expected);
  if (isAway && Math.abs(expected) + allowed >= (OVERFLOWS[dtype] ?? Infinity)) return 0;
  const error = Math.abs(value - expected);
  return Number.isNaN(error) ? Infinity : error;
}

/** The error allowed at each element of output `o`. */
export function allowedError(ran: Ran, o: number, dtype: Dtype): Float64Array {
  const expected = ran.expected[o];
  const own = OWN_ROUNDINGS[dtype] ?? 0;
  const least = OWN_LEAST[dtype] ?? LEAST;
  const rule = o === 0 ? BOUNDS.get(ran.node.op) : undefined;
  const inner = rule?.(ran) ?? onceRounded(expected);
  // Sums in double too end in another last bit of a double where terms come in another order.
  const slack = 2 ** -48 * greatest(ran.inputs[0]);
  return expected.data.map((y, i) => 1.01 * (inner[i] + own * (Math.abs(y) + inner[i])) + least + slack);
}

function onceRounded({ data }: DoubleTensor): Float64Array {
  return data.map((y) => EPSILON * Math.abs(y));
}

function greatest(value: DoubleTensor | null | undefined): number {
  let most = 0;
  for (const x of value?.data ?? []) if (Math.abs(x) > most && Number.isFinite(x)) most = Math.abs(x);
  return most;
}

type Bound = (ran: Ran) => Float64Array | null;

const BOUNDS: ReadonlyMap<string, Bound> = new Map<string, Bound>([
  ['convolution', convolutionBound],
  ['convolution-nd', (ran) => sumsBound(ran, termsOf(ran.inputs[1]))],
  // Each output adds up products of a column, then what overlaps.
  ['transposed-convolution', (ran) => sumsBound(ran, termsOf(ran.inputs[1], [0, 2, 3, 4]))],
  ['fully-connected', (ran) => sumsBound(ran, termsOf(ran.inputs[1]))],
  ['matrix-product', (ran) => sumsBound(ran, ran.inputs[0]?.shape.at(-1) ?? 1, ran.inputs[0]?.shape.at(-2))],
  ['addition', (ran) => scaled(magnitude(ran), ran.inputs.length)],
  ['sum', (ran) => scaled(magnitude(ran), ran.inputs.length)],
  ['average-pooling', (ran) => scaled(magnitude(ran), 1)],
  ['resize', (ran) => scaled(magnitude(ran), 8)],
  ['scale-shift', (ran) => scaled(magnitude(ran), 4)],
  ['batch-normalisation', (ran) => scaled(magnitude(ran, [false, false, false, true, false]), 8)],
  ['batch-normalisation-nd', (ran) => scaled(magnitude(ran, [false, false, false, true, false]), 8)],
  ['layer-normalisation', normalisedBound],
  ['group-normalisation', normalisedBound],
  ['softmax', ({ expected: [y] }) => y.data.map((p) => 2.001 * EPSILON * p)],
  ['local-response-normalisation', responseBound],
]);

/** Of the sums of a matrix product, with a bias. */
function sumsBound(ran: Ran, terms: number, otherTerms = 0): Float64Array {
  const roundings = Math.max(ran.context.kernels.gemmRoundings(terms), ran.context.kernels.gemmRoundings(otherTerms));
  return scaled(magnitude(ran), roundings + 3);
}

/** How many products a sum has: of all axes of a kernel but the first. */
function termsOf(kernel: DoubleTensor | null, axes?: readonly number[]): number {
  const shape = kernel?.shape ?? [];
  return (axes?.map((axis) => shape[axis] ?? 1) ?? shape.slice(1)).reduce((product, size) => product * size, 1);
}

/** The node on the magnitudes of what it reads, or their negatives where it takes them away; without its activation. */
function magnitude({ node, inputs }: Ran, isTaken: readonly boolean[] = []): Float64Array {
  const read = inputs.map((value, i) => {
    return value && { ...value, data: value.data.map((x) => (isTaken[i] ? -Math.abs(x) : Math.abs(x))) };
  });
  // A variance is positive, and stays what it is.
  const plain = { ...node, attributes: { ...node.attributes, activation: undefined } } as Node;
  const [{ data }] = operationOf(plain).reference(plain, read);
  return data.map(Math.abs);
}

function scaled(values: Float64Array, roundings: number): Float64Array {
  return values.map((value) => roundings * EPSILON * value);
}

/** (x − mean) · inverse, rounded, times gamma, plus beta: roundings of what is as large as y and beta together. */
function normalisedBound({ inputs, expected: [y] }: Ran): Float64Array {
  const beta = greatest(inputs[2]);
  return y.data.map((value) => 4 * EPSILON * (Math.abs(value) + 2 * beta));
}

function responseBound({ node, expected: [y] }: Ran): Float64Array {
  const { size, beta } = node.attributes as { readonly size: number; readonly beta: number };
  return scaled(y.data.map(Math.abs), localResponseRoundings(size, beta) + 1);
}

/** null where its algorithm has no bound of its own. */
function convolutionBound({ node, inputs, algorithm, context }: Ran): Float64Array | null {
  const found = convolutionProblem(node as Node<'convolution'>, inputs);
  if (algorithm === null) return null;
  if (algorithm === 'dots' || algorithm === 'gemm') {
    const roundings = context.kernels.gemmRoundings(termsOf(inputs[1])) + 2;
    return errorBound(found.problem, found.data, { constant: 1.01 * roundings, reachHeight: 0, reachWidth: 0 });
  }
  return errorBound(found.problem, found.data, algorithm as AlgorithmName);
}

/** A convolution as the problems of `nnpack-ts/testing`, whose loops are the fastest in double. */
export function convolutionProblem(
  node: Node<'convolution'>,
  [input, kernel, bias]: readonly (DoubleTensor | null)[],
): { problem: Problem; data: ConvolutionData } {
  const [x, w] = [input as DoubleTensor, kernel as DoubleTensor];
  const [height, width] = x.shape.slice(2);
  const [rows, columns] = w.shape.slice(2);
  const { stride = 1, dilation = 1, groups = 1, activation = 'identity' } = node.attributes;
  const { padding } = windowsOf(convolutionWindow(node, [rows, columns]), height, width);
  const problem: Problem = {
    ...{ inputShape: x.shape, kernelShape: w.shape, hasBias: bias != null, groups, activation, seed: 0 },
    ...{ padding: sidesOf(padding), stride: axesOf(stride), dilation: axesOf(dilation) },
  };
  const floats = (value: DoubleTensor) => Float32Array.from(value.data);
  return { problem, data: { input: floats(x), kernel: floats(w), bias: bias ? floats(bias) : null } };
}

function axesOf(value: PerAxis): { height: number; width: number } {
  return typeof value === 'number' ? { height: value, width: value } : value;
}

function sidesOf(padding: number | Problem['padding']): Problem['padding'] {
  if (typeof padding !== 'number') return padding;
  return { top: padding, right: padding, bottom: padding, left: padding };
}
