/**
 * The property at the core of the test suite, for one problem: an algorithm of this library gives the sum in double
 * within its bound, and the same bits in every context, whatever was in memory before.
 */
import { ALGORITHM_NAMES, type AlgorithmName, type ErrorBound } from '../algorithms/algorithm.ts';
import { algorithmNamed } from '../algorithms/list.ts';
import { isFloat32Array } from '../check/arrays.ts';
import { expectOneOf, reading } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { convolutionOutput } from '../layers/convolution.ts';
import { makeTensor, sizeOf } from '../tensor/ndarray.ts';
import { errorBound, expectWithin, placeOf, readBound, type WorstError } from './bounds.ts';
import { convolutionReference } from './naive.ts';
import { type ConvolutionData, convolutionData, outputShapeOf, type Problem, readProblem } from './problems.ts';

/** Computes a problem in a context; what is put to the test. */
export type Convolve = (
  problem: Problem,
  data: ConvolutionData,
  algorithm: AlgorithmName,
  context: Context,
) => Float32Array;

/** A convolution of one's own. It must give the whole result at once; what does so later is held by `expectWithin`. */
export type OwnConvolve = (problem: Problem, data: ConvolutionData) => Float32Array;

/**
 * Runs a problem by an algorithm in each context, usually of one kernel table and 1, 2, 3 threads.
 *
 * A kernel of one's own is run once, and held to the bound of one of this library's algorithms, by its name, or to constants of
 * one's own (`ErrorBound`).
 *
 * @param contexts of the check's own: all of their memory is overwritten
 * @param convolve in place of `convolutionOutput`
 * @returns the worst error, or null where the algorithm does not serve the problem
 * @throws Error that says where the result is wrong, or differs between two contexts
 * @example
 * const contexts = await Promise.all([1, 2].map((threads) => createContext({ threads })));
 * const problems = convolutionProblem({ algorithm: 'wt8x8' });
 * fc.assert(fc.property(problems, (problem) => void checkConvolution(problem, 'wt8x8', contexts)));
 * @example
 * // a kernel of one's own errs no more than a sum of products that rounds each of them
 * fc.assert(fc.property(convolutionProblem(), (problem) => void checkConvolution(problem, 'implicit-gemm', mine)));
 */
export function checkConvolution(
  problem: Problem,
  algorithm: AlgorithmName,
  contexts: readonly Context[],
  convolve?: Convolve,
): WorstError | null;
export function checkConvolution(
  problem: Problem,
  bound: AlgorithmName | ErrorBound,
  convolve: OwnConvolve,
): WorstError | null;
export function checkConvolution(
  problem: Problem,
  bound: AlgorithmName | ErrorBound,
  contexts: readonly Context[] | OwnConvolve,
  convolve?: Convolve,
): WorstError | null {
  if (typeof contexts === 'function') return checkOwn(problem, bound, contexts);
  return checkAlgorithm(problem, bound as AlgorithmName, contexts, convolve);
}

function checkOwn(problem: Problem, bound: AlgorithmName | ErrorBound, convolve: OwnConvolve): WorstError | null {
  const { shape, ...read } = readProblem(WHO, problem);
  const constants = readBound(WHO, bound, shape);
  if (typeof constants === 'string') return null;
  const data = convolutionData(read);
  const outputShape = outputShapeOf(read);
  const result = expectResult(convolve(read, data), sizeOf(outputShape));
  return expectWithin(result, convolutionReference(read, data), errorBound(read, data, constants), outputShape);
}

