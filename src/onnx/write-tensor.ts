/** A tensor as a file of its own (.pb), which `parseTensor` reads. */
import type { Dtype } from '../graph/values.ts';
import { dataTypeNumber } from './data-types.ts';

/**
 * @param elements in C order, little-endian, as ONNX stores those of the type
 * @example
 * encodeTensor('y', 'float32', [2], new Uint8Array(Float32Array.of(1, 2).buffer));
 */
export function encodeTensor(name: string, dtype: Dtype, shape: readonly number[], elements: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(name);
  const head = [
    ...shape.flatMap((size) => [...varint(tag(1, 0)), ...varint(size)]), // dims
    ...[...varint(tag(2, 0)), ...varint(dataTypeNumber(dtype))], // data_type
    ...[...varint(tag(8, 2)), ...varint(text.length), ...text], // name
    ...[...varint(tag(9, 2)), ...varint(elements.length)], // raw_data
  ];
  const bytes = new Uint8Array(head.length + elements.length);
  bytes.set(head);
  bytes.set(elements, head.length);
  return bytes;
}

function tag(field: number, wire: number): number {
  return 8 * field + wire;
}

/** Seven bits a byte, the last first; all but the last byte have the eighth. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
