/**
 * What a graph carries: values with a type, and parameters with their numbers.
 *
 * A size may be a name where it is not known yet: the same name stands for the same size, and different names may turn
 * out to be equal. Runs and gradients only see types whose sizes are all numbers.
 */
import { typedArrayName } from '../check/arrays.ts';
import { NnpackError, shortened, show } from '../errors.ts';
import { decodeHalf, encodeHalf } from '../maths/half.ts';
import { sizeOf } from '../tensor/ndarray.ts';

/** The name of a value or a node of a graph. */
export type Name = string;

/** The type of a value's elements, by the names that ONNX and NumPy share. */
export type Dtype = keyof typeof ARRAYS;

/** What holds the elements of each type: half precision as the float32 numbers that it can hold, bool as 0 and 1. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** All types of elements. */
export const DTYPES = Object.keys(ARRAYS) as readonly Dtype[];

const FLOATS: ReadonlySet<Dtype> = new Set<Dtype>(['float32', 'float64', 'float16', 'bfloat16']);

/** Numbers of any type that a graph can carry. */
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** How many elements there are along an axis: a number, or the name of one that is not known yet. */
export type Size = number | string;

/** The type of a value. */
export interface ValueType {
  /** Of its elements. */
  readonly dtype: Dtype;
  /** The batch is an ordinary first dimension. */
  readonly shape: readonly Size[];
}

/** The type of a value whose every size is known. */
export interface TensorType extends ValueType {
  readonly shape: readonly number[];
}

/** What a parameter is to training: learnt, kept beside (a moving mean), or fixed. */
export type Role = (typeof ROLES)[number];

/** All roles. */
export const ROLES = ['weight', 'statistic', 'constant'] as const;

/** Numbers that belong to a graph: dense and row-major. Several nodes may read the same. */
export interface Parameter {
  readonly type: TensorType;
  readonly data: TypedArray;
  readonly role: Role;
}

/** Numbers in double, dense and row-major: what references compute with. Integers are exact up to 2⁵³. */
export interface DoubleTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /** What the numbers are meant as; float32 when not told. */
  readonly dtype?: Dtype;
}

/** Whether elements of this type are rounded real numbers. */
export function isFloat(dtype: Dtype): boolean {
  return FLOATS.has(dtype);
}

/** Whether data can be the elements of a type. A `Float32Array` of another realm is one. */
export function isArrayOf<D extends Dtype>(dtype: D, data: unknown): data is InstanceType<(typeof ARRAYS)[D]> {
  return typedArrayName(data) === arrayName(dtype);
}

/** The name of the array that holds elements of a type. */
export function arrayName(dtype: Dtype): string {
  return ARRAYS[dtype].name;
}

/** A parameter's numbers in double. */
export function doublesOf({ type, data }: Pick<Parameter, 'type' | 'data'>): DoubleTensor {
  const numbers = isBigInts(type.dtype, data) ? Float64Array.from(data, Number) : Float64Array.from(data);
  return { shape: type.shape, data: numbers, dtype: type.dtype };
}

/** Whether a double holds each of a parameter's numbers. */
export function isExactInDouble(parameter: Pick<Parameter, 'type' | 'data'>): boolean {
  // Those of other types are not looked at, as they may be stored elsewhere.
  if (parameter.type.dtype !== 'int64') return true;
  return (parameter.data as BigInt64Array).every((x) => toBigInt(Number(x)) === x);
}

/** By the type and not by a class, of which every realm has its own. */
function isBigInts(dtype: Dtype, _data: TypedArray): _data is BigInt64Array {
  return dtype === 'int64';
}

/** Numbers in double as a parameter, each rounded to the nearest that its type has. */
export function parameterOf({ shape, data }: DoubleTensor, dtype: Dtype, role: Role): Parameter {
  return { type: { dtype, shape }, data: rounded(data, dtype), role };
}

function rounded(data: Float64Array, dtype: Dtype): TypedArray {
  if (dtype === 'int64') return BigInt64Array.from(data, toBigInt);
  if (dtype === 'bool') return Uint8Array.from(data, (x) => (x === 0 ? 0 : 1));
  const round = ROUNDINGS.get(dtype);
  return round === undefined ? ARRAYS[dtype].from(data) : Float32Array.from(data, round);
}

/** The nearest of 64 bits: what is beyond them is the last one, which doubles do not hold, and NaN is 0. */
function toBigInt(x: number): bigint {
  if (x >= 2 ** 63) return 2n ** 63n - 1n;
  if (x <= -(2 ** 63)) return -(2n ** 63n);
  return Number.isNaN(x) ? 0n : BigInt(Math.trunc(x));
}

/** Types that are held in single precision, and have less. */
const ROUNDINGS: ReadonlyMap<Dtype, (x: number) => number> = new Map([
  ['float16', (x: number) => decodeHalf(encodeHalf(x, 'binary16'), 'binary16')],
  ['bfloat16', roundToBfloat16],
]);

/** Whether values of a type are numbers of single precision that are rounded further. */
export function isRounded(dtype: Dtype): boolean {
  return ROUNDINGS.has(dtype);
}

/** Rounds numbers where they are. */
export function roundHalf(numbers: Float32Array, dtype: Dtype): void {
  const round = ROUNDINGS.get(dtype);
  if (round !== undefined) for (const [i, x] of numbers.entries()) numbers[i] = round(x);
}

/**
 * The upper 16 bits of the float32, to the nearest, ties to even. Rounding x to a float32 first could make a tie of what
 * is none, so x is rounded to odd there: towards zero, with the last bit set if anything was lost.
 */
function roundToBfloat16(x: number): number {
  if (!Number.isFinite(x)) return x;
  BITS.f32[0] = x;
  const isAway = Math.abs(BITS.f32[0]) > Math.abs(x);
  const isExact = BITS.f32[0] === x;
  // Numbers of one sign stand in the order of their bits.
  const odd = isExact ? BITS.u32[0] : (BITS.u32[0] - (isAway ? 1 : 0)) | 1;
  BITS.u32[0] = (odd + 0x7fff + ((odd >>> 16) & 1)) & 0xffff0000;
  return BITS.f32[0];
}

const buffer = new ArrayBuffer(4);
const BITS = { f32: new Float32Array(buffer), u32: new Uint32Array(buffer) };

/** Whether every size is a number. */
export function isTensorType(type: ValueType): type is TensorType {
  return type.shape.every((size) => typeof size === 'number');
}

/** `float32 [N, 64, 56, 56]` */
export function typeText({ dtype, shape }: ValueType): string {
  return `${dtype} ${shapeText(shape)}`;
}

/** The most sizes of a shape that a text shows. */
const SHOWN_SIZES = 8;

/** `[N, 64, 56, 56]`; short, and never throwing, because a caller's shape may hold anything. */
export function shapeText(shape: readonly (Size | null)[]): string {
  const sizes = shape.slice(0, SHOWN_SIZES).map(sizeText);
  return `[${sizes.join(', ')}${shape.length > SHOWN_SIZES ? ', …' : ''}]`;
}

function sizeText(size: Size | null): string {
  if (size === null) return '?';
  return typeof size === 'string' ? shortened(size) : show(size);
}

/** @throws NnpackError unless there are as many numbers as the shape says */
export function expectLength(who: string, { type, data }: Pick<Parameter, 'type' | 'data'>): void {
  if (data.length === sizeOf(type.shape)) return;
  const text = `has ${data.length} numbers, expected ${sizeOf(type.shape)} (its shape is ${show([...type.shape])})`;
  throw new NnpackError('invalid-tensor', `${who}: ${text}`);
}
