/** The parts that networks are made of, read from what a caller gives: each once, by type, and frozen. */
import { isFloat32Array } from '../check/arrays.ts';
import { type FieldsOf, isRecord, readFields, reading, textOf } from '../check/options.ts';
import { didYouMean, type ErrorCode, NnpackError, show } from '../errors.ts';
import { checkActivation } from '../layers/activation.ts';
import { checkPadding, checkPerAxis, type Padding, type PerAxis } from '../tensor/convolution-shape.ts';
import type { TensorLike } from '../tensor/ndarray.ts';
import { isDense } from '../tensor/tensor.ts';
import type { Activation } from './attributes.ts';
import type { DenseArray, Shape } from './compiled.ts';
import { isStored } from './stored.ts';

const AXES: FieldsOf<Exclude<PerAxis, number>> = { height: true, width: true };
const SIDES: FieldsOf<Exclude<Padding, number>> = { top: true, right: true, bottom: true, left: true };
const ACTIVATION = { type: true, slope: true, min: true, max: true } as const;
/** A dense ndarray is an array too. */
const ARRAY: FieldsOf<TensorLike & { dtype?: unknown }> = {
  data: true,
  shape: true,
  stride: true,
  offset: true,
  dtype: true,
};

/** More than any list of a network has: an array of holes alone may say that it has 2³² − 1 items. */
const MOST_ITEMS = 2 ** 24;

/** The items of an array. */
export function parseList(who: string, what: string, value: unknown, code: ErrorCode): readonly unknown[] {
  return reading(who, what, code, () => {
    if (!Array.isArray(value)) throw new NnpackError(code, `${who}: ${what} is ${show(value)}, expected an array`);
    if (value.length > MOST_ITEMS) {
      throw new NnpackError(code, `${who}: ${what} has ${value.length} items, expected at most ${MOST_ITEMS}`);
    }
    // Array.from reads holes as undefined, where forEach would pass over them.
    return Array.from(value);
  });
}

/**
 * What is given for values of a network by their names: of own fields alone, because a value may be named like what every
 * object inherits. Names that the network does not have are refused.
 */
export function parseByName(
  who: string,
  what: string,
  given: unknown,
  names: readonly string[],
  code: ErrorCode,
): ReadonlyMap<string, unknown> {
  if (typeof given !== 'object' || given === null) {
    throw new NnpackError(code, `${who}: ${what} are ${show(given)}, expected an object with a field for each input`);
  }
  const read = new Map<string, unknown>();
  try {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) read.set(name, value);
  } catch (error) {
    throw new NnpackError(code, `${who}: ${what} cannot be read: ${textOf(error)}`, { cause: error });
  }
  for (const name of read.keys()) {
    if (names.includes(name)) continue;
    const hint = didYouMean(name, names) || `, expected ${names.map(show).join(', ')}`;
    throw new NnpackError(code, `${who}: ${what} have ${show(name)}, which is no input of the network${hint}`);
  }
  return read;
}

/** Shapes of inputs by their names, each a list. */
export function parseShapes(who: string, given: ReadonlyMap<string, unknown>): ReadonlyMap<string, Shape> {
  return new Map(
    [...given].map(([name, shape]) => {
      const sizes = parseList(`${who}: input ${show(name)}`, 'shape', shape, 'invalid-input-size');
      return [name, sizes as Shape];
    }),
  );
}

/**
 * The name of a value. Results are the fields of an object, where `__proto__` would be none.
 */
export function parseName(who: string, what: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new NnpackError('invalid-network', `${who}: ${what} is ${show(value)}, expected a string`);
  }
  if (value === '') throw new NnpackError('invalid-network', `${who}: a value has no name`);
  if (value === '__proto__') {
    throw new NnpackError('invalid-network', `${who}: a value is named '__proto__', expected another name`);
  }
  return value;
}

