/**
 * TensorFlow's types of elements. The files of TensorFlow.js hold no numbers of 64 bits, and its graphs compute in float32
 * and int32 whatever a node says; a picture of bytes that goes in stays one.
 */
import type { Dtype } from '../graph/values.ts';

interface DataType {
  readonly name: string;
  readonly number: number;
  /** In our graphs, or null where there is none. */
  readonly dtype: Dtype | null;
}

const DATA_TYPES: readonly DataType[] = [
  { name: 'DT_FLOAT', number: 1, dtype: 'float32' },
  { name: 'DT_DOUBLE', number: 2, dtype: 'float32' },
  { name: 'DT_INT32', number: 3, dtype: 'int32' },
  { name: 'DT_UINT8', number: 4, dtype: 'uint8' },
  { name: 'DT_INT16', number: 5, dtype: 'int32' },
  { name: 'DT_INT8', number: 6, dtype: 'int8' },
  { name: 'DT_STRING', number: 7, dtype: null },
  { name: 'DT_COMPLEX64', number: 8, dtype: null },
  { name: 'DT_INT64', number: 9, dtype: 'int32' },
  { name: 'DT_BOOL', number: 10, dtype: 'bool' },
  { name: 'DT_BFLOAT16', number: 14, dtype: 'float32' },
  { name: 'DT_UINT16', number: 17, dtype: 'int32' },
  { name: 'DT_COMPLEX128', number: 18, dtype: null },
  { name: 'DT_HALF', number: 19, dtype: 'float32' },
  { name: 'DT_RESOURCE', number: 20, dtype: null },
  { name: 'DT_VARIANT', number: 21, dtype: null },
];

/** A type as a file tells it, by name or by number; undefined for what is none. */
export function dataTypeOf(told: unknown): DataType | undefined {
  return DATA_TYPES.find(({ name, number }) => told === name || told === number);
}
