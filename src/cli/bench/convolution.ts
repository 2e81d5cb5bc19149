/** Our convolutions as candidates of the benchmark: plans that are run from tensors of the context's memory. */
import type { AlgorithmName, Profile } from '../../algorithms/algorithm.ts';
import { DEFAULT_ALGORITHM } from '../../dispatch/select.ts';
import { explainConvolution } from '../../layers/convolution.ts';
import { type ConvolutionPlan, planConvolution } from '../../layers/convolution-plan.ts';
import { makeTensor, sizeOf, type Tensor } from '../../tensor/ndarray.ts';
import type { Context } from '../../threads/context.ts';
import type { Phases } from '../score/result.ts';
import type { LayerProblem } from './layers.ts';
import type { Candidate } from './statistics.ts';

export interface OurConvolution extends Candidate {
  time(): number;
  readonly plan: ConvolutionPlan;
  /** The result of the last run, N K H′ W′. */
  result(): Float32Array;
  /** The phases of a run of so many milliseconds: those of the run that came nearest, scaled to it. */
  phases(milliseconds: number): Phases;
  dispose(): void;
}

/** `fromOutside`: input and output are plain arrays, as a peer's are, instead of tensors of the context's memory. */
export function ourConvolution(
  context: Context,
  problem: LayerProblem,
  algorithm: AlgorithmName | 'auto',
  fromOutside = false,
): OurConvolution {
  const plan = planConvolution({
    ...geometryOf(problem),
    context,
    algorithm,
    kernel: makeTensor(problem.kernel, problem.kernelShape),
    bias: makeTensor(problem.bias, [problem.layer.outputChannels]),
  });
  const tensor = (shape: readonly number[]): Tensor =>
    fromOutside ? makeTensor(new Float32Array(sizeOf(shape)), shape) : context.allocate(shape);
  const input = tensor(problem.inputShape);
  const output = tensor(problem.outputShape);
  input.data.set(problem.input, input.offset);
  const profiles: Profile[] = [];
  return {
    name: plan.algorithm,
    plan,
    time() {
      const start = performance.now();
      plan.run(input, output);
      const milliseconds = performance.now() - start;
      profiles.push({ ...plan.profile });
      return milliseconds;
    },
    result: () => output.data.slice(output.offset, output.offset + output.size),
    phases: (milliseconds) => phasesOf(profiles, milliseconds),
    dispose() {
      plan.dispose();
      context.free(input);
      context.free(output);
    },
  };
}

function geometryOf({ inputShape, layer: { stride, padding, dilation, groups } }: LayerProblem) {
  return { input: { shape: inputShape }, stride, padding, dilation, groups };
}

function phasesOf(profiles: readonly Profile[], milliseconds: number): Phases {
  const distance = ({ total }: Profile): number => Math.abs(total - milliseconds);
  const nearest = profiles.reduce((best, next) => (distance(next) < distance(best) ? next : best));
  const scale = milliseconds / nearest.total;
  return {
    inputTransform: nearest.inputTransform * scale,
    blockMultiplication: nearest.blockMultiplication * scale,
    outputTransform: nearest.outputTransform * scale,
    other: nearest.other * scale,
  };
}

/** An algorithm that beats another by so much in the estimate needs no measurement to tell. */
const NO_CONTEST = 5;

export interface Contenders {
  /** What the dispatcher takes, and the milliseconds that it expects of it. */
  readonly chosen: AlgorithmName;
  readonly estimate: number;
  readonly convolutions: readonly OurConvolution[];
}

/**
 * One convolution for each algorithm that may win: those that are eligible and whose estimated time is within five times
 * the least one (large Fourier tiles of small images take a thousand times as long), and the default implementation.
 */
export function contenders(context: Context, problem: LayerProblem): Contenders {
  const { algorithm: chosen, candidates } = explainConvolution({
    ...geometryOf(problem),
    context,
    kernel: { shape: problem.kernelShape },
    bias: { shape: [problem.layer.outputChannels] },
  });
  const estimates = candidates.flatMap(({ algorithm, refusal, cost }) =>
    refusal === null && cost !== null && algorithm !== 'reference' ? [{ algorithm, milliseconds: cost.run }] : [],
  );
  const limit = NO_CONTEST * Math.min(...estimates.map(({ milliseconds }) => milliseconds));
  const taken = estimates.filter(
    ({ algorithm, milliseconds }) => milliseconds <= limit || algorithm === DEFAULT_ALGORITHM,
  );
  return {
    chosen,
    estimate: estimates.find(({ algorithm }) => algorithm === chosen)?.milliseconds ?? Number.NaN,
    convolutions: taken.map(({ algorithm }) => ourConvolution(context, problem, algorithm)),
  };
}
