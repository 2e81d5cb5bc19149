/** Convolutions with what was packed of their filters, which is kept as long as the filter's tensor lives. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type ActivationParameters,
  type AlgorithmName,
  type ConvolutionProgram,
  emptyProfile,
} from '../algorithms/algorithm.ts';
import { parseSelection, type Selection } from '../dispatch/select.ts';
import { kernelToPack, selectConvolution, weightSizes, withSelection } from '../layers/convolution-plan.ts';
import { type ConvolutionShape, convolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { CheckedTensor } from '../tensor/tensor.ts';
import type { Kept } from './kept-weights.ts';
import type { Room } from './room.ts';

/** A convolution of planes. */
export interface Problem {
  /** Tells all of it. */
  readonly key: string;
  /** N C H W */
  readonly input: readonly number[];
  /** K C/groups R S */
  readonly kernel: readonly number[];
  readonly padding: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
  readonly stride: { readonly height: number; readonly width: number };
  readonly dilation: { readonly height: number; readonly width: number };
  readonly groups: number;
}

interface PackedFilter extends Kept {
  readonly algorithm: AlgorithmName;
  readonly program: ConvolutionProgram;
}

const SELECTION = parseSelection('nnpack', {});

export function shapeOf(who: string, problem: Problem): ConvolutionShape {
  const { input, kernel, padding, stride, dilation, groups } = problem;
  return convolutionShape(who, input, kernel, { padding, stride, dilation, groups });
}

/**
 * y = activation(x ∗ kernel + bias), and the algorithm that computed it. `kernelOf` sees the filter's elements as K C R S;
 * `use` tells kernels of one filter apart.
 */
export function convolve(
  room: Room,
  use: string,
  problem: Problem,
  activation: ActivationParameters,
  filter: TensorInfo,
  kernelOf: () => CheckedTensor,
  [x, bias, y]: readonly [x: number, bias: number, y: number],
): AlgorithmName {
  const { slope, low, high } = activation;
  const key = `${use} ${problem.key} ${slope} ${low} ${high}`;
  const { algorithm, program, packed } = room.backend.weights.of(filter.dataId, key, () =>
    packFilter(room, use, problem, activation, filter, kernelOf(), bias !== 0),
  );
  program.run(x, packed, bias, y, room.backend.workspace(program.workspaceFloats), emptyProfile());
  return algorithm;
}

/** Once nothing is left that could be moved out of memory that does not suffice, the next best algorithm has its turn. */
function packFilter(
  room: Room,
  who: string,
  problem: Problem,
  activation: ActivationParameters,
  filter: TensorInfo,
  kernel: CheckedTensor,
  hasBias: boolean,
): PackedFilter {
  const { context } = room;
  const shape = shapeOf(who, problem);
  const outputShape = [shape.batch, shape.outputChannels, shape.outputHeight, shape.outputWidth];
  const sizes = { shape, inputShape: problem.input, outputShape, hasBias };
  // Its elements in any order: as they lie they are looked at fast.
  const magnitudes = weightSizes(context, room.view(filter, [sizeOf(filter.shape)]), null);
  const choosing = { who, problem: sizes, selection: SELECTION, context };
  const pack = ({ algorithm }: Selection): PackedFilter => {
    const program = algorithm.plan(shape, 'forward', context, activation);
    return { algorithm: algorithm.name, program, packed: packed(room, who, program, kernel) };
  };
  if (room.isLast) return withSelection(choosing, 'inference', false, magnitudes, pack);
  return pack(selectConvolution(choosing, 'inference', false, magnitudes));
}

/** Where a kernel has been packed, with room for the program's work beside it; no memory is kept where that fails. */
function packed({ context, staging, backend }: Room, who: string, program: ConvolutionProgram, kernel: CheckedTensor) {
  const before = staging.count;
  let at = 0;
  try {
    at = context.arena.allocate(program.packedFloats, who);
    backend.workspace(program.workspaceFloats);
    program.pack(kernelToPack(context, staging, kernel), at, emptyProfile());
    return at;
  } catch (error) {
    context.arena.release(at);
    throw error;
  } finally {
    staging.release(before);
  }
}
