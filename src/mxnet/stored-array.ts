/**
 * One array of a file of parameters. Four forms were written, by the number that it begins with:
 *
 *     none      number of axes, 4 bytes | sizes, 4 bytes each | device | type | elements           (until 0.10)
 *     F993FAC8  number of axes, 4 bytes | sizes, 8 bytes each | device | type | elements           (0.11)
 *     F993FAC9  storage | number of axes | sizes | device | type | elements                        (since 0.12)
 *     F993FACA  the same, where no axes mean one number; -1 axes, or an axis of -1, mean no array  (NumPy's shapes)
 *
 * Storage, type and the two numbers of the device take 4 bytes each. Before F993FACA no axes mean no array. Storage 1,
 * row-sparse, has only some rows of the first axis, and the others are zeros: the shape of the rows stands before the
 * shape, the type and shape of the rows' numbers behind the type, and these numbers behind the elements.
 *
 * Source: MXNet, src/ndarray/ndarray.cc and mshadow/base.h.
 */
import { allocated } from '../check/memory.ts';
import {
  type Bytes,
  copyBytes,
  floatReader,
  IS_LITTLE_ENDIAN,
  isStoredBytes,
  LEAST_STORED,
  partOf,
} from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { storedArray, withNumbersOf } from '../graph/stored.ts';
import type { Dtype, TensorType, TypedArray } from '../graph/values.ts';
import { decodeHalves } from '../maths/half.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import type { ByteReader } from './byte-reader.ts';

/** An array of a file: dense and row-major, in memory of its own. */
export interface StoredArray {
  readonly type: TensorType;
  readonly data: TypedArray;
}

/** What is known of an array before its elements are read. */
export interface ArrayHeader {
  readonly shape: readonly number[];
  /** Of elements, zeros of absent rows among them. */
  readonly count: number;
  readonly stored: StoredType;
  /** Where the elements begin. */
  readonly at: number;
  readonly sparse: SparseRows | undefined;
}

interface SparseRows {
  readonly rows: number;
  /** Where their numbers begin. */
  readonly at: number;
}

interface StoredType {
  readonly name: string;
  readonly bytes: number;
  /** null if no graph has such elements. */
  readonly decode: ((buffer: ArrayBuffer) => TypedArray) | null;
}

