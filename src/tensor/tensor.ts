import { isFloat32Array, ownFloats } from '../check/arrays.ts';
import { reading } from '../check/options.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { denseStrides, sizeOf } from './ndarray.ts';

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
 * its first and last elements lie inside its data. Returns the view with strides and offset filled in, as it was when it
 * was read: what the caller's object answers later is nothing to it.
 */
export function checkTensor(who: string, what: string, value: unknown, ranks: readonly number[]): CheckedTensor {
  const given = readTensor(who, what, value, TENSOR_FIELDS);
  return checkElements(who, what, given, expectShape(who, what, value, given.shape, ranks));
}

/** The rest of {@link checkTensor}, of an argument that has been read and whose shape has been checked. */
export function checkElements(who: string, what: string, given: TensorFields, shape: readonly number[]): CheckedTensor {
  const { data } = given;
  if (!isFloat32Array(data)) {
    throw new NnpackError('invalid-tensor-type', `${who}: ${what} holds ${show(data)}, expected a Float32Array`);
  }
  const memory = memoryOf(data.buffer);
  if (memory !== undefined && closedMemories.has(memory)) {
    const where = 'in the memory of a context that has been disposed of';
    throw new NnpackError('disposed', `${who}: ${what} lies ${where}, expected a copy made before that`);
  }
  const { stride = denseStrides(shape), offset = 0 } = given;
  if (!isWholeList(stride) || stride.length !== shape.length || !isWhole(offset)) {
    throw new NnpackError(
      'invalid-tensor',
      `${who}: ${what} has strides ${show(stride)} and offset ${show(offset)}, expected ${shape.length} whole strides and a whole offset`,
    );
  }
  if (sizeOf(shape) > 0) {
    let low = offset;
    let high = offset;
    for (let axis = 0; axis < shape.length; axis++) {
      const reach = (shape[axis] - 1) * stride[axis];
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
  return { data: reading(who, what, 'invalid-tensor', () => ownFloats(data)), shape, stride, offset };
}

/** What has a shape that has been checked. */
export interface Shaped {
  readonly shape: readonly number[];
}

/** Checks an argument that has to be of one of the ranks: {@link checkTensor}, or less where less will do. */
export type TensorCheck<Checked extends Shaped> = (...argument: Parameters<typeof checkTensor>) => Checked;

/** A tensor where its data is given, and its shape alone where that is all there is. */
export function checkTensorOrShape(
  who: string,
  what: string,
  value: unknown,
  ranks: readonly number[],
): CheckedTensor | Shaped {
  const given = readTensor(who, what, value, TENSOR_FIELDS);
  const shape = expectShape(who, what, value, given.shape, ranks);
  return given.data === undefined ? { shape } : checkElements(who, what, given, shape);
}

/** Checks the shape alone: for arguments that may be given as `{ shape }` where only shapes matter. */
export function checkShape(who: string, what: string, value: unknown, ranks: readonly number[]): Shaped {
  return { shape: expectShape(who, what, value, readTensor(who, what, value, ['shape']).shape, ranks) };
}

/** The same of an argument that is itself a shape. */
export function checkExtents(who: string, what: string, value: unknown, ranks: readonly number[]): readonly number[] {
  const { shape } = readTensor(who, what, { shape: value }, ['shape']);
  if (!Array.isArray(shape)) {
    throw new NnpackError('invalid-tensor', `${who}: ${what} is ${show(value)}, expected an array of extents`);
  }
  return expectExtents(who, { what, is: `${what} is`, of: what }, shape, ranks);
}

/** What makes a tensor of an object, which may have anything else beside it. */
type TensorField = 'data' | 'shape' | 'stride' | 'offset' | 'format';

/** Those of an argument that were read; each may be anything. */
type TensorFields = { readonly [field in TensorField]?: unknown };
const TENSOR_FIELDS: readonly TensorField[] = ['shape', 'data', 'stride', 'offset'];

/** Reads the fields once; lists are copied, so that their owner cannot change them. */
export function readTensor(who: string, what: string, value: unknown, fields: readonly TensorField[]): TensorFields {
  return reading(who, what, 'invalid-tensor', () => {
    const read: { [field in TensorField]?: unknown } = {};
    for (const field of fields) read[field] = copied((value as { [field in TensorField]?: unknown } | null)?.[field]);
    return read;
  });
}

/** A short list of a caller's as it is now; undefined for what is none. */
export function copyList(who: string, what: string, list: unknown): readonly unknown[] | undefined {
  const copy = reading(who, what, 'invalid-argument', () => copied(list));
  return isArray(copy) ? copy : undefined;
}

/** No tensor has as many axes: of a longer list no more is copied than shows that. */
const TOO_MANY_AXES = 16;

function copied(field: unknown): unknown {
  if (!Array.isArray(field)) return field;
  const list: unknown[] = [];
  for (let i = 0; i < field.length && i < TOO_MANY_AXES; i++) list.push(field[i]);
  return list;
}

/** @param value the whole argument, for the error that says that it is no tensor */
export function expectShape(
  who: string,
  what: string,
  value: unknown,
  shape: unknown,
  ranks: readonly number[],
): readonly number[] {
  if (!Array.isArray(shape)) {
    throw new NnpackError('invalid-tensor', `${who}: ${what} is ${show(value)}, expected an ndarray of float32`);
  }
  return expectExtents(who, { what, is: `${what} has shape`, of: `${what} of shape` }, shape, ranks);
}

/** How errors say whose shape it is. */
interface ShapeNames {
  readonly what: string;
  readonly is: string;
  readonly of: string;
}

function expectExtents(
  who: string,
  { what, is, of }: ShapeNames,
  shape: readonly unknown[],
  ranks: readonly number[],
): readonly number[] {
  if (!ranks.includes(shape.length)) {
    const rank = shape.length < TOO_MANY_AXES ? shape.length : `${TOO_MANY_AXES} or more`;
    throw new NnpackError(
      'invalid-rank',
      `${who}: ${what} has rank ${rank} (shape ${show(shape)}), expected ${ranks.join(' or ')}`,
    );
  }
  if (!isWholeList(shape) || shape.some((extent) => extent < 0)) {
    throw new NnpackError('invalid-tensor', `${who}: ${is} ${show(shape)}, expected whole numbers of at least 0`);
  }
  expectElements(who, of, shape);
  return shape;
}

/** Checks that a tensor of the shape is not too large; `what` is said before its shape. */
export function expectElements(who: string, what: string, shape: readonly number[]): void {
  const size = sizeOf(shape);
  if (size <= MAX_ELEMENTS) return;
  const text = `${what} ${show(shape)} has ${size} elements, expected at most ${MAX_ELEMENTS}`;
  throw new NnpackError('out-of-memory', `${who}: ${text}`);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

function isWholeList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isWhole);
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

/** Memories that were closed: what their buffers hold now is somebody else's. */
const closedMemories = new WeakSet<object>();

/** Notes that a buffer is a window on a memory that may have others. */
export function joinBuffer(buffer: ArrayBufferLike, memory: object): void {
  memories.set(buffer, memory);
}

/** The memory that a buffer is a window on, whether it is closed or not; undefined for a buffer of its own. */
export function memoryOf(buffer: ArrayBufferLike): object | undefined {
  return memories.get(buffer);
}

/** Notes that a memory is closed, so that tensors in it are refused from now on. */
export function closeMemory(memory: object): void {
  closedMemories.add(memory);
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
  const placeOf = ({ data }: CheckedTensor): object => memoryOf(data.buffer) ?? data.buffer;
  if (placeOf(a) !== placeOf(b) || sizeOf(a.shape) === 0 || sizeOf(b.shape) === 0) return false;
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
