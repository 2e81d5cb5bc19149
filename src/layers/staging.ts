/** The way of tensors into the context's memory and out of it again. */

import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { megabytes } from '../tensor/arena.ts';
import { denseStrides, makeTensor, sizeOf, type Tensor } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor, copyIn, copyOut, hasOwnPlaces, isDense, overlaps } from '../tensor/tensor.ts';

/** Whether kernels can read or write the tensor where it is. */
export function isInPlace(context: Context, tensor: CheckedTensor): boolean {
  return context.arena.holds(tensor.data) && isDense(tensor);
}

/** An element's offset within the arena: the tensor's data may be a part of it. */
export function arenaOffset(tensor: CheckedTensor): number {
  return tensor.data.byteOffset / 4 + tensor.offset;
}

/** Checks an `output` argument: its type and shape, and that each element has a place of its own. */
export function checkOutput(who: string, output: unknown, shape: readonly number[]): CheckedTensor {
  const tensor = checkTensor(who, 'output', output, [shape.length]);
  if (tensor.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new NnpackError(
      'invalid-output',
      `${who}: output has shape ${show([...tensor.shape])}, expected ${show([...shape])}`,
    );
  }
  if (sizeOf(shape) > 1 && tensor.stride.some((stride, axis) => stride === 0 && shape[axis] > 1)) {
    throw new NnpackError(
      'invalid-output',
      `${who}: output has stride 0, expected a place of its own for each element`,
    );
  }
  if (!hasOwnPlaces(tensor)) {
    throw new NnpackError(
      'invalid-output',
      `${who}: output has strides ${show([...tensor.stride])}, expected a place of its own for each element`,
    );
  }
  return tensor;
}

/** An argument by the name that an error gives it. */
export type NamedTensor = readonly [name: string, tensor: CheckedTensor];

/** Checks that an output lies apart from what is read. */
export function expectApart(who: string, output: CheckedTensor, inputs: readonly NamedTensor[]): void {
  for (const [name, input] of inputs) {
    if (overlaps(output, input)) {
      throw new NnpackError('invalid-output', `${who}: output overlaps ${name}, expected them apart`);
    }
  }
}

/**
 * The ranges that one call needs in the context's memory: inputs are copied in once unless they are there, and all of it
 * is given back at the end, whatever happens.
 */
export function staged<Result>(context: Context, who: string, work: (staging: Staging) => Result): Result {
  const staging = new Staging(context, who);
  try {
    return work(staging);
  } finally {
    staging.release();
  }
}

export class Staging {
  readonly #context: Context;
  readonly #who: string;
  readonly #ranges: number[] = [];

  constructor(context: Context, who: string) {
    this.#context = context;
    this.#who = who;
  }

  /** How many ranges there are. */
  get count(): number {
    return this.#ranges.length;
  }

  allocate(floats: number): number {
    const offset = this.#context.arena.allocate(floats, this.#who);
    this.#ranges.push(offset);
    return offset;
  }

  /** A tensor of zeros in the context's memory. */
  tensor(shape: readonly number[]): Tensor {
    const [offset, size] = [this.allocate(sizeOf(shape)), sizeOf(shape)];
    return makeTensor(this.#context.arena.f32.subarray(offset, offset + size).fill(0), shape);
  }

  /** Where the kernels read the tensor. */
  input(tensor: CheckedTensor): number {
    if (isInPlace(this.#context, tensor)) return arenaOffset(tensor);
    const offset = this.allocate(sizeOf(tensor.shape));
    copyIn(tensor, this.#context.arena.f32, offset);
    return offset;
  }

  /** The tensor as the kernels read it. */
  view(tensor: CheckedTensor): CheckedTensor {
    const { shape } = tensor;
    if (isInPlace(this.#context, tensor)) return tensor;
    const offset = this.input(tensor);
    return { data: this.#context.arena.f32, shape, stride: denseStrides(shape), offset };
  }

  /** Where the kernels write the output, and what turns that into the tensor to return once they have. */
  output(given: CheckedTensor | null, shape: readonly number[]): { offset: number; finish(): void } {
    const { arena } = this.#context;
    if (given !== null && isInPlace(this.#context, given)) return { offset: arenaOffset(given), finish: () => {} };
    const offset = this.allocate(sizeOf(shape));
    return { offset, finish: () => given !== null && copyOut(arena.f32, offset, given) };
  }

  /** Gives back all ranges but the first `kept`. */
  release(kept = 0): void {
    for (const offset of this.#ranges.splice(kept)) this.#context.arena.release(offset);
  }
}

/** A new tensor in memory of its own. */
export function newTensor(who: string, shape: readonly number[]): Tensor {
  const size = sizeOf(shape);
  try {
    return makeTensor(new Float32Array(size), shape);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const what = `${megabytes(4 * size)} for a result of shape ${show([...shape])}`;
    throw new NnpackError('out-of-memory', `${who}: no memory for ${what} (${error.message})`, { cause: error });
  }
}
