/**
 * Matrix products against the micro-kernel alone, which shows the cost of packing, unpacking and the caches.
 *
 *   typed arrays       their micro-kernel over a whole packed panel of B
 *   emitted kernels    their micro-tile on registers alone: nothing is loaded
 */

import type { Context } from '../../src/context/context.ts';
import { B_PARTS, MICROKERNELS } from '../../src/kernels/scalar/generated/gemm.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { atLeast, isEmitted } from '../goal.ts';
import { type Limit, registersOf, timed } from '../limits.ts';
import { type Section, THOROUGH, withContext } from '../section.ts';
import { measure, type Timeable } from '../statistics.ts';

/** Square products, with rows that follow one another at once, and rows that do not meet in the cache. */
const PRODUCTS = [
  { size: 512, pitch: 512 },
  { size: 512, pitch: 528 },
  { size: 1024, pitch: 1024 },
  { size: 1024, pitch: 1040 },
] as const;

export const gemm: Section = {
  name: 'gemm',
  what: 'matrix products against the micro-kernel alone, one thread',
  seconds: 15,
  steps: PRODUCTS.map(({ size }) => size ** 3),
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      const { name: table } = context.kernels;
      if (table === 'reference') return; // it has no micro-kernel
      const { operations, ...limit } = isEmitted(table) ? registersOf(table) : microkernelOf(context);
      for (const { size, pitch } of PRODUCTS) {
        bench.step(`${size}³`);
        const product = productOf(context, size, pitch);
        const [whole, alone] = await measure([product, limit], THOROUGH, bench.signal);
        product.dispose();
        const rate = (2 * size ** 3) / whole.median / 1e6;
        const most = operations / alone.median / 1e6;
        bench.found.rows.push({
          what: `GEMM ${size}³, pitch ${pitch}, ${table}`,
          value: rate,
          unit: 'GFLOP/s',
          against: `${limit.name}, ${most.toFixed(1)}`,
          ratio: rate / most,
          goal: atLeast(table, { scalar: 0.9, emitted: size === 1024 ? 0.85 : undefined }),
        });
      }
    }),
};

/** The micro-kernel as a product runs it: over a whole packed panel of B, without packing and unpacking. */
function microkernelOf({ arena, kernels }: Context): Limit {
  const { rows: mr, multiply } = MICROKERNELS[0];
  const kr = B_PARTS.length;
  const { nc: n, kc } = kernels.gemmBlocks;
  const tile = arena.allocate(64 * 64, 'bench');
  const triples = kc / kr;
  const passes = 100;
  return {
    name: 'micro-kernel alone',
    operations: passes * triples * 2 * mr * kr * n,
    time() {
      const { f32 } = arena;
      return timed(() => {
        for (let pass = 0; pass < passes; pass++) {
          for (let l = 0; l < triples; l++) multiply[kr - 1](f32, n, tile, 64, l * n);
        }
      });
    },
  };
}

/** C = A · B of random numbers, checked once. */
function productOf(context: Context, size: number, pitch: number): Timeable & { dispose(): void } {
  const { arena, kernels } = context;
  const next = uniform(7);
  const [a, b, c] = [0, 1, 2].map(() => arena.allocate(size * pitch, 'bench'));
  for (const matrix of [a, b]) arena.f32.set(randomArray(size * pitch, next), matrix);
  const multiply = (): void => kernels.sgemm(size, size, size, a, pitch, b, pitch, c, pitch, 0);
  multiply();
  checkProduct(arena.f32, size, pitch, a, b, c);
  return {
    name: `${size}³`,
    time: () => timed(multiply),
    dispose() {
      for (const matrix of [a, b, c]) arena.release(matrix);
    },
  };
}

/** Some elements of C against sums in double. */
function checkProduct(f32: Float32Array, size: number, pitch: number, a: number, b: number, c: number): void {
  for (let sample = 0; sample < 200; sample++) {
    const [i, j] = [(sample * 97) % size, (sample * 389) % size];
    let sum = 0;
    for (let l = 0; l < size; l++) sum += f32[a + i * pitch + l] * f32[b + l * pitch + j];
    const error = Math.abs(f32[c + i * pitch + j] - sum);
    if (!(error <= 1e-4 * size)) throw new Error(`GEMM ${size}³: element ${i}, ${j} is off by ${error}`);
  }
}
