import { SCRATCH_BYTES } from '../../src/kernels/simd/exports.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';

/**
 * What a kernel test needs: a part of a memory in which every word that the test did not hand out is a guard, data with NaN
 * and infinities in it, and comparisons that a NaN cannot slip through.
 *
 * @example
 * const { memory, place, output, read, checkGuards } = poisonedMemory(4096);
 * const x = place([1, 2, 3]);
 * const y = output(3);
 * scalarPointwise(memory).scaleShift(3, x, y, 2, 0);
 * checkGuards();
 * expectSame(read(y, 3), [2, 4, 6]);
 */
export interface PoisonedMemory {
  readonly memory: Memory;
  /** Copies float32 values in, as an input: they must not change. Returns the offset in `f32`. */
  place(values: ArrayLike<number>): number;
  /** The same of 16-bit codes; returns the offset in `u16`. */
  placeHalves(codes: ArrayLike<number>): number;
  /** The same of integers; returns the offset in `i32`. */
  placeIntegers(values: ArrayLike<number>): number;
  /** Copies values in where a kernel is to overwrite them. */
  placeInOut(values: ArrayLike<number>): number;
  /** Room for n words to be written, filled with NaN; returns the offset in `f32` and `i32`. */
  output(n: number): number;
  /** The n floats from an offset on. */
  read(offset: number, n: number): number[];
  /** Whether the word at an offset still holds the NaN that {@link output} put there, to the bit. */
  untouched(offset: number): boolean;
  /** Throws if a word outside the outputs has changed: a guard, or an input. */
  checkGuards(): void;
}

const GUARD_WORDS = 16;
const PAGE = 65_536;
const TEST_BYTES = 2 ** 26;

/**
 * The guard at word i, no two alike: a large number and a NaN in turn, so that whatever reads past its data shows it,
 * and so does whatever passes a guard through arithmetic and writes it back.
 */
const guard = (i: number) => (i % 2 === 0 ? 0x7e000000 : 0x7fc00000) | (i & 0xfffff);
/** The NaN in an output's word i. */
const poison = (i: number) => 0x7fd00000 | (i & 0xfffff);

/** The memory of all tests: emitted kernels are instantiated over it once, and typed arrays do not mind where they are. */
export const testMemory = memoryOver(
  new WebAssembly.Memory({ initial: TEST_BYTES / PAGE, maximum: TEST_BYTES / PAGE, shared: true }),
);

export function memoryOver(wasm: WebAssembly.Memory): Memory {
  const { buffer } = wasm;
  return { f32: new Float32Array(buffer), i32: new Int32Array(buffer), u16: new Uint16Array(buffer), wasm };
}

/** Where the next part begins, in bytes; before the first is the scratch of emitted kernels. */
let nextPart = SCRATCH_BYTES;

function takePart(bytes: number): number {
  if (bytes > TEST_BYTES - SCRATCH_BYTES) throw new Error(`poisonedMemory: ${bytes} bytes are too many`);
  if (nextPart + bytes > TEST_BYTES) nextPart = SCRATCH_BYTES;
  const part = nextPart;
  nextPart += bytes;
  return part;
}

