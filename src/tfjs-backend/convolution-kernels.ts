/** Convolutions with what was packed of their filters, which is kept as long as the filter's tensor lives. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type ActivationParameters,
  type AlgorithmName,
  type ConvolutionProgram,
  emptyProfile,
} from '../algorithms/algorithm.ts';
import { parseSelection } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { kernelToPack, selectConvolution, weightSizes } from '../layers/convolution-plan.ts';
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

/** Where memory does not suffice, the next best algorithm has its turn, down to the reference, which needs none. */
function packFilter(
  room: Room,
  who: string,
  problem: Problem,
  activation: ActivationParameters,
  filter: TensorInfo,
  kernel: CheckedTensor,
  hasBias: boolean,
): PackedFilter {
  const { context, staging } = room;
  const shape = shapeOf(who, problem);
  const outputShape = [shape.batch, shape.outputChannels, shape.outputHeight, shape.outputWidth];
  const sizes = { shape, inputShape: problem.input, outputShape, hasBias };
  // Its elements in any order: as they lie they are looked at fast.
  const magnitudes = weightSizes(context, room.view(filter, [sizeOf(filter.shape)]), null);
  const tried = new Set<AlgorithmName>();
  for (;;) {
    const parsed = { who, problem: sizes, selection: SELECTION, context };
    const { algorithm } = selectConvolution(parsed, 'inference', false, magnitudes, tried);
    const program = algorithm.plan(shape, 'forward', context, activation);
    const before = staging.count;
    let packed = 0;
    try {
      packed = context.arena.allocate(program.packedFloats, who);
      room.backend.workspace(program.workspaceFloats);
      program.pack(kernelToPack(context, staging, kernel), packed, emptyProfile());
      return { algorithm: algorithm.name, program, packed };
    } catch (error) {
      context.arena.release(packed);
      const isShort = error instanceof NnpackError && error.code === 'out-of-memory';
      if (!isShort || !room.isLast || algorithm.name === 'reference') throw error;
      tried.add(algorithm.name);
    } finally {
      staging.release(before);
    }
  }
}
