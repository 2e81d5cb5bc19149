/**
 * The values of a plan as it runs. Those in single precision, and in the half ones, lie in the context's memory, where
 * kernels read them; all others are kept in double outside of it, where integers are exact up to 2⁵³. A node that has
 * no kernel reads and writes either in double.
 */
import { isArray, NnpackError, show } from '../errors.ts';
import { newTensor } from '../layers/staging.ts';
import type { Arena } from '../tensor/arena.ts';
import { denseStrides, makeArray, sizeOf, type TypedTensor } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, checkTensor, copyIn, copyOut, isDense, readTensor } from '../tensor/tensor.ts';
import { shapeOf, type Types, typeOf } from './infer.ts';
import {
  arrayName,
  type DoubleTensor,
  type Dtype,
  doublesOf,
  isArrayOf,
  isExactInDouble,
  isRounded,
  type Name,
  type Parameter,
  parameterOf,
  roundHalf,
  type TypedArray,
} from './values.ts';

/** Whether values of a type lie in the context's memory. */
export function isInMemory(dtype: Dtype): boolean {
  return dtype === 'float32' || isRounded(dtype);
}

/** An input as it was checked: a view of the caller's numbers. */
export type CheckedInput = CheckedTensor | DoubleTensor;

/** Where the values of a plan are. */
export class RunValues {
  readonly #arena: Arena;
  readonly #types: Types;
  readonly #parameters: ReadonlyMap<Name, Parameter>;
  /** In elements of the context's memory. */
  readonly #offsets: ReadonlyMap<Name, number>;
  readonly #doubles = new Map<Name, DoubleTensor>();

  constructor(
    arena: Arena,
    types: Types,
    parameters: ReadonlyMap<Name, Parameter>,
    offsets: ReadonlyMap<Name, number>,
  ) {
    this.#arena = arena;
    this.#types = types;
    this.#parameters = parameters;
    this.#offsets = offsets;
  }

  /** Where a value lies in the context's memory; −1 for what does not lie there. */
  readonly place = (name: Name | null): number => (name === null ? -1 : (this.#offsets.get(name) ?? -1));

  /** Puts an input where nodes read it. */
  putInput(name: Name, input: CheckedInput): void {
    if (!('stride' in input)) {
      this.#doubles.set(name, input);
      return;
    }
    copyIn(input, this.#arena.f32, this.place(name));
    this.round(name);
  }

  /** A value in double. */
  read(name: Name): DoubleTensor {
    const parameter = this.#parameters.get(name);
    if (parameter !== undefined) return doublesOf(parameter);
    const known = this.#doubles.get(name);
    if (known !== undefined) return known;
    const { dtype, shape } = typeOf(this.#types, name);
    const place = this.place(name);
    return { shape, dtype, data: Float64Array.from(this.#arena.f32.subarray(place, place + sizeOf(shape))) };
  }

  /** Rounds a value to its type, and keeps it. */
  write(name: Name, value: DoubleTensor): void {
    const { dtype } = typeOf(this.#types, name);
    const { data } = parameterOf(value, dtype, 'constant');
    if (isInMemory(dtype)) this.#arena.f32.set(data as Float32Array, this.place(name));
    else this.#doubles.set(name, doublesOf({ type: { dtype, shape: value.shape }, data }));
  }

  /** Rounds what a kernel has written in single precision to the value's own. */
  round(name: Name): void {
    const { dtype } = typeOf(this.#types, name);
    if (!isRounded(dtype)) return;
    const start = this.place(name);
    roundHalf(this.#arena.f32.subarray(start, start + sizeOf(shapeOf(this.#types, name))), dtype);
  }

  /** A copy of a value for the caller. */
  output(who: string, name: Name): TypedTensor {
    const { dtype, shape } = typeOf(this.#types, name);
    if (isInMemory(dtype)) {
      const output = newTensor(who, shape);
      copyOut(this.#arena.f32, this.place(name), output);
      return output;
    }
    const parameter = this.#parameters.get(name);
    // Doubles do not hold every integer, and a parameter that nothing has computed with need not pass through them.
    if (parameter !== undefined && !isExactInDouble(parameter)) {
      return makeArray(BigInt64Array.from(parameter.data as BigInt64Array), shape);
    }
    return makeArray(parameterOf(this.read(name), dtype, 'constant').data, shape);
  }
}

/** An input of a run, checked; one of single precision is copied as it is put in its place, others are copied here. */
export function checkValue(
  who: string,
  what: string,
  dtype: Dtype,
  given: unknown,
  ranks: readonly number[],
): CheckedInput {
  if (isInMemory(dtype)) return checkTensor(who, what, given, ranks);
  const { shape } = checkShape(who, what, given, ranks);
  const { data, stride = denseStrides(shape), offset = 0 } = readTensor(who, what, given, ['data', 'stride', 'offset']);
  if (!isArrayOf(dtype, data)) {
    const text = `${what} holds ${show(data)}, expected a ${arrayName(dtype)}`;
    throw new NnpackError('invalid-tensor-type', `${who}: ${text}`);
  }
  const isWhole = isArray(stride) && isDense({ shape, stride: stride as readonly number[] });
  if (!isWhole || offset !== 0 || data.length !== sizeOf(shape)) {
    const text = `${what} is a view of ${data.length} numbers, expected it dense, of ${sizeOf(shape)} numbers`;
    throw new NnpackError('invalid-tensor', `${who}: ${text}`);
  }
  return doublesOf({ type: { dtype, shape }, data: data as TypedArray });
}
