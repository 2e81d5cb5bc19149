/** The context's memory as one call of a kernel needs it. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Context } from '../context/context.ts';
import { NnpackError } from '../errors.ts';
import type { Operation } from '../graph/ops/operation.ts';
import { Staging } from '../layers/staging.ts';
import { denseStrides, sizeOf } from '../tensor/ndarray.ts';
import { copyIn } from '../tensor/tensor.ts';
import { ArenaValues, channelsLastView, isSameOrder, type Pictures, picturesOf, planeView } from './arena-values.ts';
import type { NnpackBackend } from './backend.ts';
import type { Placed } from './operations.ts';

/** A result in the making: where it is written, and how it lies. */
export interface Result {
  readonly at: number;
  /** As TensorFlow.js has it. */
  readonly shape: readonly number[];
  readonly pictures: Pictures | null;
}

export class Room {
  readonly backend: NnpackBackend;
  readonly context: Context;
  readonly staging: Staging;
  /** Nothing is left that could be moved out of the context's memory. */
  readonly isLast: boolean;
  /** Results that are no tensors yet: they are given back if the work fails. */
  readonly #unfinished = new Set<number>();
  readonly #who: string;

  private constructor(backend: NnpackBackend, who: string, isLast: boolean) {
    this.isLast = isLast;
    this.backend = backend;
    this.context = backend.context;
    this.#who = who;
    this.staging = new Staging(backend.context, who);
  }

  /** Does the work of one kernel; where the context's memory does not suffice, again once it has been emptied. */
  static during<R>(backend: NnpackBackend, who: string, work: (room: Room) => R): R {
    backend.context.expectOpen(who);
    try {
      return new Room(backend, who, false).#during(work);
    } catch (error) {
      if (!(error instanceof NnpackError) || error.code !== 'out-of-memory') throw error;
    }
    backend.empty();
    return new Room(backend, who, true).#during(work);
  }

  /** What the work was given is given back at its end, whatever happens, but for the tensors that it made. */
  #during<R>(work: (room: Room) => R): R {
    try {
      return work(this);
    } finally {
      this.staging.release();
      for (const offset of this.#unfinished) this.context.arena.release(offset);
    }
  }

  /** Room until the end of the call. */
  allocate(floats: number): number {
    return this.staging.allocate(floats);
  }

  /** Where a tensor's values lie in TensorFlow.js's order. */
  flat(x: TensorInfo): number {
    return this.ordered(x, null);
  }

  /** Where the planes of pictures N H W C lie: N C H W. */
  planes(x: TensorInfo): number {
    return this.ordered(x, picturesOf(x.shape));
  }

  /** Where a tensor's values lie in an order, there already or copied. */
  ordered(x: TensorInfo, wanted: Pictures | null): number {
    const stored = this.backend.stored(x);
    const isInArena = stored instanceof ArenaValues;
    const order = isInArena ? stored.pictures : null;
    if (isInArena && isSameOrder(order, wanted)) return stored.offset;
    const at = this.allocate(sizeOf(x.shape));
    if (order !== null && wanted !== null) {
      // Its shape was changed in between: from one order over TensorFlow.js's to another.
      const between = this.allocate(sizeOf(x.shape));
      const { f32 } = this.context.arena;
      copyIn(channelsLastView(order, f32, (stored as ArenaValues).offset), f32, between);
      copyIn(planeView(wanted, f32, between), f32, at);
      return at;
    }
    // Memory that has grown is another array.
    const { f32 } = this.context.arena;
    const [data, offset] = isInArena ? [f32, stored.offset] : [stored, 0];
    if (order !== null) copyIn(channelsLastView(order, data, offset), f32, at);
    else if (wanted !== null) copyIn(planeView(wanted, data, offset), f32, at);
    else copyIn({ data, shape: [sizeOf(x.shape)], stride: [1], offset }, f32, at);
    return at;
  }

  /** A tensor's values in TensorFlow.js's order as they can be read anywhere: there, or where they are. */
  view(x: TensorInfo, shape: readonly number[] = x.shape) {
    const stored = this.backend.stored(x);
    const stride = denseStrides(shape);
    if (!(stored instanceof ArenaValues)) return { data: stored, shape, stride, offset: 0 };
    return { data: this.context.arena.f32, shape, stride, offset: this.flat(x) };
  }

  /** Room for a result. */
  result(shape: readonly number[], pictures: Pictures | null): Result {
    const at = this.context.arena.allocate(sizeOf(shape), this.#who);
    this.#unfinished.add(at);
    return { at, shape, pictures };
  }

  /** Room for planes of a result N H W C. */
  resultPlanes(shape: readonly number[]): Result {
    return this.result(shape, picturesOf(shape));
  }

  /** The tensor of a result that has been written. */
  tensor({ at, shape, pictures }: Result): TensorInfo {
    this.#unfinished.delete(at);
    return this.backend.makeTensor(shape, at, pictures);
  }

  /** y = operation(inputs), y being where the operation may write it. */
  operate<A extends object>(
    name: string,
    operation: Operation<A>,
    attributes: A,
    inputs: readonly Placed[],
    y: Placed,
  ): void {
    const { workspaceFloats, run } = this.backend.operations.of(name, operation, attributes, inputs, y);
    run(
      inputs.map(({ at }) => at),
      [y.at],
      this.backend.workspace(workspaceFloats),
    );
  }
}