/** `letters` names the dimensions, and so tells their number. */
export function parseArray(who: string, what: string, value: unknown, letters: readonly string[]): DenseArray {
  if (isRecord(value) && isStored(value)) {
    const array = value as DenseArray;
    checkSizes(who, what, array.shape, letters);
    return array;
  }
  const { data, shape, stride, offset } = readFields<TensorLike>(who, what, value, ARRAY, 'invalid-tensor');
  const numbers = parseNumbers(`${who}: ${what}`, 'data', data);
  const sizes = checkSizes(who, what, parseList(`${who}: ${what}`, 'shape', shape, 'invalid-tensor'), letters);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (numbers.length !== count) {
    const text = `has ${numbers.length} numbers, expected ${count} (its shape is ${show([...sizes])})`;
    throw new NnpackError('invalid-tensor', `${who}: ${what} ${text}`);
  }
  const strides = stride === undefined ? undefined : parseList(`${who}: ${what}`, 'stride', stride, 'invalid-tensor');
  if ((strides !== undefined && !isRowMajor(sizes, strides)) || (offset !== undefined && offset !== 0)) {
    throw new NnpackError(
      'invalid-tensor',
      `${who}: ${what} is a view of other numbers, expected it dense and row-major`,
    );
  }
  return Object.freeze({ data: numbers, shape: Object.freeze(sizes) });
}

function checkSizes(
  who: string,
  what: string,
  sizes: readonly unknown[],
  letters: readonly string[],
): readonly number[] {
  const got = show([...sizes]);
  if (sizes.length !== letters.length) {
    throw new NnpackError('invalid-rank', `${who}: ${what} expected the shape [${letters.join(', ')}], got ${got}`);
  }
  if (!sizes.every((size): size is number => typeof size === 'number' && Number.isInteger(size) && size > 0)) {
    throw new NnpackError('invalid-kernel-size', `${who}: ${what} expected positive sizes, got ${got}`);
  }
  return sizes;
}

function isRowMajor(shape: readonly number[], stride: readonly unknown[]): boolean {
  const isWhole = stride.every((step): step is number => typeof step === 'number');
  return isWhole && stride.length === shape.length && isDense({ shape, stride });
}

/** Numbers for each of `count` channels. */
export function parseVector(who: string, what: string, value: unknown, count: number, code: ErrorCode): Float32Array {
  const numbers = parseNumbers(who, what, value);
  if (numbers.length === count) return numbers;
  throw new NnpackError(code, `${who}: ${what} has ${numbers.length} numbers, expected ${count}`);
}

/** Numbers for each output channel, or none. */
export function parseBias(who: string, value: unknown, outputChannels: number): Float32Array | undefined {
  return value === undefined ? undefined : parseVector(who, 'bias', value, outputChannels, 'invalid-bias');
}

export function parseFlag(who: string, what: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected true or false`);
}

/** A Float32Array of any realm. */
export function parseNumbers(who: string, what: string, value: unknown): Float32Array {
  if (isFloat32Array(value)) return value;
  throw new NnpackError('invalid-tensor-type', `${who}: ${what} is ${show(value)}, expected a Float32Array`);
}

export function parsePerAxis(
  who: string,
  what: string,
  value: unknown,
  code: Parameters<typeof checkPerAxis>[3],
): PerAxis | undefined {
  const axes = frozen(who, what, value, AXES, code);
  checkPerAxis(who, what, axes, code);
  return axes as PerAxis | undefined;
}

export function parsePadding(who: string, value: unknown): Padding | undefined {
  const sides = frozen(who, 'padding', value, SIDES, 'invalid-input-padding');
  checkPadding(who, sides);
  return sides as Padding | undefined;
}

/** By how much a plane is enlarged. */
export function parseScale(who: string, value: unknown): PerAxis {
  const scale = frozen(who, 'scale', value, AXES, 'invalid-argument');
  const axes = isRecord(scale) ? Object.keys(AXES).map((axis) => (scale as Record<string, unknown>)[axis]) : [scale];
  for (const factor of axes) {
    if (typeof factor === 'number' && factor > 0 && factor < Infinity) continue;
    throw new NnpackError('invalid-argument', `${who}: scale expected a positive number, got ${show(factor)}`);
  }
  return scale as PerAxis;
}

/** `'identity'` is none at all. */
export function parseActivation(who: string, value: unknown): Activation | undefined {
  const activation = frozen(who, 'activation', value, ACTIVATION, 'invalid-activation');
  checkActivation(who, activation);
  return activation === 'identity' ? undefined : (activation as Activation | undefined);
}

/** An object becomes a frozen one of its known fields, all else stays what it is. */
function frozen<O extends object>(
  who: string,
  what: string,
  value: unknown,
  fields: FieldsOf<O>,
  code: ErrorCode,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.freeze(readFields<O>(who, what, value, fields, code));
}
