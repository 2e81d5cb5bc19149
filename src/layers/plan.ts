/** What every plan is: packed weights and a workspace in the context's memory, and a program that runs on offsets. */
import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { checkApartOutput } from './call.ts';
import { arenaOffset, isInPlace, newTensor, Staging } from './staging.ts';
import { planLine, runLine } from './trace-lines.ts';

/** A layer laid out: numbers only. `bias` 0 means none; the time of each phase is added to the profile. */
export interface LayerProgram {
  readonly packedFloats: number;
  readonly workspaceFloats: number;
  run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void;
}

/** What was chosen, for whom it is told; the text is made when it is asked for. */
export interface Choice {
  readonly algorithm: string;
  why(): string;
  /** `1×64×56×56 * 128×64×3×3 → …` */
  describe(): string;
}

export interface PlanParts {
  readonly who: string;
  readonly choice: Choice;
  readonly context: Context;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly program: LayerProgram;
  readonly bias: CheckedTensor | null;
  /** Writes the packed weights, and the time that this took to the profile. */
  pack(packed: number, profile: Profile): void;
}

/**
 * {@link LayerPlan.run} of tensors that have been checked already, as those of a call have with all else. The output is null
 * for a new tensor.
 */
export let runChecked: (plan: LayerPlan, input: CheckedTensor, output: CheckedTensor | null) => TensorLike;

export class LayerPlan {
  static {
    // This is no method, because callers have plans too, and their tensors have not been checked.
    runChecked = (plan, input, output) => plan.#compute(input, output, now());
  }

  /** The context whose memory the plan lies in. */
  readonly context: Context;
  /** Milliseconds of the last run, by phase; `kernelTransform` is what planning took, and no part of the total. */
  readonly profile: Readonly<Profile>;
  readonly #parts: PlanParts;
  readonly #profile: Profile = emptyProfile();
  readonly #staging: Staging;
  readonly #packed: number;
  readonly #bias: number;
  readonly #workspace: number;
  /** Copies of an input and output outside the arena; made when first needed. */
  #inputCopy = 0;
  #outputCopy = 0;
  #disposed = false;

  constructor(parts: PlanParts) {
    const { who, context, program, bias } = parts;
    this.context = context;
    this.profile = this.#profile;
    this.#parts = parts;
    this.#staging = new Staging(context, who);
    try {
      this.#packed = this.#staging.allocate(program.packedFloats);
      this.#bias = bias === null ? 0 : this.#staging.allocate(sizeOf(bias.shape));
      if (bias !== null) copyIn(bias, context.arena.f32, this.#bias);
      this.#workspace = program.workspaceFloats === 0 ? 0 : this.#staging.allocate(program.workspaceFloats);
      parts.pack(this.#packed, this.#profile);
    } catch (error) {
      this.#staging.release();
      throw error;
    }
    const { algorithm, why } = parts.choice;
    context.trace.dispatch?.(planLine(this.#what(), algorithm, why(), this.workspaceBytes, this.packedBytes));
  }

  /** Bytes that a run uses beside its input, output and packed weights. */
  get workspaceBytes(): number {
    return this.#parts.program.workspaceFloats * 4;
  }

  /** Bytes that the packed weights take, for as long as the plan lives. */
  get packedBytes(): number {
    return this.#parts.program.packedFloats * 4;
  }

  /**
   * Computes one input of the planned shape. Tensors of the context's memory are read and written in place.
   *
   * @returns `output`, or a new tensor when none is given
   * @throws NnpackError for tensors of another shape, or after the plan was disposed of
   */
  run<Output extends TensorLike = Tensor>(input: TensorLike, output?: Output): Output {
    const start = now();
    const { who, context, outputShape } = this.#parts;
    if (this.#disposed) throw new NnpackError('disposed', `${who}: the plan has been disposed of`);
    context.expectOpen(who);
    const x = this.#checkInput(input);
    const target = checkApartOutput(who, output, outputShape, [['the input', x]]);
    const result = this.#compute(x, target === null ? null : target.tensor, start);
    return target === null ? (result as Output) : target.given;
  }

  /** @param output null for a new tensor */
  #compute(x: CheckedTensor, output: CheckedTensor | null, start: number): TensorLike {
    const { who, context, outputShape, program } = this.#parts;
    const result = output === null ? newTensor(who, outputShape) : null;
    const target = output ?? (result as CheckedTensor);
    const [isThere, isDirect] = [isInPlace(context, x), isInPlace(context, target)];
    this.#makeCopies(!isThere, !isDirect);
    const from = isThere ? arenaOffset(x) : this.#inputCopy;
    const to = isDirect ? arenaOffset(target) : this.#outputCopy;
    if (!isThere) copyIn(x, context.arena.f32, from);

    const profile = this.#profile;
    profile.inputTransform = profile.blockMultiplication = profile.outputTransform = 0;
    program.run(from, this.#packed, this.#bias, to, this.#workspace, profile);
    if (!isDirect) copyOut(context.arena.f32, to, target);
    profile.total = now() - start;
    profile.other = profile.total - profile.inputTransform - profile.blockMultiplication - profile.outputTransform;
    context.trace.profile?.(runLine(this.#what(), this.#parts.choice.algorithm, profile));
    return target;
  }

  /** Gives the packed weights and the workspace back. Disposing twice is harmless. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#staging.release();
  }

  #what(): string {
    return `${this.#parts.who} ${this.#parts.choice.describe()}`;
  }

  #checkInput(input: TensorLike): CheckedTensor {
    const { who, inputShape: expected } = this.#parts;
    const x = checkTensor(who, 'input', input, [expected.length]);
    if (x.shape.some((extent, axis) => extent !== expected[axis])) {
      throw new NnpackError(
        'invalid-input-size',
        `${who}: input has shape ${show([...x.shape])}, expected ${show([...expected])} (what was planned)`,
      );
    }
    return x;
  }

  /** Makes the copies that a run needs and that are not there yet: all of them or, where memory is short, none. */
  #makeCopies(ofInput: boolean, ofOutput: boolean): void {
    const { inputShape, outputShape } = this.#parts;
    const before = this.#staging.count;
    try {
      const input = ofInput && this.#inputCopy === 0 ? this.#staging.allocate(sizeOf(inputShape)) : this.#inputCopy;
      if (ofOutput && this.#outputCopy === 0) this.#outputCopy = this.#staging.allocate(sizeOf(outputShape));
      this.#inputCopy = input;
    } catch (error) {
      this.#staging.release(before);
      throw error;
    }
  }
}
