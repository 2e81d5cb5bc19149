/** A convolution prepared once and run many times: the packed kernel, the workspace, and why it runs as it does. */
import {
  type AlgorithmName,
  type ConvolutionProgram,
  emptyProfile,
  now,
  type Profile,
} from '../algorithms/algorithm.ts';
import { ConvolutionExplanation } from '../dispatch/explain.ts';
import type { NnpackPass } from '../dispatch/nnpack-rule.ts';
import { type Selection, type SelectionOptions, selectAlgorithm } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { type ConvolutionGeometry, type ConvolutionShape, convolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, checkTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { type Context, contextOf } from '../threads/context.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { arenaOffset, checkOutput, isInPlace, newTensor, Staging } from './staging.ts';

/** What every function of the convolution family takes, beside its input. */
export interface ConvolutionOptions extends ConvolutionGeometry, SelectionOptions {
  /** [K, C / groups, R, S] */
  readonly kernel: TensorLike;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  readonly activation?: ActivationOption;
  readonly context?: Context;
}

export interface PlanConvolutionOptions extends ConvolutionOptions {
  /** [N, C, H, W] or [C, H, W]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

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
  pass: NnpackPass,
  packsEachCall: boolean,
): ConvolutionPlan {
  return withPlan(who, options, pass, packsEachCall, (plan) => plan);
}

/**
 * Plans, and does `work` with the plan. Where the choice is automatic and memory does not suffice, the next best algorithm
 * has its turn, down to the reference, which needs none.
 */
export function withPlan<Result>(
  who: string,
  options: PlanConvolutionOptions,
  pass: NnpackPass,
  packsEachCall: boolean,
  work: (plan: ConvolutionPlan) => Result,
): Result {
  const context = contextOf(who, options?.context);
  const problem = checkConvolution(who, options);
  const kernel = checkTensor(who, 'kernel', options.kernel, [4]);
  const bias = options.bias === undefined ? null : checkTensor(who, 'bias', options.bias, [1]);
  const activation = checkActivation(who, options.activation);
  const tried = new Set<AlgorithmName>();
  for (;;) {
    const selection = selectConvolution(who, problem, options, pass, packsEachCall, context, tried);
    let plan: ConvolutionPlan | null = null;
    try {
      const program = selection.algorithm.plan(problem.shape, context, activation);
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
  if (typeof options !== 'object' || options === null) {
    throw new NnpackError('invalid-argument', `${who}: options are ${show(options)}, expected an object`);
  }
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
  pass: NnpackPass,
  packsEachCall: boolean,
  context: Context,
  tried?: ReadonlySet<AlgorithmName>,
): Selection {
  // NNPACK has one entry for an image and another for batches.
  const nnpackPass = problem.shape.batch > 1 ? 'output' : pass;
  return selectAlgorithm(who, problem.shape, problem.hasBias, nnpackPass, packsEachCall, options, context, tried);
}

export class ConvolutionPlan {
  readonly algorithm: AlgorithmName;
  readonly shape: ConvolutionShape;
  readonly context: Context;
  /** Milliseconds of the last run, by phase; `kernelTransform` is what planning took, and no part of the total. */
  readonly profile: Readonly<Profile>;
  readonly #who: string;
  readonly #problem: ConvolutionProblem;
  readonly #selection: Selection;
  readonly #program: ConvolutionProgram;
  readonly #profile: Profile = emptyProfile();
  readonly #staging: Staging;
  readonly #packed: number;
  readonly #bias: number;
  readonly #workspace: number;
  /** Copies of an input and output outside the arena; made when first needed. */
  #inputCopy = 0;
  #outputCopy = 0;
  #disposed = false;

  constructor(
    who: string,
    context: Context,
    problem: ConvolutionProblem,
    selection: Selection,
    program: ConvolutionProgram,
    kernel: CheckedTensor,
    bias: CheckedTensor | null,
  ) {
    this.#who = who;
    this.context = context;
    this.shape = problem.shape;
    this.algorithm = selection.algorithm.name;
    this.profile = this.#profile;
    this.#problem = problem;
    this.#selection = selection;
    this.#program = program;
    this.#staging = new Staging(context, who);
    try {
      this.#packed = this.#staging.allocate(program.packedFloats);
      this.#bias = bias === null ? 0 : this.#staging.allocate(sizeOf(bias.shape));
      if (bias !== null) copyIn(bias, context.arena.f32, this.#bias);
      this.#workspace = program.workspaceFloats === 0 ? 0 : this.#staging.allocate(program.workspaceFloats);
      const source = new Staging(context, who);
      try {
        program.pack(source.input(kernel), this.#packed, this.#profile);
      } finally {
        source.release();
      }
    } catch (error) {
      this.#staging.release();
      throw error;
    }
  }

  /** Bytes that a run uses beside its input, output and packed kernel. */
  get workspaceBytes(): number {
    return this.#program.workspaceFloats * 4;
  }

  get packedBytes(): number {
    return this.#program.packedFloats * 4;
  }

  /** Why the plan runs as it does. */
  explain(): ConvolutionExplanation {
    return new ConvolutionExplanation(this.shape, this.#selection);
  }

  /**
   * Convolves one input of the planned shape. Tensors of the context's memory are read and written in place.
   *
   * @returns `output`, or a new tensor when none is given
   */
  run<Output extends TensorLike = Tensor>(input: TensorLike, output?: Output): Output {
    const start = now();
    if (this.#disposed) throw new NnpackError('disposed', `${this.#who}: the plan has been disposed of`);
    this.context.expectOpen(this.#who);
    const x = this.#checkInput(input);
    const { outputShape } = this.#problem;
    const given = output === undefined ? null : checkOutput(this.#who, output, outputShape, [['the input', x]]);
    const result = given === null ? newTensor(this.#who, outputShape) : null;
    const target = given ?? (result as CheckedTensor);
    const isDirect = isInPlace(this.context, target);
    const { arena } = this.context;
    if (!isDirect && this.#outputCopy === 0) this.#outputCopy = this.#staging.allocate(sizeOf(outputShape));
    const from = this.#stageInput(x);
    const to = isDirect ? arenaOffset(target) : this.#outputCopy;

    const profile = this.#profile;
    profile.inputTransform = profile.blockMultiplication = profile.outputTransform = 0;
    this.#program.run(from, this.#packed, this.#bias, to, this.#workspace, profile);
    if (!isDirect) copyOut(arena.f32, to, target);
    profile.total = now() - start;
    profile.other = profile.total - profile.inputTransform - profile.blockMultiplication - profile.outputTransform;
    return (output ?? result) as Output;
  }

  /** Gives the packed kernel and the workspace back. Disposing twice is harmless. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#staging.release();
  }

  #checkInput(input: TensorLike): CheckedTensor {
    const expected = this.#problem.inputShape;
    const x = checkTensor(this.#who, 'input', input, [expected.length]);
    if (x.shape.some((extent, axis) => extent !== expected[axis])) {
      throw new NnpackError(
        'invalid-input-size',
        `${this.#who}: input has shape ${show([...x.shape])}, expected ${show([...expected])} (what was planned)`,
      );
    }
    return x;
  }

  #stageInput(x: CheckedTensor): number {
    if (isInPlace(this.context, x)) return arenaOffset(x);
    if (this.#inputCopy === 0) this.#inputCopy = this.#staging.allocate(sizeOf(x.shape));
    copyIn(x, this.context.arena.f32, this.#inputCopy);
    return this.#inputCopy;
  }
}
