/** How the elements of each type are stored, and how a graph holds them. */
import { allocated } from '../check/memory.ts';
import { IS_LITTLE_ENDIAN } from '../check/stored-bytes.ts';
import { NnpackError } from '../errors.ts';
import type { Dtype, TypedArray } from '../graph/values.ts';
import { decodeHalf } from '../maths/half.ts';
import type { TensorProto } from './proto.ts';

/** The fields of a tensor that hold elements which graphs carry. */
type ElementField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData';

/** What such a field holds; no elements where the file leaves it out. */
type FieldData = NonNullable<TensorProto[ElementField]> | readonly never[];

/** How the elements of one type are stored. */
export interface ElementForm {
  /** Of an element among raw bytes. */
  readonly bytes: number;
  /** The field that may hold them instead. */
  readonly field: ElementField;
  /** So many elements, of as many bytes as they take. */
  fromBytes(who: string, bytes: Uint8Array, count: number): TypedArray;
  fromField(who: string, data: FieldData): TypedArray;
}

type View = (buffer: ArrayBufferLike, at: number, count: number) => TypedArray;

/** By the types of elements. */
export const ELEMENT_FORMS: Readonly<Record<Dtype, ElementForm>> = {
  float32: asTheyAre('floatData', 4, (buffer, at, count) => new Float32Array(buffer, at, count)),
  float64: asTheyAre('doubleData', 8, (buffer, at, count) => new Float64Array(buffer, at, count)),
  int64: asTheyAre('int64Data', 8, (buffer, at, count) => new BigInt64Array(buffer, at, count)),
  int32: asTheyAre('int32Data', 4, (buffer, at, count) => new Int32Array(buffer, at, count)),
  float16: halves((bits) => decodeHalf(bits, 'binary16')),
  bfloat16: halves(decodeBfloat16),
  uint8: {
    bytes: 1,
    field: 'int32Data',
    fromBytes: (_, bytes) => bytes,
    fromField: (who, data) => narrowed(who, data, 0, 255, (count) => new Uint8Array(count)),
  },
  int8: {
    bytes: 1,
    field: 'int32Data',
    fromBytes: (_, bytes, count) => new Int8Array(bytes.buffer, bytes.byteOffset, count),
    fromField: (who, data) => narrowed(who, data, -128, 127, (count) => new Int8Array(count)),
  },
  bool: {
    bytes: 1,
    field: 'int32Data',
    fromBytes: (who, bytes) => (bytes.every((byte) => byte <= 1) ? bytes : truths(who, bytes)),
    fromField: truths,
  },
};

/** Elements that lie in an array as they do among raw bytes. */
function asTheyAre(field: ElementField, step: number, view: View): ElementForm {
  return {
    bytes: step,
    field,
    fromBytes(who, bytes, count) {
      const { buffer, byteOffset } = aligned(who, bytes, step);
      return view(buffer, byteOffset, count);
    },
    fromField: (_, data) => (data.length === 0 ? view(new ArrayBuffer(0), 0, 0) : (data as TypedArray)),
  };
}

/** Elements of 16 bits, of which an array has the values. */
function halves(decode: (bits: number) => number): ElementForm {
  const decoded = (who: string, codes: ArrayLike<number>) => {
    const data = allocated(who, `${codes.length} elements`, () => new Float32Array(codes.length));
    for (let i = 0; i < data.length; i++) data[i] = decode(codes[i] & 0xffff);
    return data;
  };
  return {
    bytes: 2,
    field: 'int32Data',
    fromBytes(who, bytes, count) {
      const { buffer, byteOffset } = aligned(who, bytes, 2);
      return decoded(who, new Uint16Array(buffer, byteOffset, count));
    },
    // some writers have taken the bits for an int16
    fromField: (who, data) => decoded(who, within(who, data, -(2 ** 15), 2 ** 16 - 1)),
  };
}

const buffer = new ArrayBuffer(4);
const BITS = { f32: new Float32Array(buffer), u32: new Uint32Array(buffer) };

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(bits: number): number {
  BITS.u32[0] = bits << 16;
  return BITS.f32[0];
}

/** The bytes where an array of this machine can lie on them: where they are, or copied. */
function aligned(who: string, bytes: Uint8Array, step: number): Uint8Array {
  if (IS_LITTLE_ENDIAN && bytes.byteOffset % step === 0) return bytes;
  const copy = allocated(who, `${bytes.length} bytes`, () => new Uint8Array(bytes));
  if (!IS_LITTLE_ENDIAN) for (let at = 0; at < copy.length; at += step) copy.subarray(at, at + step).reverse();
  return copy;
}

function narrowed<Data extends Uint8Array | Int8Array>(
  who: string,
  data: FieldData,
  least: number,
  most: number,
  make: (count: number) => Data,
): Data {
  const narrow = allocated(who, `${data.length} elements`, () => make(data.length));
  narrow.set(within(who, data, least, most));
  return narrow;
}

function within(who: string, data: FieldData, least: number, most: number): ArrayLike<number> {
  // int32_data, as the form says
  const wide = data as Int32Array;
  for (let i = 0; i < wide.length; i++) {
    if (wide[i] >= least && wide[i] <= most) continue;
    throw new NnpackError('invalid-model', `${who}: int32_data[${i}] is ${wide[i]}, expected ${least} to ${most}`);
  }
  return wide;
}

/** What is not 0 is true. */
function truths(who: string, data: ArrayLike<number> | FieldData): Uint8Array {
  const bits = allocated(who, `${data.length} elements`, () => new Uint8Array(data.length));
  for (let i = 0; i < bits.length; i++) bits[i] = Number(data[i] !== 0);
  return bits;
}
