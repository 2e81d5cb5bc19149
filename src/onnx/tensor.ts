/**
 * The numbers of a tensor: little-endian bytes in the file or in another, or elements in the field of their type. Bytes are
 * used where they lie if they can be, so that a tensor may share them with the file; nothing is made before what the shape
 * takes has been compared with what is there.
 */
import { textOf } from '../check/options.ts';
import {
  type Bytes,
  floatReader,
  IS_LITTLE_ENDIAN,
  inMemory,
  isBytes,
  isStoredBytes,
  LEAST_STORED,
} from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { storedArray, withNumbersOf } from '../graph/stored.ts';
import { DTYPES, type Dtype, type TypedArray } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { dataTypeNumber, dataTypeOf, UNDEFINED } from './data-types.ts';
import { ELEMENT_FORMS, type ElementForm } from './element-forms.ts';
import type { TensorProto } from './proto.ts';

/** Numbers with their type and shape, dense and row-major; those of a scalar have shape []. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Gives bytes of another file, by its path from the folder of the model. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

/** The same from a disk, where a large file is read only when a number of it is needed. */
export type ReadBytes = (location: string, offset: number, length: number) => Bytes;

/** The bytes of another file that hold a tensor. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** The fields that hold numbers, with ONNX's names. */
const FIELDS = {
  floatData: 'float_data',
  int32Data: 'int32_data',
  int64Data: 'int64_data',
  doubleData: 'double_data',
  uint64Data: 'uint64_data',
} as const;

const FIELD_NAMES = Object.keys(FIELDS) as readonly (keyof typeof FIELDS)[];

/**
 * The numbers of a tensor, which `who` names in errors.
 *
 * @throws NnpackError `unsupported-layer` where graphs carry no such elements, `invalid-model` where the tensor makes no
 *   sense, `input-output` where its file could not be read, `out-of-memory` where it is too large
 */
export function readTensor(who: string, tensor: TensorProto, readExternal?: ReadBytes): Tensor {
  const { dtype, shape, count, form } = checkTensorProto(who, tensor);
  const range = externalRange(who, tensor);
  if (range !== null) {
    const bytes = readRange(who, range, readExternal);
    return tensorFrom(who, { dtype, shape, form }, bytes);
  }
  const field = FIELD_NAMES.find((name) => tensor[name] !== null);
  const { rawData } = tensor;
  if (rawData !== null && (rawData.length > 0 || field === undefined)) {
    if (field !== undefined) throw new NnpackError('invalid-model', `${who}: has both raw_data and ${FIELDS[field]}`);
    expectCount(who, 'raw_data', rawData.length, 'bytes', count * form.bytes, shape);
    expectNotTooLarge(who, shape, count);
    return tensorFrom(who, { dtype, shape, form }, rawData);
  }
  if (field !== undefined && field !== form.field) {
    const text = `has ${FIELDS[field]}, expected ${FIELDS[form.field]} (of ${dataTypeOf(tensor.dataType).name})`;
    throw new NnpackError('invalid-model', `${who}: ${text}`);
  }
  const elements = tensor[form.field];
  expectCount(who, FIELDS[form.field], elements?.length ?? 0, 'elements', count, shape);
  expectNotTooLarge(who, shape, count);
  return { dtype, shape, data: form.fromField(who, elements ?? []) };
}

interface Elements extends Pick<Tensor, 'dtype' | 'shape'> {
  readonly form: ElementForm;
}

/** Many numbers of single precision stay in their file. */
function tensorFrom(who: string, { dtype, shape, form }: Elements, bytes: Bytes): Tensor {
  if (isStoredBytes(bytes) && dtype === 'float32' && bytes.length >= LEAST_STORED && IS_LITTLE_ENDIAN) {
    return withNumbersOf(storedArray(shape, floatReader(bytes)), { dtype, shape });
  }
  return { dtype, shape, data: form.fromBytes(who, inMemory(who, bytes), bytes.length / form.bytes) };
}

