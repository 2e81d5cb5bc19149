/**
 * Tensors of onnxruntime-common and arrays of a model. A tensor is known by its fields and not by its class: the package has
 * a class for `import` and another for `require`, and a bundle of onnxruntime-web has one of its own.
 */
import { Tensor } from 'onnxruntime-common';
import { typedArrayName } from '../check/arrays.ts';
import { reading } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { type Dtype, typeText } from '../graph/values.ts';
import { decodeHalves, encodeHalves } from '../maths/half.ts';
import type { ModelValue } from '../models/source.ts';
import type { TypedNumbers, TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';

/** The name of each type of elements among tensors; null for one that they do not have. */
export const TENSOR_TYPES: Readonly<Record<Dtype, Tensor.Type | null>> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  bfloat16: null,
  int64: 'int64',
  int32: 'int32',
  int8: 'int8',
  uint8: 'uint8',
  bool: 'bool',
};

/** What was read of a tensor. */
export interface ReadTensor {
  readonly type: Tensor.Type;
  readonly dims: readonly number[];
  readonly data: Tensor.DataType;
}

/** Whether a value has what makes a tensor. */
export function isTensorLike(value: unknown): boolean {
  try {
    const { type, dims } = value as Partial<Tensor>;
    return typeof type === 'string' && Array.isArray(dims);
  } catch {
    return false;
  }
}

/**
 * A tensor of the type of a value of the model, its numbers in the memory of the processor.
 *
 * @param who the model, and what it is to it: `model 'm.onnx': input 'x'`
 */
export function readTensor(who: string, value: unknown, expected: ModelValue): ReadTensor {
  if (!isTensorLike(value)) {
    throw new NnpackError('invalid-tensor', `${who} is ${show(value)}, expected a Tensor`);
  }
  const read = reading(who, 'tensor', 'invalid-tensor', () => {
    const { type, dims, location } = value as Tensor;
    const isHere = location === 'cpu' || location === 'cpu-pinned' || location === undefined;
    return { type, dims, location, data: isHere ? (value as Tensor).data : null };
  });
  if (read.data === null || read.data === undefined) {
    const text = `has its data at ${show(read.location)}, expected 'cpu'`;
    throw new NnpackError('invalid-tensor', `${who} ${text}${read.location === 'none' ? ' (it was disposed of)' : ''}`);
  }
  const type = expected.dtype === null ? read.type : TENSOR_TYPES[expected.dtype];
  if (read.type === type) return { type, dims: read.dims, data: read.data };
  throw new NnpackError(
    'invalid-tensor-type',
    `${who} is a tensor of ${show(read.type)}, expected ${textOf(expected)}`,
  );
}

/** `float32 [N, 3, 224, 224]` */
function textOf({ dtype, shape }: ModelValue): string {
  if (dtype === null) return 'a tensor';
  return shape === null ? dtype : typeText({ dtype, shape });
}

/** The array that a model takes for a tensor: on the same numbers, but for half precision. */
export function arrayOf({ type, dims, data }: ReadTensor): TypedTensorLike {
  if (type === 'float16') return { shape: dims, data: decodeHalves(codesOf(data), 'binary16') };
  if (type === 'bool') return { shape: dims, data: truths(data as Uint8Array) };
  // What it really is the model checks.
  return { shape: dims, data: data as TypedNumbers };
}

/** The codes of half precision; newer engines have an array of their own for them. */
function codesOf(data: unknown): Uint16Array {
  // What is neither is refused when it is decoded.
  if (typedArrayName(data) !== 'Float16Array') return data as Uint16Array;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

/** 0 and 1: what else is stored means true. */
function truths(data: Uint8Array): Uint8Array {
  for (let i = 0; i < data.length; i++) {
    if (data[i] > 1) return Uint8Array.from(data, (value) => (value === 0 ? 0 : 1));
  }
  return data;
}

/** The tensor of a result, on its numbers, but for half precision. */
export function tensorOf(type: Tensor.Type, { data, shape }: TypedTensor): Tensor {
  const numbers = type === 'float16' ? encodeHalves(data as Float32Array, 'binary16') : data;
  // One constructor for all types is not among its signatures.
  return new Tensor(type, numbers as Tensor.DataTypeMap['float32'], shape) as Tensor;
}

/** An array that a model writes into for a tensor of the caller's. */
export interface Target {
  readonly array: TypedTensor;
  /** Called once the model has written. */
  finish(): void;
}

export function targetOf(tensor: ReadTensor): Target {
  const { type, dims, data } = tensor;
  // What it really is the model checks.
  if (type !== 'float16') return { array: writable(data as TypedNumbers, dims), finish: () => {} };
  const codes = codesOf(data);
  const numbers = new Float32Array(codes.length);
  return { array: writable(numbers, dims), finish: () => codes.set(encodeHalves(numbers, 'binary16')) };
}

/** A model writes into `data`, and reads nothing but the shape besides. */
function writable(data: TypedNumbers, shape: readonly number[]): TypedTensor {
  const array: TypedTensorLike = { data, shape };
  return array as TypedTensor;
}

/** The type of a result that files do not tell, by its array. */
export function typeOfArray(data: TypedNumbers): Tensor.Type {
  return new Tensor(data as Float32Array).type;
}
