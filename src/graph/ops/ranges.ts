/** The numbers that types have, and how numbers are brought among them. */
import { type Dtype, parameterOf } from '../values.ts';

/** The least and the greatest that a type has, where it is no infinity. */
const RANGES: ReadonlyMap<Dtype, readonly [least: number, most: number]> = new Map([
  ['int64', [-(2 ** 63), 2 ** 63]],
  ['int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['int8', [-128, 127]],
  ['uint8', [0, 255]],
  ['bool', [0, 1]],
]);

export function rangeOf(dtype: Dtype): readonly [least: number, most: number] {
  return RANGES.get(dtype) ?? [-Infinity, Infinity];
}

/** The nearest that a type of whole numbers has. */
export function saturated(x: number, dtype: Dtype): number {
  const [least, most] = rangeOf(dtype);
  return Math.min(Math.max(x, least), most);
}

/** The nearest whole number, the even one of two. */
export function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** A number as a type of real numbers holds it. */
export function asFloat(x: number, dtype: Dtype): number {
  if (dtype === 'float32') return Math.fround(x);
  const { data } = parameterOf({ shape: [1], data: Float64Array.of(x) }, dtype, 'constant');
  return Number(data[0]);
}

export const isByte = (dtype: Dtype): boolean => dtype === 'int8' || dtype === 'uint8';
