/** Writes files of parameters in every form, from the description of the format and with none of the reader's code. */

/** 0 to 2: without a mark, F993FAC8, F993FAC9; 3: F993FACA. */
export type Form = 0 | 1 | 2 | 3;

export const FLAGS = {
  float32: 0,
  float64: 1,
  float16: 2,
  uint8: 3,
  int32: 4,
  int8: 5,
  int64: 6,
  bool: 7,
  int16: 8,
  uint16: 9,
  uint32: 10,
  uint64: 11,
  bfloat16: 12,
};

export interface WrittenArray {
  readonly name?: string;
  readonly form: Form;
  readonly shape: readonly number[];
  readonly type: number;
  /** The elements as they lie in the file. */
  readonly elements: Uint8Array;
  /** Which rows there are. */
  readonly rows?: readonly number[];
  readonly storage?: number;
  /** Ends the array behind its shape. */
  readonly isNone?: boolean;
}

export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export const int32 = (x: number): Uint8Array => bytesOf(Int32Array.of(x));
export const int64 = (x: number | bigint): Uint8Array => bytesOf(BigInt64Array.of(BigInt(x)));

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function shapeOf(form: Form, shape: readonly number[]): Uint8Array {
  return join([int32(shape.length), ...shape.map((size) => (form === 0 ? int32(size) : int64(size)))]);
}

export function arrayBytes({ form, shape, type, elements, rows, storage, isNone }: WrittenArray): Uint8Array {
  const marks: Uint8Array[] = form === 0 ? [] : [bytesOf(Uint32Array.of(0xf993fac7 + form))];
  if (form >= 2) marks.push(int32(storage ?? (rows === undefined ? 0 : 1)));
  if (rows !== undefined) marks.push(shapeOf(form, [rows.length, ...shape.slice(1)]));
  const head = [...marks, shapeOf(form, shape)];
  if (isNone) return join(head);
  // the second device of two: where an array was is nobody's concern
  const device = [int32(2), int32(1)];
  if (rows === undefined) return join([...head, ...device, int32(type), elements]);
  const numbers = [int32(FLAGS.int64), shapeOf(form, [rows.length])];
  return join([...head, ...device, int32(type), ...numbers, elements, ...rows.map(int64)]);
}

export function nameBytes(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  return join([int64(text.length), text]);
}

export function paramsBytes(arrays: readonly WrittenArray[]): Uint8Array {
  const names = arrays.map(({ name }) => name).filter((name) => name !== undefined);
  return join([
    ...[int64(0x112), int64(0), int64(arrays.length), ...arrays.map(arrayBytes)],
    ...[int64(names.length), ...names.map(nameBytes)],
  ]);
}

/** Six elements of each type: as a file holds them, and the numbers that they are. */
export const EXAMPLES: Readonly<Record<string, { readonly elements: ArrayBufferView; readonly values: number[] }>> = {
  float32: { elements: Float32Array.of(1.5, -2, 3e38, 0, 7, -0.25), values: [1.5, -2, Math.fround(3e38), 0, 7, -0.25] },
  float64: { elements: Float64Array.of(1e300, -2, 0.1, 0, 7, -5), values: [1e300, -2, 0.1, 0, 7, -5] },
  // 1, -2, the largest, the smallest, 0, infinity
  float16: {
    elements: Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0, 0x7c00),
    values: [1, -2, 65504, 2 ** -24, 0, Number.POSITIVE_INFINITY],
  },
  uint8: { elements: Uint8Array.of(0, 1, 127, 128, 254, 255), values: [0, 1, 127, 128, 254, 255] },
  int32: {
    elements: Int32Array.of(0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 5),
    values: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 5],
  },
  int8: { elements: Int8Array.of(0, 1, -1, 127, -128, 5), values: [0, 1, -1, 127, -128, 5] },
  int64: {
    elements: BigInt64Array.of(0n, 1n, -1n, 2n ** 52n, -(2n ** 52n), 5n),
    values: [0, 1, -1, 2 ** 52, -(2 ** 52), 5],
  },
  bool: { elements: Uint8Array.of(0, 1, 1, 0, 2, 255), values: [0, 1, 1, 0, 1, 1] },
  // 1, -2, 3 · 2¹⁰⁰, 0, 1.0078125, minus infinity
  bfloat16: {
    elements: Uint16Array.of(0x3f80, 0xc000, 0x7240, 0, 0x3f81, 0xff80),
    values: [1, -2, 3 * 2 ** 100, 0, 1.0078125, Number.NEGATIVE_INFINITY],
  },
};
