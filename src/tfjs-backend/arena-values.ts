/**
 * The values of a tensor in the context's memory, in the place of an array of TensorFlow.js's own. What our kernels make stays
 * where they read it, and pictures stay plane by plane; an array in TensorFlow.js's order is made when something else reads them.
 */
import type { Arena } from '../tensor/arena.ts';
import { type CheckedTensor, copyOut } from '../tensor/tensor.ts';

/** Pictures whose channels come last to TensorFlow.js (N H W C), and first to us (N C H W). */
export interface Pictures {
  readonly batch: number;
  /** Height times width. */
  readonly pixels: number;
  readonly channels: number;
}

/** The pictures of a tensor N H W C; null where both orders are one, or it is not of rank 4. */
export function picturesOf(shape: readonly number[]): Pictures | null {
  if (shape.length !== 4) return null;
  const [batch, height, width, channels] = shape;
  const pixels = height * width;
  return pixels === 1 || channels === 1 ? null : { batch, pixels, channels };
}

/** Whether values that lie in the order of `a` lie in that of `b`. */
export function isSameOrder(a: Pictures | null, b: Pictures | null): boolean {
  return a?.batch === b?.batch && a?.pixels === b?.pixels && a?.channels === b?.channels;
}

/** Pictures in TensorFlow.js's order, seen plane by plane. */
export function planeView({ batch, pixels, channels }: Pictures, data: Float32Array, offset: number): CheckedTensor {
  return { data, shape: [batch, channels, pixels], stride: [pixels * channels, 1, channels], offset };
}

/** Planes in the context's memory, seen in TensorFlow.js's order. */
export function channelsLastView(
  { batch, pixels, channels }: Pictures,
  data: Float32Array,
  offset: number,
): CheckedTensor {
  return { data, shape: [batch, pixels, channels], stride: [pixels * channels, 1, pixels], offset };
}

/** What `MathBackendCPU` stores of a tensor, in the context's memory until `values` is asked for. */
export class ArenaValues {
  readonly dtype = 'float32';
  refCount = 1;
  /** How they lie; null for TensorFlow.js's own order. */
  readonly pictures: Pictures | null;
  readonly #arena: Arena;
  readonly #size: number;
  readonly #left: (values: ArenaValues) => void;
  #offset: number;
  #values: Float32Array | undefined;

  /** @param left is told once the memory has been given back */
  constructor(
    arena: Arena,
    offset: number,
    size: number,
    pictures: Pictures | null,
    left: (values: ArenaValues) => void,
  ) {
    this.#arena = arena;
    this.#offset = offset;
    this.#size = size;
    this.#left = left;
    this.pictures = pictures;
  }

  /** Where they lie in the context's memory; 0 once they have left it. */
  get offset(): number {
    return this.#offset;
  }

  /** The same as an array of their own, in TensorFlow.js's order; the context's memory is given back. */
  get values(): Float32Array | undefined {
    if (this.#offset === 0) return this.#values;
    const { f32 } = this.#arena;
    const values = new Float32Array(this.#size);
    if (this.pictures === null) values.set(f32.subarray(this.#offset, this.#offset + this.#size));
    else copyOut(f32, this.#offset, planeView(this.pictures, values, 0));
    this.release();
    this.#values = values;
    return values;
  }

  /** Gives the memory back; nobody reads the values any more. */
  release(): void {
    if (this.#offset === 0) return;
    this.#arena.release(this.#offset);
    this.#offset = 0;
    this.#left(this);
  }
}
