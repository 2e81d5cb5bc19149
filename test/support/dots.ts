/** Dot products of every kernel table over poisoned memory, the layers to draw, and how far a result may be off. */
import fc from 'fast-check';
import { scalarDots } from '../../src/kernels/scalar/dots.ts';
import { simdDots } from '../../src/kernels/simd/dot-products.ts';
import { DOTS_ROUNDINGS, emitDots } from '../../src/kernels/simd/dots.ts';
import { mulAdd } from '../../src/kernels/simd/gemm-micro.ts';
import { emitHalfDots } from '../../src/kernels/simd/half-dots.ts';
import type { DotsKernels } from '../../src/kernels/table.ts';
import type { HalfForm } from '../../src/maths/half.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted, SCRATCH } from '../kernels/emitted.ts';
import { DOUBLE_SLACK, EPSILON, generator, poisonedMemory, randomFloats, TINY } from '../kernels/harness.ts';

export type Factory = (memory: Memory) => DotsKernels;

const exports = emitted((module) => [...emitDots(module, mulAdd), ...emitHalfDots(module, mulAdd)]);
export const simd: Factory = (memory) =>
  simdDots(
    () => exports,
    () => exports,
    SCRATCH,
    scalarDots(memory),
  );

/** With the float32 roundings of each. */
export const tables: readonly (readonly [string, Factory, number])[] = [
  ['scalar', scalarDots, 1],
  ['simd', simd, DOTS_ROUNDINGS],
];

export const forms: readonly HalfForm[] = ['binary16', 'alternative'];
export const CODES = Uint16Array.from({ length: 65536 }, (_, code) => code);

/** w is (rows, ldw), of which n columns count; done in pieces of `piece` rows. */
export function dots(factory: Factory, w: Float32Array, ldw: number, x: Float32Array, piece = w.length) {
  const rows = ldw === 0 ? 0 : w.length / ldw;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (w.length + x.length + rows) + 512);
  const [weights, input, y] = [place(w), place(x), output(rows)];
  const kernels = factory(memory);
  for (let i = 0; i < rows; i += piece) {
    kernels.dots(Math.min(piece, rows - i), x.length, weights + i * ldw, ldw, input, y + i);
  }
  checkGuards();
  return read(y, rows);
}

/** The same with half-precision weights. */
export function dotsHalf(
  factory: Factory,
  w: Uint16Array,
  ldw: number,
  x: Float32Array,
  form: HalfForm,
  piece = w.length,
) {
  const rows = ldw === 0 ? 0 : w.length / ldw;
  const bytes = 2 * w.length + 4 * (x.length + rows) + 512;
  const { memory, place, placeHalves, output, read, checkGuards } = poisonedMemory(bytes);
  const [weights, input, y] = [placeHalves(w), place(x), output(rows)];
  const kernels = factory(memory);
  for (let i = 0; i < rows; i += piece) {
    const count = Math.min(piece, rows - i);
    kernels.dotsHalf(count, x.length, weights + i * ldw, ldw, input, y + i, form === 'alternative' ? 1 : 0);
  }
  checkGuards();
  return read(y, rows);
}

/**
 * The reference, a sum of n exact products in double rounded once to float32, and another with so many roundings; every
 * product and sum may be subnormal.
 */
export function bound(n: number, y: number, absolute: number, roundings: number): number {
  const relative =
    roundings === 1 ? 2 * EPSILON * Math.abs(y) : (roundings + 1) * EPSILON * DOUBLE_SLACK * 1.0001 * absolute;
  return relative + 2 * n * 2 ** -53 * absolute + (1 + (roundings > 1 ? n : 0)) * TINY;
}

export interface Layer {
  readonly rows: number;
  readonly n: number;
  readonly gap: number;
  readonly seed: number;
  readonly specials: boolean;
}

export const layers: fc.Arbitrary<Layer> = fc.record({
  rows: fc.integer({ min: 0, max: 13 }),
  n: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1100 })),
  gap: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  specials: fc.boolean(),
});

/** Rows of a call. */
export const pieces = fc.integer({ min: 1, max: 7 });

/** Small numbers and ±2^54, whose sum in double depends on the order of the additions: 2^54 + 1 is 2^54. */
export function orderSensitive(seed: number, n: number): Float32Array {
  const x = randomFloats(seed, n).map((value) => Math.round(3 * value));
  const next = generator(seed + 1);
  if (n > 1) {
    const place = Math.floor(next() * n);
    x[place] = 2 ** 54;
    x[(place + 1 + Math.floor(next() * (n - 1))) % n] = -(2 ** 54);
  }
  return x;
}

/** Rows of the weight 1, 2, 3, …: a multiple of the same sum each. */
export function constantRows(rows: number, n: number): Float32Array {
  return Float32Array.from({ length: rows * n }, (_, i) => 1 + Math.floor(i / n));
}
