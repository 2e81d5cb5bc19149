import type { GemmNumbers, KernelNumbers, KernelTable } from '../kernels/table.ts';
import { GREATEST } from '../maths/float32.ts';
import { FLUSH_IN_UNDERFLOWS, type TileRange } from '../maths/range.ts';
import { FOURIER_TILES, STRIDED_TILES, type StridedTile, type TileName, WINOGRAD_TILES } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { ThreadPool } from '../threads/pool.ts';

/**
 * A way to compute a convolution, named as in NNPACK: `ft8x8` and the like are Fourier tiles and `wt8x8` and the like Winograd
 * tiles of so many elements, `-strided` those that serve strides, `direct` serves 1×1 kernels on the pixels as they lie,
 * `depthwise` groups of one input channel, and `reference` sums in double.
 */
export type AlgorithmName =
  | 'direct'
  | 'depthwise'
  | TileName
  | `${StridedTile['name']}-strided`
  | 'implicit-gemm'
  | 'reference';

/** In the order of preference among equals. */
export const ALGORITHM_NAMES: readonly AlgorithmName[] = [
  'direct',
  'depthwise',
  ...WINOGRAD_TILES.map(({ name }) => name),
  ...STRIDED_TILES.map(({ name }) => `${name}-strided` as const),
  ...FOURIER_TILES.map(({ name }) => name),
  'implicit-gemm',
  'reference',
];

/** What is computed of a convolution: its output, or the gradient of its input or of its kernel. */
export type Pass = 'forward' | 'input-gradient' | 'kernel-gradient';

/** What is known of a machine without its memory: enough to count work and to bound errors. */
export interface MachineModel {
  readonly kernels: KernelNumbers;
  readonly pool: Pick<ThreadPool, 'threadsCount'>;
}

/** What computes: kernels, and threads that run steps with them. A context is one. */
export interface Machine extends MachineModel {
  readonly kernels: KernelTable;
  readonly pool: Pick<
    ThreadPool,
    'threadsCount' | 'thread' | 'parallelize1d' | 'parallelize1dTile1d' | 'parallelize2dTile2d'
  >;
}

/**
 * A way to compute a convolution: a plain object in one ordered list. Its refusals are the text of errors, of `explain`
 * and of the documentation's table.
 */
export interface ConvolutionAlgorithm {
  readonly name: AlgorithmName;
  /** What NNPACK calls it, or null where NNPACK has nothing of the kind. */
  readonly nnpackName: string | null;
  /** Null when it can compute this pass of this shape, else the reason why not. The rest is for what it supports. */
  supports(shape: ConvolutionShape, pass: Pass): string | null;
  /** What it would do, counted and not measured: the input of the cost model and of `explain`. */
  workload(shape: ConvolutionShape, pass: Pass, machine: MachineModel): Workload;
  errorBound(shape: ConvolutionShape, pass: Pass, machine: MachineModel): ErrorBound;
  plan(shape: ConvolutionShape, pass: Pass, machine: Machine, activation: ActivationParameters): ConvolutionProgram;
}

/** The reason that all algorithms give that have the forward pass alone. */
export function refuseGradients(pass: Pass): string | null {
  return pass === 'forward' ? null : `pass is ${pass}, expected forward`;
}

