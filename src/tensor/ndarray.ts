import ndarray, { type NdArray } from 'ndarray';

/** A float32 tensor as this library returns it. */
export type Tensor = NdArray<Float32Array>;

/**
 * A float32 tensor as this library accepts it: an `ndarray`, or anything of its shape. Without strides the data is dense
 * and row-major; without an offset it starts at 0.
 */
export interface TensorLike {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** A tensor of any type of numbers, as this library returns it: dense and row-major. */
export type TypedTensor =
  | Tensor
  | NdArray<Float64Array>
  | NdArray<BigInt64Array<ArrayBuffer>>
  | NdArray<Int32Array>
  | NdArray<Int8Array>
  | NdArray<Uint8Array>;

/** Numbers of any type that a network may carry. */
export type TypedNumbers = Float32Array | Float64Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** A tensor of any type of numbers, as this library accepts it. */
export interface TypedTensorLike {
  readonly data: TypedNumbers;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** Row-major strides of a shape. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/**
 * An ndarray over `data`. The package `ndarray` compiles its view classes with `new Function`, which a strict content
 * security policy refuses; there a class with the same members takes its place.
 */
export function makeTensor(data: Float32Array, shape: readonly number[], offset = 0): Tensor {
  const strides = denseStrides(shape);
  if (evalAllowed) {
    try {
      return ndarray(data, [...shape], strides, offset);
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      evalAllowed = false;
    }
  }
  return new PlainView(data, [...shape], strides, offset);
}

/** The same over numbers of any type. */
export function makeArray(data: TypedNumbers, shape: readonly number[]): TypedTensor {
  const made = makeTensor(data as Float32Array, shape);
  // Both classes hold whatever numbers they are given; ndarray's finds out which they are, the other is told.
  return made instanceof PlainView ? new PlainView(made.data, made.shape, made.stride, 0, dtypeOf(data)) : made;
}

function dtypeOf(data: TypedNumbers): string {
  return data.constructor.name.replace('Array', '').toLowerCase();
}

let evalAllowed = true;

/** What an ndarray of float32 does, without code generation. */
export class PlainView implements NdArray<Float32Array> {
  data: Float32Array;
  shape: number[];
  stride: number[];
  offset: number;
  readonly dtype: 'float32';

  constructor(data: Float32Array, shape: number[], stride: number[], offset: number, dtype = 'float32') {
    this.dtype = dtype as 'float32';
    this.data = data;
    this.shape = shape;
    this.stride = stride;
    this.offset = offset;
  }

  get dimension(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Axes from the smallest stride to the largest. */
  get order(): number[] {
    return this.stride.map((_, axis) => axis).sort((a, b) => Math.abs(this.stride[a]) - Math.abs(this.stride[b]));
  }

  get T(): NdArray<Float32Array> {
    return this.transpose(...this.shape.map((_, axis) => this.shape.length - 1 - axis));
  }

  index(...place: number[]): number {
    let index = this.offset;
    for (let axis = 0; axis < this.stride.length; axis++) index += this.stride[axis] * (place[axis] ?? 0);
    return index;
  }

  get(...place: number[]): number {
    return this.data[this.index(...place)];
  }

  set(...placeAndValue: number[]): number {
    const value = placeAndValue[this.shape.length];
    this.data[this.index(...placeAndValue.slice(0, this.shape.length))] = value;
    return value;
  }

  lo(...start: number[]): NdArray<Float32Array> {
    const shape = this.shape.map((extent, axis) => extent - Math.max(0, start[axis] ?? 0));
    return new PlainView(this.data, shape, [...this.stride], this.index(...start.map((value) => Math.max(0, value))));
  }

  hi(...end: number[]): NdArray<Float32Array> {
    const shape = this.shape.map((extent, axis) => ((end[axis] ?? -1) < 0 ? extent : end[axis]));
    return new PlainView(this.data, shape, [...this.stride], this.offset);
  }

  step(...steps: number[]): NdArray<Float32Array> {
    let offset = this.offset;
    const shape = [...this.shape];
    const stride = [...this.stride];
    steps.forEach((step, axis) => {
      // ndarray skips what is no number, as its callers use to leave an axis as it is.
      if (typeof step !== 'number') return;
      if (step < 0) offset += stride[axis] * (shape[axis] - 1);
      shape[axis] = Math.ceil(shape[axis] / Math.abs(step));
      stride[axis] *= step;
    });
    return new PlainView(this.data, shape, stride, offset);
  }

  transpose(...axes: number[]): NdArray<Float32Array> {
    const order = this.shape.map((_, axis) => axes[axis] ?? axis);
    return new PlainView(
      this.data,
      order.map((axis) => this.shape[axis]),
      order.map((axis) => this.stride[axis]),
      this.offset,
    );
  }

  pick(...place: (number | null)[]): NdArray<Float32Array> {
    const kept = this.shape.map((_, axis) => axis).filter((axis) => (place[axis] ?? -1) < 0);
    return new PlainView(
      this.data,
      kept.map((axis) => this.shape[axis]),
      kept.map((axis) => this.stride[axis]),
      this.index(...this.shape.map((_, axis) => Math.max(0, place[axis] ?? 0))),
    );
  }
}
