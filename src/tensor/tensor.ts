import { NnpackError, show } from '../errors.ts';
import { denseStrides, sizeOf, type TensorLike } from './ndarray.ts';

/** The greatest number of elements a tensor may have: what an int32 index into a 4 GiB memory reaches. */
export const MAX_ELEMENTS = 2 ** 30;

/** A tensor whose every element is known to lie in its data: the strided view that the copying loops read. */
export interface CheckedTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/**
 * Checks one tensor argument: that it is a float32 tensor of one of the ranks, with whole non-negative extents, and that
 * its first and last elements lie inside its data. Returns the view with strides and offset filled in.
 */
export function checkTensor(who: string, what: string, value: unknown, ranks: readonly number[]): CheckedTensor {
  const { data, shape, stride, offset } = checkShape(who, what, value, ranks) as TensorLike;
  if (!(data instanceof Float32Array)) {
    throw new NnpackError('invalid-tensor-type', `${who}: ${what} holds ${show(data)}, expected a Float32Array`);
  }
  const strides = stride ?? denseStrides(shape);
  const start = offset ?? 0;
  const isWhole =
    Array.isArray(strides) && strides.length === shape.length && Array.from(strides).every(Number.isInteger);
  if (!isWhole || !Number.isInteger(start)) {
    throw new NnpackError(
      'invalid-tensor',
      `${who}: ${what} has strides ${show(strides)} and offset ${show(start)}, expected ${shape.length} whole strides and a whole offset`,
    );
  }
  if (sizeOf(shape) > 0) {
    let low = start;
    let high = start;
    for (let axis = 0; axis < shape.length; axis++) {
      const reach = (shape[axis] - 1) * strides[axis];
      if (reach < 0) low += reach;
      else high += reach;
    }
    if (low < 0 || high >= data.length) {
      const found = data.length === 0 ? 'an empty or detached buffer' : `${data.length} elements`;
      throw new NnpackError(
        'invalid-tensor',
        `${who}: ${what} of shape ${show(shape)} reaches elements ${low} to ${high}, but its data has ${found}`,
      );
    }
  }
  return { data, shape, stride: strides, offset: start };
}

/** Checks the shape alone: for arguments that may be given as `{ shape }` where only shapes matter. */
export function checkShape(
  who: string,
  what: string,
  value: unknown,
  ranks: readonly number[],
): { shape: readonly number[] } {
  const shape = (value as { shape?: unknown } | null | undefined)?.shape;
  if (!Array.isArray(shape)) {
    throw new NnpackError('invalid-tensor', `${who}: ${what} is ${show(value)}, expected an ndarray of float32`);
  }
  if (!ranks.includes(shape.length)) {
    throw new NnpackError(
      'invalid-rank',
      `${who}: ${what} has rank ${shape.length} (shape ${show(shape)}), expected ${ranks.join(' or ')}`,
    );
  }
  for (const extent of shape) {
    if (typeof extent !== 'number' || !Number.isInteger(extent) || extent < 0) {
      throw new NnpackError(
        'invalid-tensor',
        `${who}: ${what} has shape ${show(shape)}, expected whole numbers of at least 0`,
      );
    }
  }
  if (sizeOf(shape) > MAX_ELEMENTS) {
    throw new NnpackError(
      'out-of-memory',
      `${who}: ${what} of shape ${show(shape)} has ${sizeOf(shape)} elements, expected at most ${MAX_ELEMENTS}`,
    );
  }
  return value as { shape: readonly number[] };
}

/** Whether the tensor is dense and row-major, so that it can be read or written as one run of elements. */
export function isDense(tensor: { shape: readonly number[]; stride: readonly number[] }): boolean {
  let step = 1;
  for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
    if (tensor.shape[axis] !== 1 && tensor.stride[axis] !== step) return false;
    step *= tensor.shape[axis];
  }
  return true;
}