/** So many matrix products (m × k) · (k × n). */
export interface Products {
  readonly count: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Nanoseconds of one matrix product on one thread, estimated from the kernel table's units. */
export function productNanoseconds(kernels: GemmNumbers, m: number, n: number, k: number): number {
  const { multiplyAdd, holdA, packB, writeC, rowStep, step } = kernels.gemmUnits;
  const { nc, kc } = kernels.gemmBlocks;
  const columns = Math.ceil(n / step) * step;
  const rows = Math.ceil(m / rowStep) * rowStep;
  const compute = rows * columns * k * multiplyAdd + m * k * Math.ceil(n / nc) * holdA;
  return compute + k * n * packB + m * n * Math.ceil(k / kc) * writeC;
}

/** Counts of one run. */
export interface Workload {
  /** The tile, and how many of them cover the output, over the whole batch; null and 0 without tiles. */
  readonly tile: TileName | null;
  readonly tiles: number;
  /** Real multiply-adds of the block multiplication, and the matrix products that they are done in. */
  readonly multiplyAdds: number;
  readonly products: Products;
  /** Tiles transformed on the way in (of all input channels) and out, with those that fill up vectors of tiles. */
  readonly inputTiles: number;
  readonly outputTiles: number;
  /** Whether the transforms take one tile of many channels at a time, instead of many tiles of one channel. */
  readonly isByChannels: boolean;
  /** Bytes of transformed tiles, before and after the multiplication; and what one block of them holds. */
  readonly transformedBytes: number;
  readonly blockBytes: number;
  /** Kernels transformed when the plan is made. */
  readonly kernelTiles: number;
  /** Elements gathered from a stride, or copied into padded form; a tile's time includes its copies at stride 1. */
  readonly copied: number;
  /** Bytes of packed kernel read in each run, counting repeated passes. */
  readonly kernelBytesRead: number;
  /** Bytes that a run needs beside its tensors. */
  readonly workspaceBytes: number;
  /** Bytes of the packed kernel. */
  readonly packedBytes: number;
}

/**
 * |y − ŷ| ≤ constant · 2⁻²⁴ · (X ∗ |w| + |b|) + underflow, where X is |x|, or for a tile algorithm the greatest |x| of the
 * same channel within `reach` rows and columns, because a transform mixes all inputs of its tile; as long as no |x| is beyond
 * `inputLimit`.
 */
export interface ErrorBound {
  /** The part that grows with the products and the bias, in units of 2⁻²⁴. */
  readonly constant: number;
  /** Rows within which |x| counts; 0 for algorithms without tiles. */
  readonly reachHeight: number;
  /** Columns within which |x| counts. */
  readonly reachWidth: number;
  /** The error that numbers too small for float32 add, and subnormal weights, which count as 0; none when not given. */
  readonly underflow?: Underflow;
  /** How large the numbers on the way may be. */
  readonly range?: Range;
}

/** An error of 2⁻¹⁵⁰ · (inputs · X ∗ 1 + weights · Σ|w| + alone), with sums over the taps of an output. */
export interface Underflow {
  readonly inputs: number;
  readonly weights: number;
  readonly alone: number;
}

/** No number on the way is greater than these factors times the greatest |x|, |w|, |x| times |w|, and |b|. */
export interface Range {
  readonly input: number;
  readonly kernel: number;
  readonly product: number;
  readonly bias: number;
}

/** The greatest |w| and |b| of a layer. */
export interface WeightSizes {
  /** The greatest |w|. */
  readonly kernel: number;
  /** The greatest |b|; 0 without a bias. */
  readonly bias: number;
}

/** The greatest |x| with which nothing on the way is beyond float32; roundings may enlarge numbers by 1 %. */
export function inputLimit({ input, kernel, product, bias }: Range, weights: WeightSizes): number {
  const greatest = GREATEST / 1.01;
  const left = greatest - bias * weights.bias;
  if (left <= 0 || kernel * weights.kernel > greatest) return 0;
  return Math.min(greatest / input, left / (product * weights.kernel));
}

/** The bound of sums of `terms` products of inputs and weights, the first of which is rounded `roundings` times. */
export function boundOfSums(terms: number, roundings: number): ErrorBound {
  return {
    constant: 1.01 * (1 + roundings),
    reachHeight: 0,
    reachWidth: 0,
    // `inputs` is a weight that counts as 0; `alone` has each product, each sum that is rounded again, the activation.
    underflow: { inputs: 1.01 * FLUSH_IN_UNDERFLOWS, weights: 0, alone: 1.01 * (terms + roundings + 2) },
    range: { input: 1, kernel: 1, product: terms, bias: 1 },
  };
}

/** The range and underflow of a tile, for sums over so many channels. */
export function boundOfTile(
  range: TileRange,
  channels: number,
  roundings: number,
): Pick<ErrorBound, 'underflow' | 'range'> {
  const { underflow, input, kernel, product, bias } = range;
  return {
    underflow: {
      inputs: 1.01 * underflow.input,
      weights: 1.01 * underflow.kernel,
      // One for each product and each rounding of a sum, and one for the activation.
      alone: 1.01 * (underflow.product * (channels + roundings) + underflow.output + 1),
    },
    range: { input, kernel, product: channels * product, bias },
  };
}

/** The numbers of what is applied to each output: y = clamp(y < 0 ? y · slope : y, low, high). */
export interface ActivationParameters {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

export const IDENTITY: ActivationParameters = Object.freeze({ slope: 1, low: -Infinity, high: Infinity });

/** NNPACK's phases, in milliseconds; `other` is what the phases do not cover. */
export interface Profile {
  /** The whole run. */
  total: number;
  /** Transform of the input to tiles; 0 for algorithms without tiles. */
  inputTransform: number;
  /** Transform and packing of the kernel. */
  kernelTransform: number;
  /** Matrix products. */
  blockMultiplication: number;
  /** Transform of the tiles to the output, with the activation; 0 for algorithms without tiles. */
  outputTransform: number;
  other: number;
}

export function emptyProfile(): Profile {
  return { total: 0, inputTransform: 0, kernelTransform: 0, blockMultiplication: 0, outputTransform: 0, other: 0 };
}

/** A convolution laid out for one shape: numbers only from here on. All offsets are into the machine's memory. */
export interface ConvolutionProgram {
  readonly packedFloats: number;
  readonly workspaceFloats: number;
  /**
   * Kernel transform, or a copy where the algorithm reads the kernel as it is. Subnormal numbers count as 0, in the
   * kernel and in its transform, because they would make a run many times slower. The kernel's own may be overwritten
   * with 0.
   */
  pack(kernel: number, packed: number, profile: Profile): void;
  /** `bias` 0 means none. Adds the time of each phase to the profile. */
  run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void;
}

/**
 * A row length in elements that keeps successive rows out of one cache set. It is even, because engines copy within
 * shared memory many times slower between places that differ in their alignment to 8 bytes.
 */
export function pitchFor(columns: number): number {
  const pitch = Math.ceil(columns / 4) * 4;
  return pitch % 128 === 0 ? pitch + 16 : pitch;
}

/** A row length of whole cache lines, an odd number of them: rows read as vectors begin on a line, each in a set of its own. */
export function linePitch(columns: number): number {
  return (Math.ceil(columns / 16) | 1) * 16;
}

/** The distance between planes of so many elements: never a multiple of 2048 bytes, so that planes spread over the cache. */
export function planeStride(elements: number): number {
  const stride = Math.ceil(elements / 16) * 16;
  return stride % 512 === 0 ? stride + 16 : stride;
}

export { now } from '../threads/runtime.ts';
