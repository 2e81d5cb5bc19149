/** Numbers of files as arrays of a type, and back as little-endian bytes. */
import { NnpackError } from '../errors.ts';
import { arrayName, type Dtype, isFloat, type TypedArray } from '../graph/values.ts';
import { encodeHalf } from '../maths/half.ts';
import { denseStrides, sizeOf, type TypedTensorLike } from '../tensor/ndarray.ts';
import { checkTensor, copyIn } from '../tensor/tensor.ts';

/**
 * So many numbers as an array of a type: real ones are rounded to it (to float32 for the halves), whole ones must be of it.
 *
 * @throws NnpackError 'invalid-tensor' for a number that the type does not hold
 */
export function numbersOf(who: string, dtype: Dtype, count: number, at: (i: number) => number | bigint): TypedArray {
  const refuse = (i: number): never => {
    const text = `element ${i} in the file is ${at(i)}, expected what ${dtype} can hold`;
    throw new NnpackError('invalid-tensor', `${who}: ${text}`);
  };
  if (dtype === 'int64') return wholeOf(count, at, refuse);
  const data = isFloat(dtype) ? floatsOf(dtype, count) : intsOf(dtype, count);
  for (let i = 0; i < count; i++) {
    const value = Number(at(i));
    data[i] = value;
    const isHeld = isFloat(dtype) ? Number.isFinite(data[i]) || !Number.isFinite(value) : data[i] === value;
    if (!isHeld || (dtype === 'bool' && value > 1)) refuse(i);
  }
  return data;
}

function floatsOf(dtype: Dtype, count: number): Float32Array | Float64Array {
  return dtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
}

function intsOf(dtype: Dtype, count: number): Int32Array | Int8Array | Uint8Array {
  if (dtype === 'int32') return new Int32Array(count);
  return dtype === 'int8' ? new Int8Array(count) : new Uint8Array(count);
}

function wholeOf(count: number, at: (i: number) => number | bigint, refuse: (i: number) => never): BigInt64Array {
  const data = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const value = at(i);
    if (typeof value === 'number' && !Number.isInteger(value)) refuse(i);
    data[i] = BigInt(value);
    if (data[i] !== BigInt(value)) refuse(i);
  }
  return data;
}

/** The elements of an array in C order; one of float32 may have any strides. */
export function elementBytes(array: TypedTensorLike, dtype: Dtype): Uint8Array {
  const { data, shape, stride = denseStrides(shape) } = array;
  if (data instanceof Float32Array && dtype !== 'float64') {
    const tensor = checkTensor('elementBytes', 'array', { ...array, data, stride }, [shape.length]);
    const dense = new Float32Array(sizeOf(shape));
    copyIn(tensor, dense, 0);
    return dtype === 'float32' ? bytesOf(dense, 4) : bytesOf(halvesOf(dense, dtype), 2);
  }
  if (arrayName(dtype) !== data.constructor.name) {
    throw new NnpackError(
      'invalid-tensor-type',
      `elementBytes: ${data.constructor.name}, expected ${arrayName(dtype)}`,
    );
  }
  return bytesOf(data.slice(), data.BYTES_PER_ELEMENT);
}

function halvesOf(values: Float32Array, dtype: Dtype): Uint16Array {
  if (dtype === 'float16') return Uint16Array.from(values, (x) => encodeHalf(x, 'binary16'));
  // The values are those of bfloat16, the upper half of a float32.
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => word >>> 16);
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of an array that is nobody else's. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, step: number): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (!IS_LITTLE_ENDIAN) for (let at = 0; at < bytes.length; at += step) bytes.subarray(at, at + step).reverse();
  return bytes;
}
