/**
 * Numbers that lie elsewhere, in a file or with the caller, and are read when they are needed. A plan takes them piece by
 * piece as it packs them, so that no process holds a network twice:
 *
 *     storedArray(shape, read)      an array whose `data` is read anew each time that somebody asks for it
 *     eachPiece(array, work)        its numbers, a megabyte at a time
 *     copyNumbers(array, into, at)  its numbers at their place
 *
 * What has its numbers in memory goes the same ways, in one piece.
 */
import { isFloat32Array } from '../check/arrays.ts';
import { allocated } from '../check/memory.ts';
import { expectOneOf, isInstance, reading, textOf } from '../check/options.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import { denseStrides, sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import type { DenseArray } from './compiled.ts';
import { type Parameter, ROLES, type Role, type TypedArray } from './values.ts';

/**
 * Gives numbers `first` … `first + count − 1` of an array, dense and row-major. They are copied before it is asked again, so
 * that it may give the same memory each time; the same place must always have the same number.
 */
export type ReadNumbers = (first: number, count: number) => Float32Array;

/** How the numbers of an array are read. */
interface Stored {
  readonly read: ReadNumbers;
  /** The sizes that they are stored in. */
  readonly sizes: readonly number[];
  /** Axis i of the array is axis order[i] of what is stored. */
  readonly order: readonly number[];
}

/** What has numbers of its own. */
type Numbers = Pick<Parameter, 'data'>;

const stored = new WeakMap<object, Stored>();

/** More than any array has. */
const MOST_AXES = 254;

/** Numbers that are read together; where a row has more, so many. */
const PIECE = 2 ** 18;

/**
 * An array for a node of a network, or the number that a graph has, whose numbers are read when a plan packs them, and
 * each time that somebody asks for `data`; nothing holds them beside.
 *
 * A plan reads every number of a fully-connected layer once, and of a convolution twice: first the greatest is looked for,
 * which is remembered. Plans of other sizes read again.
 *
 * @throws NnpackError 'invalid-kernel-size' or 'invalid-argument' for what makes no array
 * @example
 * const kernel = storedArray([4096, 25088], (first, count) => readFloats(file, 4 * first, count));
 * planNetwork({ ...network, nodes: [{ op: 'fully-connected', name: 'fc', inputs: ['x'], kernel }] });
 */
export function storedArray(shape: readonly number[], read: ReadNumbers): DenseArray {
  const sizes = checkShape('storedArray', shape);
  if (typeof read !== 'function') {
    throw new NnpackError('invalid-argument', `storedArray: read is ${show(read)}, expected a function`);
  }
  return keep({ shape: sizes }, { read, sizes, order: sizes.map((_, axis) => axis) });
}

/**
 * A parameter of a graph, of float32, whose numbers are read as those of {@link storedArray} are.
 *
 * @param role `'weight'` when not given
 * @throws NnpackError 'invalid-kernel-size' or 'invalid-argument' for what makes no parameter
 * @example
 * const parameters = new Map([['w', storedParameter([8, 3, 3, 3], (first, count) => weights.subarray(first, first + count))]]);
 */
export function storedParameter(shape: readonly number[], read: ReadNumbers, role: Role = 'weight'): Parameter {
  const array = storedArray(shape, read);
  const type = Object.freeze({ dtype: 'float32', shape: array.shape } as const);
  return withNumbersOf(array, { type, role: expectOneOf('storedParameter', 'role', role, ROLES, 'invalid-argument') });
}

function checkShape(who: string, shape: unknown): readonly number[] {
  const sizes = reading(who, 'shape', 'invalid-argument', () => {
    if (!isArray(shape) || shape.length > MOST_AXES) {
      const expected = `a list of at most ${MOST_AXES} sizes`;
      throw new NnpackError('invalid-argument', `${who}: shape is ${show(shape)}, expected ${expected}`);
    }
    return Array.from(shape);
  }).map((size): number => {
    expectCount(who, 'a size', size, 'invalid-kernel-size');
    return size;
  });
  if (sizeOf(sizes) <= MAX_ELEMENTS) return Object.freeze(sizes);
  const what = `the shape ${show(sizes)} has ${sizeOf(sizes)} elements, expected at most ${MAX_ELEMENTS}`;
  throw new NnpackError('out-of-memory', `${who}: ${what}`);
}

/** Whether an array's numbers, or a parameter's, are read when they are needed. */
export function isStored(array: object): boolean {
  return stored.has(array);
}

/** What stays the same as long as an array's numbers do. */
export function sourceOf(array: Numbers): object {
  return stored.get(array)?.read ?? array.data;
}

/** An object of these fields with the numbers of another: where those are stored, they stay so. */
export function withNumbersOf<Data extends TypedArray, Fields extends object>(
  array: { readonly data: Data },
  fields: Fields,
): Fields & { readonly data: Data } {
  const known = stored.get(array);
  if (known === undefined) return Object.freeze({ ...fields, data: array.data });
  // Only arrays of float32 are stored.
  return keep(fields, known) as Fields & { readonly data: Float32Array & Data };
}

/**
 * The same stored numbers with their axes in another order.
 *
 * @param sizes as which the array is read: its own, or others of as many numbers
 * @param order axis i of the result is axis order[i] of the sizes
 */
export function inStoredOrder<Fields extends object>(
  array: Numbers,
  sizes: readonly number[],
  order: readonly number[],
  fields: Fields,
): Fields & { readonly data: Float32Array } {
  const { read, ...known } = stored.get(array) as Stored;
  const isPlain = known.order.every((axis, i) => axis === i);
  // Numbers that have been moved once are read, moved and held: no model has such.
  if (!isPlain) return keep(fields, { read: readerOf(array.data as Float32Array), sizes, order });
  return keep(fields, { read, sizes, order });
}