/** By MXNet's numbers. */
const TYPES: readonly StoredType[] = [
  { name: 'float32', bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  { name: 'float64', bytes: 8, decode: (buffer) => new Float64Array(buffer) },
  { name: 'float16', bytes: 2, decode: (buffer) => decodeHalves(new Uint16Array(buffer), 'binary16') },
  { name: 'uint8', bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
  { name: 'int32', bytes: 4, decode: (buffer) => new Int32Array(buffer) },
  { name: 'int8', bytes: 1, decode: (buffer) => new Int8Array(buffer) },
  { name: 'int64', bytes: 8, decode: (buffer) => new BigInt64Array(buffer) },
  { name: 'bool', bytes: 1, decode: (buffer) => new Uint8Array(buffer).map((x) => (x === 0 ? 0 : 1)) },
  { name: 'int16', bytes: 2, decode: null },
  { name: 'uint16', bytes: 2, decode: null },
  { name: 'uint32', bytes: 4, decode: null },
  { name: 'uint64', bytes: 8, decode: null },
  { name: 'bfloat16', bytes: 2, decode: (buffer) => decodeBfloat16(new Uint16Array(buffer)) },
];
const FLOAT32 = TYPES[0];
const INT64 = TYPES[6];

/** How a form begins: whether it tells the storage, how many bytes a size takes, and whether no axes mean one number. */
interface Form {
  readonly hasStorage: boolean;
  readonly sizeBytes: 4 | 8;
  readonly isNumpy: boolean;
}

const FORMS: ReadonlyMap<number, Form> = new Map([
  [0xf993fac8, { hasStorage: false, sizeBytes: 8, isNumpy: false }],
  [0xf993fac9, { hasStorage: true, sizeBytes: 8, isNumpy: false }],
  [0xf993faca, { hasStorage: true, sizeBytes: 8, isNumpy: true }],
]);
const FIRST_FORM: Form = { hasStorage: false, sizeBytes: 4, isNumpy: false };

/** MXNet computes with at most 6 axes, NumPy with 32. */
const MOST_AXES = 32;
const DENSE = 0;
const ROW_SPARSE = 1;
const COMPRESSED_ROWS = 2;

/** The header of the array that begins here, past which the reader then is; null for one without a shape. */
export function readHeader(reader: ByteReader): ArrayHeader | null {
  const first = reader.uint32('its first number');
  const form = FORMS.get(first) ?? FIRST_FORM;
  const isSparse = form.hasStorage && readStorage(reader, form) === ROW_SPARSE;
  const rowsShape = isSparse ? readShape(reader, form, reader.int32('the number of axes of its rows')) : null;
  const axes = form === FIRST_FORM ? first : reader.int32('the number of its axes');
  const shape = readShape(reader, form, axes);
  if (shape === null) return null;
  const count = sizeOf(shape);
  // not a number either, where an infinity meets a zero
  if (!(count <= MAX_ELEMENTS)) {
    reader.fail(`has shape ${show(shape)}, expected at most ${MAX_ELEMENTS} elements`);
  }
  reader.skip(8, 'its device');
  const stored = readType(reader, 'its type');
  if (!isSparse) {
    return { shape, count, stored, at: reader.skip(count * stored.bytes, 'its elements'), sparse: undefined };
  }
  const rows = readRows(reader, form, shape, rowsShape);
  const rowElements = rows * sizeOf(shape.slice(1));
  const at = reader.skip(rowElements * stored.bytes, 'its elements');
  return { shape, count, stored, at, sparse: { rows, at: reader.skip(rows * INT64.bytes, 'the numbers of its rows') } };
}

/** @throws NnpackError if no graph has such elements */
export function expectKnown(who: string, { stored }: ArrayHeader): void {
  if (stored.decode !== null) return;
  const known = TYPES.filter(({ decode }) => decode !== null).map(({ name }) => name);
  const what = `has elements of ${stored.name}, expected one of ${known.join(', ')}`;
  throw new NnpackError('unsupported-layer', `${who}: ${what}`);
}

/** The elements of a known type: copied, or where the file has many numbers of single precision, read as they are needed. */
export function makeArray(who: string, bytes: Bytes, header: ArrayHeader): StoredArray {
  const { shape, count, stored, at, sparse } = header;
  const length = count * stored.bytes;
  if (
    isStoredBytes(bytes) &&
    sparse === undefined &&
    stored === FLOAT32 &&
    length >= LEAST_STORED &&
    IS_LITTLE_ENDIAN
  ) {
    const numbers = storedArray(shape, floatReader(partOf(bytes, at, length)));
    return withNumbersOf(numbers, { type: { dtype: 'float32', shape } as const });
  }
  const copy = allocated(who, 'its elements', () => new Uint8Array(length));
  if (sparse === undefined) copyBytes(bytes, at, copy);
  else placeRows(who, bytes, copy, at, sparse, shape[0]);
  const data = allocated(who, 'its elements', () => stored.decode!(copy.buffer));
  // the types with a decoder have the names of ours
  return { type: { dtype: stored.name as Dtype, shape }, data };
}

function readStorage(reader: ByteReader, { isNumpy }: Form): number {
  const storage = reader.int32('its storage');
  if (storage === DENSE || (storage === ROW_SPARSE && !isNumpy)) return storage;
  if (storage === COMPRESSED_ROWS && !isNumpy) {
    reader.unsupported('is stored in compressed sparse rows (csr), expected a dense or a row-sparse array');
  }
  return reader.fail(`has storage ${storage}, expected ${isNumpy ? DENSE : `${DENSE} or ${ROW_SPARSE}`}`);
}

/** null where there is no array. */
function readShape(reader: ByteReader, { sizeBytes, isNumpy }: Form, axes: number): number[] | null {
  if (axes === 0 && !isNumpy) return null;
  if (axes === -1 && isNumpy) return null;
  if (axes < 0 || axes > MOST_AXES) reader.fail(`has ${axes} axes, expected at most ${MOST_AXES}`);
  const shape: number[] = [];
  for (let axis = 0; axis < axes; axis++) {
    const size = sizeBytes === 4 ? reader.uint32('its shape') : reader.int64('its shape');
    if (!Number.isSafeInteger(size) || size < (isNumpy ? -1 : 0)) {
      reader.fail(`has ${size} elements along axis ${axis}, expected a whole number of at least 0`);
    }
    shape.push(size);
  }
  return shape.includes(-1) ? null : shape;
}

function readType(reader: ByteReader, what: string): StoredType {
  const number = reader.int32(what);
  return TYPES[number] ?? reader.fail(`${what} is ${number}, expected a number from 0 to ${TYPES.length - 1}`);
}

/** How many rows there are, of which the file tells three times. */
function readRows(reader: ByteReader, form: Form, shape: readonly number[], stored: readonly number[] | null): number {
  const type = readType(reader, "its rows' type");
  const numbers = readShape(reader, form, reader.int32("the number of axes of its rows' numbers"));
  if (type !== INT64) reader.unsupported(`has numbers of rows of ${type.name}, expected int64`);
  const [rows] = stored ?? [];
  const isPart = stored?.length === shape.length && stored.every((size, axis) => axis === 0 || size === shape[axis]);
  if (rows === undefined || !(rows <= shape[0]) || !isPart || numbers?.length !== 1 || numbers[0] !== rows) {
    const what = `has rows of shape ${show(stored)} and numbers of shape ${show(numbers)}`;
    return reader.fail(`${what}, expected some of shape ${show([...shape])}`);
  }
  return rows;
}

function placeRows(
  who: string,
  bytes: Bytes,
  into: Uint8Array,
  at: number,
  { rows, at: numbersAt }: SparseRows,
  allRows: number,
): void {
  const rowBytes = into.length / allRows;
  const read = (first: number, length: number) => {
    const copy = new Uint8Array(length);
    copyBytes(bytes, first, copy);
    return copy;
  };
  const [elements, numbers] = [read(at, rows * rowBytes), read(numbersAt, 8 * rows)];
  const view = new DataView(numbers.buffer);
  for (let i = 0, before = -1; i < rows; i++) {
    const row = Number(view.getBigInt64(8 * i, true));
    if (!(row > before && row < allRows)) {
      const what = `row ${i} has the number ${row}, expected one above ${before} and below ${allRows}`;
      throw new NnpackError('invalid-model', `${who}: ${what}`);
    }
    into.set(elements.subarray(i * rowBytes, (i + 1) * rowBytes), row * rowBytes);
    before = row;
  }
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat16(codes: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(codes, (code) => code << 16).buffer);
}