/** Where another file has the numbers of a tensor, or null where none does. */
export function externalRange(who: string, tensor: TensorProto): ExternalRange | null {
  const { external, rawData } = tensor;
  if (external === null) return null;
  const { shape, count, form } = checkTensorProto(who, tensor);
  if ((rawData !== null && rawData.length > 0) || FIELD_NAMES.some((name) => tensor[name] !== null)) {
    throw new NnpackError('invalid-model', `${who}: has numbers of its own, and external_data`);
  }
  const location = external.get('location') ?? '';
  if (location === '') throw new NnpackError('invalid-model', `${who}: external_data has no location`);
  const length = count * form.bytes;
  expectCount(who, 'external_data', wholeNumber(who, external, 'length') ?? length, 'bytes', length, shape);
  expectNotTooLarge(who, shape, count);
  return { location, offset: wholeNumber(who, external, 'offset') ?? 0, length };
}

/** What is unsupported is said first, whatever else is wrong. */
function checkTensorProto(who: string, { dataType, dims, isSegment }: TensorProto) {
  if (dataType === UNDEFINED) throw new NnpackError('invalid-model', `${who}: has no data_type`);
  const { name, dtype } = dataTypeOf(dataType);
  if (dtype === null) {
    const expected = DTYPES.map((known) => dataTypeOf(dataTypeNumber(known)).name).join(', ');
    throw new NnpackError('unsupported-layer', `${who}: has elements of type ${name}, expected one of ${expected}`);
  }
  if (isSegment) throw new NnpackError('unsupported-layer', `${who}: is a segment, expected a whole tensor`);
  if (!dims.every((size): size is number => typeof size === 'number' && size >= 0)) {
    throw new NnpackError('invalid-model', `${who}: dims are ${show(dims)}, expected whole numbers less than 2⁵³`);
  }
  // an infinite number of elements times 0 is none
  const count = dims.includes(0) ? 0 : sizeOf(dims);
  const form: ElementForm = ELEMENT_FORMS[dtype];
  return { dtype, shape: dims, count, form };
}

function expectCount(
  who: string,
  what: string,
  found: number,
  unit: string,
  expected: number,
  shape: readonly number[],
): void {
  if (found === expected) return;
  const text = `${what} has ${found} ${unit}, expected ${expected} (the shape is ${show(shape)})`;
  throw new NnpackError('invalid-model', `${who}: ${text}`);
}

function expectNotTooLarge(who: string, shape: readonly number[], count: number): void {
  if (count <= MAX_ELEMENTS) return;
  const text = `the shape ${show(shape)} has ${count} elements, expected at most ${MAX_ELEMENTS}`;
  throw new NnpackError('out-of-memory', `${who}: ${text}`);
}

function wholeNumber(who: string, external: ReadonlyMap<string, string>, key: string): number | null {
  const text = external.get(key);
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new NnpackError('invalid-model', `${who}: external_data: ${key} is ${show(text)}, expected a whole number`);
}

function readRange(who: string, { location, offset, length }: ExternalRange, read?: ReadBytes): Bytes {
  const file = `external data ${show(location)}`;
  if (length === 0) return new Uint8Array(0);
  if (read === undefined) throw new NnpackError('input-output', `${who}: ${file} is not given`);
  let bytes: unknown;
  try {
    bytes = read(location, offset, length);
  } catch (error) {
    if (error instanceof NnpackError) throw error;
    throw new NnpackError('input-output', `${who}: ${file} could not be read: ${textOf(error)}`, { cause: error });
  }
  if (!isBytes(bytes)) {
    throw new NnpackError('invalid-model', `${who}: ${file} is ${show(bytes)}, expected a Uint8Array`);
  }
  if (bytes.length === length) return bytes;
  const text = `has ${bytes.length} bytes from ${offset} on, expected ${length}`;
  throw new NnpackError('invalid-model', `${who}: ${file} ${text}`);
}