/** Copies a tensor of any strides into a dense run of `f32` at `start`. */
export function copyIn(tensor: CheckedTensor, f32: Float32Array, start: number): void {
  const size = sizeOf(tensor.shape);
  if (size === 0) return;
  if (isDense(tensor)) f32.set(tensor.data.subarray(tensor.offset, tensor.offset + size), start);
  else walk(tensor, (data, from, step, run, at) => gather(f32, at + start, data, from, step, run));
}

/** Copies a dense run of `f32` at `start` into a tensor of any strides. */
export function copyOut(f32: Float32Array, start: number, tensor: CheckedTensor): void {
  const size = sizeOf(tensor.shape);
  if (size === 0) return;
  if (isDense(tensor)) tensor.data.set(f32.subarray(start, start + size), tensor.offset);
  else walk(tensor, (data, to, step, run, at) => scatter(data, to, step, f32, at + start, run));
}

/** Calls `row` for each innermost run of a tensor, with the run's place in the dense order. */
function walk(
  tensor: CheckedTensor,
  row: (data: Float32Array, start: number, step: number, run: number, at: number) => void,
): void {
  const { data, shape, stride } = tensor;
  const last = shape.length - 1;
  const place = new Array<number>(shape.length).fill(0);
  let start = tensor.offset;
  for (let at = 0; ; at += shape[last]) {
    row(data, start, stride[last], shape[last], at);
    let axis = last - 1;
    while (axis >= 0 && place[axis] === shape[axis] - 1) {
      start -= place[axis] * stride[axis];
      place[axis--] = 0;
    }
    if (axis < 0) return;
    place[axis]++;
    start += stride[axis];
  }
}

function gather(to: Float32Array, at: number, from: Float32Array, start: number, step: number, run: number): void {
  for (let i = 0; i < run; i++) to[at + i] = from[start + i * step];
}

function scatter(to: Float32Array, start: number, step: number, from: Float32Array, at: number, run: number): void {
  for (let i = 0; i < run; i++) to[start + i * step] = from[at + i];
}

/** Buffers that are windows on one memory, by that memory. */
const memories = new WeakMap<ArrayBufferLike, object>();

/** Notes that a buffer is a window on a memory that may have others. */
export function joinBuffer(buffer: ArrayBufferLike, memory: object): void {
  memories.set(buffer, memory);
}

/**
 * Whether every element of a strided view has a place of its own: each stride is longer than all that the shorter ones
 * reach over together.
 */
export function hasOwnPlaces({ shape, stride }: Pick<CheckedTensor, 'shape' | 'stride'>): boolean {
  const axes = shape
    .map((extent, axis) => ({ extent, step: Math.abs(stride[axis]) }))
    .filter(({ extent }) => extent > 1);
  let reach = 0;
  for (const { extent, step } of axes.sort((a, b) => a.step - b.step)) {
    if (step <= reach) return false;
    reach += (extent - 1) * step;
  }
  return true;
}

/** Whether two views share any bytes; conservative for strided ones (their whole extents are compared). */
export function overlaps(a: CheckedTensor, b: CheckedTensor): boolean {
  const memoryOf = ({ data }: CheckedTensor): object => memories.get(data.buffer) ?? data.buffer;
  if (memoryOf(a) !== memoryOf(b) || sizeOf(a.shape) === 0 || sizeOf(b.shape) === 0) return false;
  const [aLow, aHigh] = extent(a);
  const [bLow, bHigh] = extent(b);
  return aLow <= bHigh && bLow <= aHigh;
}

/** First and last byte of a view within its buffer. */
function extent(tensor: CheckedTensor): [number, number] {
  let low = tensor.offset;
  let high = tensor.offset;
  for (let axis = 0; axis < tensor.shape.length; axis++) {
    const reach = (tensor.shape[axis] - 1) * tensor.stride[axis];
    if (reach < 0) low += reach;
    else high += reach;
  }
  return [tensor.data.byteOffset + low * 4, tensor.data.byteOffset + high * 4 + 3];
}