function checkAlgorithm(
  problem: Problem,
  algorithm: AlgorithmName,
  contexts: readonly Context[],
  convolve: Convolve = convolveHere,
): WorstError | null {
  const { shape, ...read } = readProblem(WHO, problem);
  expectOneOf(WHO, 'algorithm', algorithm, ALGORITHM_NAMES, 'invalid-algorithm');
  const own = readContexts(contexts);
  if (typeof convolve !== 'function') {
    throw new NnpackError('invalid-argument', `${WHO}: convolve is ${show(convolve)}, expected a function`);
  }
  if (algorithmNamed(algorithm).supports(shape, 'forward') !== null) return null;
  const data = convolutionData(read);
  const outputShape = outputShapeOf(read);
  const results = own.map((context) => {
    poison(context);
    return expectResult(convolve(read, data, algorithm, context), sizeOf(outputShape));
  });
  const bound = algorithmNamed(algorithm).errorBound(shape, 'forward', own[0]);
  const allowed = errorBound(read, data, bound);
  const worst = expectWithin(results[0], convolutionReference(read, data), allowed, outputShape);
  results.forEach((result, i) => {
    const differs = firstDifference(result, results[0]);
    if (differs === -1) return;
    const [one, other] = [own[0], own[i]].map((context) => context.pool.threadsCount);
    const values = `got ${text(results[0][differs])} on ${one} and ${text(result[differs])} on ${other} threads`;
    throw new Error(`at [${placeOf(differs, outputShape).join(', ')}]: ${values}, expected the same bits`);
  });
  return worst;
}

const WHO = 'checkConvolution';

function readContexts(contexts: unknown): readonly Context[] {
  const list = isArray(contexts) ? reading(WHO, 'contexts', 'invalid-context', () => Array.from(contexts)) : [];
  if (list.length === 0) {
    throw new NnpackError('invalid-context', `${WHO}: contexts are ${show(contexts)}, expected an array of contexts`);
  }
  // Without one `contextOf` gives the default context, which is nobody's own.
  return list.map((context) => contextOf(WHO, context ?? null));
}

function expectResult(result: unknown, size: number): Float32Array {
  if (isFloat32Array(result) && result.length === size) return result;
  const got = isFloat32Array(result) ? `${result.length} elements` : show(result);
  throw new NnpackError('invalid-output', `${WHO}: convolve gave ${got}, expected a Float32Array of ${size} elements`);
}

/** By the layer as a user calls it, into an output of NaN: what is not written shows. */
export function convolveHere(problem: Problem, data: ConvolutionData, algorithm: AlgorithmName, context: Context) {
  const { inputShape, kernelShape, padding, stride, dilation, groups, activation } = problem;
  const outputShape = outputShapeOf(problem);
  const output = new Float32Array(sizeOf(outputShape)).fill(Number.NaN);
  convolutionOutput({
    padding,
    stride,
    dilation,
    groups,
    activation,
    algorithm,
    context,
    input: makeTensor(data.input, inputShape),
    kernel: makeTensor(data.kernel, kernelShape),
    ...(data.bias === null ? {} : { bias: makeTensor(data.bias, [data.bias.length]) }),
    output: makeTensor(output, outputShape),
  });
  return output;
}

/** Most that is made NaN before each run, in elements: more than the workspaces of drawn problems take. */
const POISONED = 1_000_000;

/** What memory is filled from: an engine copies into shared memory by the word, and fills it by the element. */
const NANS = new Float32Array(2 ** 14).fill(Number.NaN);

/** The arena becomes NaN, so that a workspace that is read before it is written shows. */
function poison(context: Context): void {
  const { f32, usedBytes } = context.arena;
  if (usedBytes > 0) {
    const what = `the context holds ${usedBytes} bytes of tensors or plans, expected none: its memory is overwritten`;
    throw new NnpackError('invalid-context', `${WHO}: ${what}`);
  }
  const end = Math.min(f32.length, POISONED);
  for (let at = 0; at < end; at += NANS.length) f32.set(NANS.subarray(0, end - at), at);
}

/** Where the bits of two results differ first; −1 where they do not. */
function firstDifference(a: Float32Array, b: Float32Array): number {
  const [bitsA, bitsB] = [a, b].map((data) => new Int32Array(data.buffer, data.byteOffset, data.length));
  return bitsA.findIndex((bits, i) => bits !== bitsB[i]);
}

function text(value: number): string {
  return Object.is(value, -0) ? '-0' : `${value}`;
}
