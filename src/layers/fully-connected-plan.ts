/** A fully-connected layer prepared once and run many times: its weights in the context's memory, and its workspace. */
import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import type { RulesExplanation } from '../dispatch/explain.ts';
import { NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { type Context, contextOf } from '../threads/context.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { expectOptions } from './call.ts';
import {
  type CheckedKernel,
  checkFullyConnected,
  checkKernel,
  copyKernelRows,
  explanationOf,
  type FullyConnectedProblem,
  type HalfTensor,
} from './fully-connected-problem.ts';
import {
  type FullyConnectedProgram,
  type FullyConnectedShape,
  fullyConnectedProgram,
} from './fully-connected-program.ts';
import { arenaOffset, checkOutput, isInPlace, newTensor, Staging } from './staging.ts';

export interface FullyConnectedOptions {
  /** [K, C] */
  readonly kernel: TensorLike | HalfTensor;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  readonly activation?: ActivationOption;
  readonly context?: Context;
}

export interface PlanFullyConnectedOptions extends FullyConnectedOptions {
  /** [N, C] or [C]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

/**
 * Prepares a fully-connected layer: copies the weights into the context's memory and allocates the workspace, so that
 * `run` does nothing but compute.
 *
 * @throws NnpackError for arguments that make no sense together, or more memory than the context has
 * @example
 * const plan = planFullyConnected({ input: { shape: [1, 4096] }, kernel, bias, activation: 'relu' });
 * const y = plan.run(x);
 * plan.dispose();
 */
export function planFullyConnected(options: PlanFullyConnectedOptions): FullyConnectedPlan {
  const who = 'planFullyConnected';
  expectOptions(who, options);
  const context = contextOf(who, options.context);
  const problem = checkFullyConnected(who, options);
  const kernel = checkKernel(who, options.kernel);
  const bias = options.bias === undefined ? null : checkTensor(who, 'bias', options.bias, [1]);
  const activation = checkActivation(who, options.activation);
  const program = fullyConnectedProgram(problem.shape, context, activation);
  return new FullyConnectedPlan(who, context, problem, program, kernel, bias);
}

export class FullyConnectedPlan {
  readonly shape: FullyConnectedShape;
  readonly context: Context;
  /** Milliseconds of the last run, by phase; `kernelTransform` is what planning took, and no part of the total. */
  readonly profile: Readonly<Profile>;
  readonly #who: string;
  readonly #problem: FullyConnectedProblem;
  readonly #program: FullyConnectedProgram;
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
    problem: FullyConnectedProblem,
    program: FullyConnectedProgram,
    kernel: CheckedKernel,
    bias: CheckedTensor | null,
  ) {
    this.#who = who;
    this.context = context;
    this.shape = problem.shape;
    this.profile = this.#profile;
    this.#problem = problem;
    this.#program = program;
    this.#staging = new Staging(context, who);
    try {
      this.#packed = this.#staging.allocate(program.packedFloats);
      this.#bias = bias === null ? 0 : this.#staging.allocate(sizeOf(bias.shape));
      this.#workspace = program.workspaceFloats === 0 ? 0 : this.#staging.allocate(program.workspaceFloats);
      if (bias !== null) copyIn(bias, context.arena.f32, this.#bias);
      const start = now();
      copyKernelRows(context, kernel, 0, problem.shape.outputChannels, this.#packed);
      this.#profile.kernelTransform = now() - start;
    } catch (error) {
      this.#staging.release();
      throw error;
    }
  }

  /** Bytes that a run uses beside its input, output and weights. */
  get workspaceBytes(): number {
    return this.#program.workspaceFloats * 4;
  }

  get packedBytes(): number {
    return this.#program.packedFloats * 4;
  }

  /** Why the plan runs as it does. */
  explain(): RulesExplanation {
    return explanationOf(this.shape);
  }

  /**
   * Computes one input of the planned shape. Tensors of the context's memory are read and written in place.
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
    if (!isDirect && this.#outputCopy === 0) this.#outputCopy = this.#staging.allocate(sizeOf(outputShape));
    const from = this.#stageInput(x);
    const to = isDirect ? arenaOffset(target) : this.#outputCopy;

    const profile = this.#profile;
    profile.inputTransform = profile.blockMultiplication = 0;
    this.#program.run(from, this.#packed, this.#bias, to, this.#workspace, profile);
    if (!isDirect) copyOut(this.context.arena.f32, to, target);
    profile.total = now() - start;
    profile.other = profile.total - profile.inputTransform - profile.blockMultiplication;
    return (output ?? result) as Output;
  }

  /** Gives the weights and the workspace back. Disposing twice is harmless. */
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