function readerOf(data: Float32Array): ReadNumbers {
  return (first, count) => data.subarray(first, first + count);
}

function keep<Fields extends object>(fields: Fields, known: Stored): Fields & { readonly data: Float32Array } {
  const made = {
    ...fields,
    get data(): Float32Array {
      const count = sizeOf(known.sizes);
      const data = allocated('stored numbers', `${count} elements`, () => new Float32Array(count));
      copyStored(known, data, 0);
      return data;
    },
  };
  stored.set(made, known);
  return Object.freeze(made);
}

/** All numbers of an array in pieces, one after the other in the order in which they are stored. */
export function eachPiece(array: { readonly data: Float32Array }, work: (piece: Float32Array) => void): void {
  const known = stored.get(array);
  if (known === undefined) work(array.data);
  else eachStored(known, work);
}

/** Copies all numbers of an array to `into`, from place `at` on; each piece is told of when it is there. */
export function copyNumbers(
  array: { readonly data: Float32Array },
  into: Float32Array,
  at: number,
  done: (first: number, count: number) => void = () => {},
): void {
  const known = stored.get(array);
  if (known !== undefined) {
    copyStored(known, into, at, done);
    return;
  }
  const { data } = array;
  for (let first = 0; first < data.length; first += PIECE) {
    const piece = data.subarray(first, first + PIECE);
    into.set(piece, at + first);
    done(at + first, piece.length);
  }
}

function copyStored(
  known: Stored,
  into: Float32Array,
  at: number,
  done: (first: number, count: number) => void = () => {},
): void {
  const { sizes, order } = known;
  const isPlain = order.every((axis, i) => axis === i);
  const move = isPlain ? null : new Move(sizes, order);
  eachStored(known, (piece, first) => {
    if (move !== null) return move.place(piece, first, into, at);
    into.set(piece, at + first);
    done(at + first, piece.length);
  });
  if (move !== null) done(at, sizeOf(sizes));
}

function eachStored({ read, sizes }: Stored, work: (piece: Float32Array, first: number) => void): void {
  const count = sizeOf(sizes);
  const row = sizes.at(-1) ?? 1;
  const piece = row * Math.max(1, Math.floor(PIECE / row));
  for (let first = 0; first < count; first += piece)
    work(readPiece(read, first, Math.min(piece, count - first)), first);
}

function readPiece(read: ReadNumbers, first: number, count: number): Float32Array {
  const who = `numbers ${first} to ${first + count - 1}`;
  let piece: unknown;
  try {
    piece = read(first, count);
  } catch (error) {
    if (isInstance(error, NnpackError)) throw error;
    throw new NnpackError('input-output', `${who} could not be read: ${textOf(error)}`, { cause: error });
  }
  if (isFloat32Array(piece) && piece.length === count) return piece;
  const got = isFloat32Array(piece) ? `${piece.length} numbers` : show(piece);
  throw new NnpackError('invalid-tensor', `${who}: got ${got}, expected a Float32Array of ${count}`);
}

/** Rows and columns that are moved together, so that what a cache holds of either is used up. */
const BLOCK = 32;

/** Puts whole rows of what is stored at their places: row r, column c goes to place base(r) + c · step. */
class Move {
  readonly #sizes: readonly number[];
  readonly #steps: readonly number[];
  readonly #columns: number;
  readonly #step: number;

  constructor(sizes: readonly number[], order: readonly number[]) {
    const strides = denseStrides(order.map((axis) => sizes[axis]));
    this.#sizes = sizes.slice(0, -1);
    this.#steps = this.#sizes.map((_, axis) => strides[order.indexOf(axis)]);
    this.#columns = sizes[sizes.length - 1];
    this.#step = strides[order.indexOf(sizes.length - 1)];
  }

  place(piece: Float32Array, first: number, into: Float32Array, at: number): void {
    const columns = this.#columns;
    const bases = this.#basesOf(first / columns, piece.length / columns, at);
    for (let r0 = 0; r0 < bases.length; r0 += BLOCK) {
      const rows = Math.min(bases.length, r0 + BLOCK);
      for (let c0 = 0; c0 < columns; c0 += BLOCK) {
        this.#block(piece, bases, r0, rows, c0, Math.min(columns, c0 + BLOCK), into);
      }
    }
  }

  #block(
    piece: Float32Array,
    bases: Float64Array,
    r0: number,
    rows: number,
    c0: number,
    columns: number,
    into: Float32Array,
  ): void {
    const step = this.#step;
    for (let c = c0; c < columns; c++) {
      for (let r = r0; r < rows; r++) into[bases[r] + c * step] = piece[r * this.#columns + c];
    }
  }

  /** Where rows first … go. */
  #basesOf(first: number, count: number, at: number): Float64Array {
    const index: number[] = [];
    for (let axis = this.#sizes.length - 1, left = first; axis >= 0; axis--) {
      index[axis] = left % this.#sizes[axis];
      left = Math.floor(left / this.#sizes[axis]);
    }
    return Float64Array.from({ length: count }, () => {
      const base = index.reduce((sum, i, axis) => sum + i * this.#steps[axis], at);
      for (let axis = index.length - 1; axis >= 0 && ++index[axis] === this.#sizes[axis]; axis--) index[axis] = 0;
      return base;
    });
  }
}
