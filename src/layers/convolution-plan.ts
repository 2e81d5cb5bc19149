/** A convolution prepared once and run many times: the packed kernel, the workspace, and why it runs as it does. */
import type { AlgorithmName, ConvolutionProgram, Profile, WeightSizes } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { ConvolutionExplanation, describeShape } from '../dispatch/explain.ts';
import { type NnpackEntry, nnpackEntry } from '../dispatch/nnpack-rule.ts';
import { type Magnitudes, type Selection, type SelectionOptions, selectAlgorithm } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { LEAST_NORMAL } from '../maths/float32.ts';
import {
  type ConvolutionGeometry,
  type ConvolutionShape,
  convolutionShape,
  GEOMETRY_FIELDS,
} from '../tensor/convolution-shape.ts';
import { sizeOf, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, checkTensor, copyIn, isDense } from '../tensor/tensor.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { checkBias } from './call.ts';
import { LayerPlan } from './plan.ts';
import { arenaOffset, isInPlace, type Staging, staged } from './staging.ts';

/** What every function of the convolution family takes, beside its input. */
export interface ConvolutionOptions extends ConvolutionGeometry, SelectionOptions {
  /** [K, C / groups, R, S] */
  readonly kernel: TensorLike;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  /** Applied to each output; `identity` when not given. */
  readonly activation?: ActivationOption;
  /** The default context when not given. */
  readonly context?: Context;
}

const SELECTION_FIELDS: FieldsOf<SelectionOptions> = {
  algorithm: true,
  eligibility: true,
  rule: true,
  accuracy: true,
  maxError: true,
};

export const CONVOLUTION_FIELDS: FieldsOf<ConvolutionOptions> = {
  ...GEOMETRY_FIELDS,
  ...SELECTION_FIELDS,
  kernel: true,
  bias: true,
  activation: true,
  context: true,
};

export interface PlanConvolutionOptions extends ConvolutionOptions {
  /** [N, C, H, W] or [C, H, W]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

export const PLAN_FIELDS: FieldsOf<PlanConvolutionOptions> = { ...CONVOLUTION_FIELDS, input: true };

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
  return makePlan('planConvolution', options, 'inference', false);
}

/** Plans on behalf of `who`; `packsEachCall` says that the packed kernel will not be used again. */
export function makePlan(
  who: string,
  options: PlanConvolutionOptions,
  entry: NnpackEntry,
  packsEachCall: boolean,
): ConvolutionPlan {
  const read = checkArrays(who, readOptions<PlanConvolutionOptions>(who, options, PLAN_FIELDS));
  return withPlan(who, checkConvolution(who, read), read, entry, packsEachCall, (plan) => plan);
}

/** The options of a convolution whose arrays have been checked. */
type WithArrays<Options> = Omit<Options, 'kernel' | 'bias'> & {
  readonly kernel: CheckedTensor;
  readonly bias?: CheckedTensor;
};

export function checkArrays<Options extends ConvolutionOptions>(who: string, options: Options): WithArrays<Options> {
  const kernel = checkTensor(who, 'kernel', options.kernel, [4]);
  return { ...options, kernel, bias: checkBias(who, options.bias) };
}

/**
 * Plans, and does `work` with the plan. `greatestInput` is the greatest |x| of the one input there is, for a call. Where the choice is automatic and memory does not suffice, the next best algorithm
 * has its turn, down to the reference, which needs none.
 */
export function withPlan<Result>(
  who: string,
  problem: ConvolutionProblem,
  options: WithArrays<ConvolutionOptions>,
  entry: NnpackEntry,
  packsEachCall: boolean,
  work: (plan: ConvolutionPlan) => Result,
  greatestInput?: () => number,
): Result {
  const { kernel, bias = null } = options;
  const context = contextOf(who, options.context);
  const activation = checkActivation(who, options.activation);
  const magnitudes = { ...weightSizes(context, kernel, bias), input: greatestInput };
  const tried = new Set<AlgorithmName>();
  for (;;) {
    const selection = selectConvolution(who, problem, options, entry, packsEachCall, context, magnitudes, tried);
    let plan: ConvolutionPlan | null = null;
    try {
      const program = selection.algorithm.plan(problem.shape, 'forward', context, activation);
      plan = new ConvolutionPlan(who, context, problem, selection, program, kernel, bias);
      return work(plan);
    } catch (error) {
      plan?.dispose();
      const isShort = error instanceof NnpackError && error.code === 'out-of-memory';
      const isForced = options.algorithm !== undefined && options.algorithm !== 'auto';
      if (!isShort || isForced || selection.algorithm.name === 'reference') throw error;
      tried.add(selection.algorithm.name);
    }
  }
}

/** The checked sizes of a call, and the shape of what it returns. */
export interface ConvolutionProblem {
  readonly shape: ConvolutionShape;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly hasBias: boolean;
}

/** Checks sizes alone, so that shapes without data will do. */
export function checkConvolution(
  who: string,
  options: Pick<PlanConvolutionOptions, keyof ConvolutionGeometry> & {
    input: unknown;
    kernel: unknown;
    bias?: unknown;
  },
): ConvolutionProblem {
  const input = checkShape(who, 'input', options.input, [3, 4]);
  const kernel = checkShape(who, 'kernel', options.kernel, [4]);
  const shape = convolutionShape(who, input.shape, kernel.shape, options);
  if (options.bias !== undefined) {
    const bias = checkShape(who, 'bias', options.bias, [1]);
    if (bias.shape[0] !== shape.outputChannels) {
      throw new NnpackError(
        'invalid-bias',
        `${who}: bias has ${bias.shape[0]} elements, expected ${shape.outputChannels} (the kernel's output channels)`,
      );
    }
  }
  const plane = [shape.outputChannels, shape.outputHeight, shape.outputWidth];
  return {
    shape,
    inputShape: [...input.shape],
    outputShape: input.shape.length === 3 ? plane : [shape.batch, ...plane],
    hasBias: options.bias !== undefined,
  };
}

export function selectConvolution(
  who: string,
  problem: ConvolutionProblem,
  options: SelectionOptions,
  entry: NnpackEntry,
  packsEachCall: boolean,
  context: Context,
  magnitudes: Magnitudes | null,
  tried?: ReadonlySet<AlgorithmName>,
): Selection {
  const { shape, hasBias } = problem;
  const served = nnpackEntry(entry, shape.batch);
  return selectAlgorithm(who, shape, hasBias, served, packsEachCall, options, context, magnitudes, tried);
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

/** Where a kernel lies to be packed, which may make 0 of its subnormal numbers: not in what is the caller's. */
function kernelToPack(context: Context, staging: Staging, kernel: CheckedTensor): number {
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
  constructor(
    who: string,
    context: Context,
    problem: ConvolutionProblem,
    selection: Selection,
    program: ConvolutionProgram,
    kernel: CheckedTensor,
    bias: CheckedTensor | null,
  ) {
    const { inputShape, outputShape } = problem;
    const pack = (packed: number, profile: Profile): void =>
      staged(context, who, (staging) => program.pack(kernelToPack(context, staging, kernel), packed, profile));
    const { algorithm, why } = selection;
    const choice = { algorithm: algorithm.name, why, describe: () => describeShape(problem.shape) };
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
