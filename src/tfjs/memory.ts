/** Arrays as large as a file says: where no memory is left for one, that is our own error. */
import { NnpackError } from '../errors.ts';
import type { TypedArray } from '../graph/values.ts';

export function newFloats(who: string, count: number): Float32Array {
  return allocate(who, 4 * count, () => new Float32Array(count));
}

const NUMBERS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export function newElements<D extends keyof typeof NUMBERS>(who: string, dtype: D, count: number) {
  const Numbers = NUMBERS[dtype];
  return allocate(who, Numbers.BYTES_PER_ELEMENT * count, () => new Numbers(count));
}

export function newBytes(who: string, count: number): Uint8Array<ArrayBuffer> {
  return allocate(who, count, () => new Uint8Array(count));
}

/** As many numbers of the same type. */
export function newNumbers(who: string, like: TypedArray): TypedArray {
  const made = like.constructor as new (length: number) => TypedArray;
  return allocate(who, like.byteLength, () => new made(like.length));
}

function allocate<T>(who: string, bytes: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const what = `no memory for an array of ${bytes} bytes (${error.message})`;
    throw new NnpackError('out-of-memory', `${who}: ${what}`, { cause: error });
  }
}
