/** A convolution prepared once and run many times: the packed kernel, the workspace, and why it runs as it does. */
import type { AlgorithmName, ConvolutionProgram, Profile, WeightSizes } from '../algorithms/algorithm.ts';
import { readOptions } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { ConvolutionExplanation, describeShape } from '../dispatch/explain.ts';
import type { NnpackEntry } from '../dispatch/nnpack-rule.ts';
import { type Magnitudes, type Selection, selectAlgorithm } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { LEAST_NORMAL } from '../maths/float32.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, copyIn, isDense } from '../tensor/tensor.ts';
import {
  type ParsedConvolution,
  PLAN_FIELDS,
  type PlanConvolutionOptions,
  parseConvolution,
} from './convolution-options.ts';
import { LayerPlan } from './plan.ts';
import { arenaOffset, isInPlace, type Staging, staged } from './staging.ts';

/**
 * Prepares a convolution: chooses the algorithm, transforms and packs the kernel, and allocates the workspace, so that
 * `run` does nothing but compute.
 *
 * @throws NnpackError for arguments that make no sense together, or more memory than the context has
 * @example
 * const plan = planConvolution({ input: { shape: [1, 64, 56, 56] }, kernel, bias, padding: 1, activation: 'relu' });
 * for (const image of images) show(plan.run(image));
 * plan.dispose();
 */
export function planConvolution(options: PlanConvolutionOptions): ConvolutionPlan {
  const who = 'planConvolution';
  const read = readOptions<PlanConvolutionOptions>(who, options, PLAN_FIELDS);
  return withPlan(parseConvolution(who, read, checkShape), 'inference', false, (plan) => plan);
}

/** Plans, and does `work` with the plan. `greatestInput` is the greatest |x| of the one input there is, for a call. */
export function withPlan<Result>(
  parsed: ParsedConvolution,
  entry: NnpackEntry,
  packsEachCall: boolean,
  work: (plan: ConvolutionPlan) => Result,
  greatestInput?: () => number,
): Result {
  const { problem, kernel, bias, activation, context } = parsed;
  const magnitudes = { ...weightSizes(context, kernel, bias), input: greatestInput };
  return withSelection(parsed, entry, packsEachCall, magnitudes, (selection) => {
    const program = selection.algorithm.plan(problem.shape, 'forward', context, activation);
    const plan = new ConvolutionPlan(parsed, selection, program);
    try {
      return work(plan);
    } catch (error) {
      plan.dispose();
      throw error;
    }
  });
}

/** What a choice follows from. */
type Choosing = Pick<ParsedConvolution, 'who' | 'problem' | 'selection' | 'context'>;

/**
 * Does `work` with the algorithm that is chosen. Where the choice is automatic and memory does not suffice, the next best algorithm
 * has its turn, down to the reference, which needs none: but for a batch-invariant context, whose choice depends on one image alone.
 */
export function withSelection<Result>(
  choosing: Choosing,
  entry: NnpackEntry,
  packsEachCall: boolean,
  magnitudes: Magnitudes | null,
  work: (selection: Selection) => Result,
): Result {
  const isSettled = choosing.selection.algorithm !== 'auto' || choosing.context.batchInvariant;
  const tried = new Set<AlgorithmName>();
  for (;;) {
    const selection = selectConvolution(choosing, entry, packsEachCall, magnitudes, tried);
    const { name } = selection.algorithm;
    try {
      return work(selection);
    } catch (error) {
      const isShort = error instanceof NnpackError && error.code === 'out-of-memory';
      if (!isShort || isSettled || name === 'reference') throw error;
      tried.add(name);
    }
  }
}

export function selectConvolution(
  { who, problem, selection, context }: Choosing,
  entry: NnpackEntry,
  packsEachCall: boolean,
  magnitudes: Magnitudes | null,
  tried?: ReadonlySet<AlgorithmName>,
): Selection {
  const { shape, hasBias } = problem;
  return selectAlgorithm(who, shape, hasBias, entry, packsEachCall, selection, context, magnitudes, tried);
}

/** The greatest |w| and |b|. */
export function weightSizes(context: Context, kernel: CheckedTensor, bias: CheckedTensor | null): WeightSizes {
  return { kernel: greatestIn(context, kernel), bias: bias === null ? 0 : greatestIn(context, bias) };
}

/** The greatest magnitude of a tensor, NaN passed over. */
export function greatestIn(context: Context, tensor: CheckedTensor): number {
  const size = sizeOf(tensor.shape);
  if (isInPlace(context, tensor)) return context.kernels.greatest(size, arenaOffset(tensor));
  if (isDense(tensor)) return context.kernels.greatestOf(tensor.data.subarray(tensor.offset, tensor.offset + size));
  const copy = new Float32Array(size);
  copyIn(tensor, copy, 0);
  return context.kernels.greatestOf(copy);
}

/** Where a kernel lies to be packed. Packing may make 0 of its subnormal numbers, but never of the caller's own. */
export function kernelToPack(context: Context, staging: Staging, kernel: CheckedTensor): number {
  if (!isInPlace(context, kernel)) return staging.input(kernel);
  const [size, at] = [sizeOf(kernel.shape), arenaOffset(kernel)];
  if (context.kernels.least(size, at) >= LEAST_NORMAL) return at;
  const copy = staging.allocate(size);
  context.kernels.flush(size, at, copy);
  return copy;
}

/** A planned convolution: what it is, and why. */
export class ConvolutionPlan extends LayerPlan {
  /** The algorithm that was chosen or named. */
  readonly algorithm: AlgorithmName;
  /** The sizes that it was planned for. */
  readonly shape: ConvolutionShape;
  readonly #selection: Selection;

  /** @internal */
  constructor(parsed: ParsedConvolution, selection: Selection, program: ConvolutionProgram) {
    const { who, context, problem, kernel, bias } = parsed;
    const { inputShape, outputShape } = problem;
    const pack = (packed: number, profile: Profile): void =>
      staged(context, who, (staging) => program.pack(kernelToPack(context, staging, kernel), packed, profile));
    const { algorithm } = selection;
    const choice = {
      algorithm: algorithm.name,
      why: () => selection.why,
      describe: () => describeShape(problem.shape),
    };
    super({ who, choice, context, inputShape, outputShape, program, bias, pack });
    this.algorithm = selection.algorithm.name;
    this.shape = problem.shape;
    this.#selection = selection;
  }

  /** Why the plan runs as it does. */
  explain(): ConvolutionExplanation {
    return new ConvolutionExplanation('plan', this.shape, this.#selection);
  }
}