/** A part of the memory of all tests, which it keeps until some 64 MiB more have been asked for; or of one's own. */
export function poisonedMemory(bytes: number, own?: { memory: Memory; firstWord: number }): PoisonedMemory {
  const words = 2 * Math.ceil(bytes / 8);
  const { memory, firstWord } = own ?? { memory: testMemory, firstWord: takePart(4 * words) / 4 };
  const { f32, i32, u16 } = memory;
  for (let i = firstWord; i < firstWord + words; i++) i32[i] = guard(i);
  // What every word must hold at the end, unless it is writable.
  const expected = i32.slice(firstWord, firstWord + words);
  const writable = new Uint8Array(words);
  let end = firstWord;
  let regions = 0;

  /** Regions start at even and odd words in turn, because some kernels distinguish them. */
  function reserve(count: number): number {
    const offset = end + GUARD_WORDS + (regions++ % 4);
    end = offset + count;
    if (end + GUARD_WORDS > firstWord + words) throw new Error(`poisonedMemory: ${bytes} bytes are too few`);
    return offset;
  }
  function freeze(offset: number, count: number): void {
    expected.set(i32.subarray(offset, offset + count), offset - firstWord);
  }
  function place(values: ArrayLike<number>): number {
    const offset = reserve(values.length);
    f32.set(values, offset);
    freeze(offset, values.length);
    return offset;
  }

  return {
    memory,
    place,
    placeHalves(codes) {
      const offset = reserve(Math.ceil(codes.length / 2));
      u16.set(codes, 2 * offset);
      freeze(offset, Math.ceil(codes.length / 2));
      return 2 * offset;
    },
    placeIntegers(values) {
      const offset = reserve(values.length);
      i32.set(values, offset);
      freeze(offset, values.length);
      return offset;
    },
    placeInOut(values) {
      const offset = place(values);
      writable.fill(1, offset - firstWord, offset - firstWord + values.length);
      return offset;
    },
    output(n) {
      const offset = reserve(n);
      for (let i = offset; i < offset + n; i++) i32[i] = poison(i);
      writable.fill(1, offset - firstWord, offset - firstWord + n);
      return offset;
    },
    read: (offset, n) => Array.from(f32.subarray(offset, offset + n)),
    untouched: (offset) => i32[offset] === poison(offset),
    checkGuards() {
      for (let word = 0; word < words; word++) {
        const i = firstWord + word;
        if (writable[word] !== 0 || i32[i] === expected[word]) continue;
        const what = expected[word] === guard(i) ? 'guard' : 'input';
        throw new Error(`the ${what} at word ${i} was overwritten with ${f32[i]} (0x${(i32[i] >>> 0).toString(16)})`);
      }
    },
  };
}

/** Runs of a property: `NNPACK_TEST_RUNS=slow` makes it twenty times more. */
export const RUNS = process.env.NNPACK_TEST_RUNS === 'slow' ? 2000 : 100;

/** 2^(−24): the largest relative error of rounding to float32. */
export const EPSILON = 2 ** -24;
/** The distance of the smallest float32 numbers: what rounding may cost where the result is subnormal. */
export const TINY = 2 ** -149;
/** What a few hundred roundings in double may add to a bound. */
export const DOUBLE_SLACK = 1 + 2 ** -40;

/** n float32 numbers between −1 and 1, the same ones for the same seed. */
export function randomFloats(seed: number, n: number): Float32Array {
  return randomArray(n, uniform(seed));
}

/** The same with about one in `every` replaced by NaN, ±∞, 0, or a number near the ends of the range. */
export function randomFloatsWithSpecials(seed: number, n: number, every: number): Float32Array {
  const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, TINY, -1e-40, 3e38, -3e38];
  const next = generator(seed + 1);
  return randomFloats(seed, n).map((value) =>
    next() * every < 1 ? specials[Math.floor(next() * specials.length)] : value,
  );
}

/** Numbers in [0, 1). */
export function generator(seed: number): () => number {
  const next = uniform(seed);
  return () => (next() + 1) / 2;
}

/** Throws unless the two are the same numbers: NaN only where NaN is expected, −0 and 0 apart. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} elements, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    throw new Error(`element ${i} is ${text(actual[i])}, expected ${text(expected[i])}`);
  }
}

/** Throws unless |actual − expected| ≤ bound(i) at every i; NaN and ±∞ must be the same on both sides. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (i: number) => number,
): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} elements, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    const error = Math.abs(actual[i] - expected[i]);
    if (error <= bound(i)) continue;
    throw new Error(`element ${i} is ${actual[i]}, expected ${expected[i]}: ${error / bound(i)} times the bound`);
  }
}

function text(value: number): string {
  return Object.is(value, -0) ? '-0' : `${value}`;
}
