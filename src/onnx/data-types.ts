/** ONNX's types of elements by their numbers, and which of them graphs can carry. */
import type { Dtype } from '../graph/values.ts';

/** A type of elements of ONNX. */
export interface DataType {
  /** ONNX's name. */
  readonly name: string;
  /** The same in graphs, or null where they have none. */
  readonly dtype: Dtype | null;
}

const DATA_TYPES: readonly DataType[] = [
  { name: 'UNDEFINED', dtype: null },
  { name: 'FLOAT', dtype: 'float32' },
  { name: 'UINT8', dtype: 'uint8' },
  { name: 'INT8', dtype: 'int8' },
  { name: 'UINT16', dtype: null },
  { name: 'INT16', dtype: null },
  { name: 'INT32', dtype: 'int32' },
  { name: 'INT64', dtype: 'int64' },
  { name: 'STRING', dtype: null },
  { name: 'BOOL', dtype: 'bool' },
  { name: 'FLOAT16', dtype: 'float16' },
  { name: 'DOUBLE', dtype: 'float64' },
  { name: 'UINT32', dtype: null },
  { name: 'UINT64', dtype: null },
  { name: 'COMPLEX64', dtype: null },
  { name: 'COMPLEX128', dtype: null },
  { name: 'BFLOAT16', dtype: 'bfloat16' },
  { name: 'FLOAT8E4M3FN', dtype: null },
  { name: 'FLOAT8E4M3FNUZ', dtype: null },
  { name: 'FLOAT8E5M2', dtype: null },
  { name: 'FLOAT8E5M2FNUZ', dtype: null },
  { name: 'UINT4', dtype: null },
  { name: 'INT4', dtype: null },
  { name: 'FLOAT4E2M1', dtype: null },
  { name: 'FLOAT8E8M0', dtype: null },
  { name: 'UINT2', dtype: null },
  { name: 'INT2', dtype: null },
];

/** The number of a file that leaves a type out. */
export const UNDEFINED = 0;

/** The type of a number; numbers that ONNX did not have yet are named by themselves. */
export function dataTypeOf(number: number): DataType {
  return DATA_TYPES[number] ?? { name: `data type ${number}`, dtype: null };
}

/** The number of a type of graphs. */
export function dataTypeNumber(dtype: Dtype): number {
  return DATA_TYPES.findIndex((type) => type.dtype === dtype);
}

/** The number of a type. */
export function dataTypeNumberOf({ name }: DataType): number {
  return DATA_TYPES.findIndex((type) => type.name === name);
}
