/** Our convolutions as candidates of the benchmark: plans that are run from tensors of the context's memory. */
import type { AlgorithmName, Profile } from '../src/algorithms/algorithm.ts';
import type { Phases } from '../src/cli/score/result.ts';
import type { Context } from '../src/context/context.ts';
import { DEFAULT_ALGORITHM } from '../src/dispatch/select.ts';
import { explainConvolution } from '../src/layers/convolution.ts';
import { type ConvolutionPlan, planConvolution } from '../src/layers/convolution-plan.ts';
import { makeTensor, type Tensor } from '../src/tensor/ndarray.ts';
import type { LayerProblem } from './layers.ts';
import { timed } from './limits.ts';
import type { Timeable } from './statistics.ts';

export interface OurConvolution extends Timeable {
  time(): number;
  readonly plan: ConvolutionPlan;
  /** The result of the last run, N K H′ W′. */
  result(): Float32Array;
  /** The phases of a run of so many milliseconds: those of the nearest run, scaled to that time. */
  phases(milliseconds: number): Phases;
  dispose(): void;
}

/** `input`: the problem's images in the context's memory, which several convolutions may share; else it has its own. */
export function ourConvolution(
  context: Context,
  problem: LayerProblem,
  algorithm: AlgorithmName | 'auto',
  input?: Tensor,
): OurConvolution {
  const plan = planConvolution({
    ...geometryOf(problem),
    context,
    algorithm,
    kernel: makeTensor(problem.kernel, problem.kernelShape),
    bias: makeTensor(problem.bias, [problem.layer.outputChannels]),
  });
  const own = input === undefined ? imagesOf(context, problem) : null;
  const images = input ?? (own as Tensor);
  const output = context.allocate(problem.outputShape);
  const profiles: Profile[] = [];
  return {
    name: plan.algorithm,
    plan,
    time() {
      const milliseconds = timed(() => plan.run(images, output));
      profiles.push({ ...plan.profile });
      return milliseconds;
    },
    result: () => output.data.slice(output.offset, output.offset + output.size),
    phases: (milliseconds) => phasesOf(profiles, milliseconds),
    dispose() {
      plan.dispose();
      if (own !== null) context.free(own);
      context.free(output);
    },
  };
}

/** The images of a problem as a tensor of the context's memory. */
export function imagesOf(context: Context, { input, inputShape }: LayerProblem): Tensor {
  const images = context.allocate(inputShape);
  images.data.set(input, images.offset);
  return images;
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

export interface Estimates {
  /** The algorithm that the dispatcher takes, and the milliseconds that it expects. */
  readonly chosen: AlgorithmName;
  readonly estimate: number;
  /** The estimate of every eligible algorithm except the reference. */
  readonly eligible: readonly { readonly algorithm: AlgorithmName; readonly milliseconds: number }[];
}

export function estimatesOf(context: Context, problem: LayerProblem): Estimates {
  const { algorithm: chosen, candidates } = explainConvolution({
    ...geometryOf(problem),
    context,
    kernel: { shape: problem.kernelShape },
    bias: { shape: [problem.layer.outputChannels] },
  });
  const eligible = candidates.flatMap(({ algorithm, refusal, cost }) =>
    refusal === null && cost !== null && algorithm !== 'reference' ? [{ algorithm, milliseconds: cost.run }] : [],
  );
  const estimate = eligible.find(({ algorithm }) => algorithm === chosen)?.milliseconds ?? Number.NaN;
  return { chosen, estimate, eligible };
}

/** The algorithms whose estimated time is within so many times the least one. */
export function within(limit: number, { eligible }: Estimates): AlgorithmName[] {
  const most = limit * Math.min(...eligible.map(({ milliseconds }) => milliseconds));
  return eligible.filter(({ milliseconds }) => milliseconds <= most).map(({ algorithm }) => algorithm);
}

/** An algorithm whose estimate beats another's by so much needs no measurement. */
const NO_CONTEST = 5;

export interface Rivals extends Estimates {
  readonly convolutions: readonly OurConvolution[];
}

/**
 * One convolution for each algorithm that may win: those that are eligible and whose estimated time is within five times
 * the least one (large Fourier tiles of small images take a thousand times as long), and the default implementation.
 */
export function rivals(context: Context, problem: LayerProblem): Rivals {
  const estimates = estimatesOf(context, problem);
  const algorithms = new Set([...within(NO_CONTEST, estimates), DEFAULT_ALGORITHM]);
  return { ...estimates, convolutions: [...algorithms].map((name) => ourConvolution(context, problem, name)) };
}
