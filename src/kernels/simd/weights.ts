/**
 * Passes over weights in emitted WebAssembly: copies without subnormal numbers, the least and the greatest magnitude.
 *
 *   flush      v & ¬(|v| < 2⁻¹²⁶ ∧ v ≠ 0)        a NaN is not less, and stays
 *   greatest   pmax(maximum, |v|)                 which passes over a NaN in v
 *   least      min(minimum, bits(|v|) − 1)        unsigned: 0 becomes the greatest number of all
 *
 * Each is one pass over contiguous elements, at about the speed at which they are read.
 */

import { LEAST_NORMAL } from '../../maths/float32.ts';
import type { Memory } from '../../tensor/memory.ts';
import {
  type Expression,
  type FunctionBuilder,
  f32,
  f32x4,
  i32,
  i32x4,
  type Local,
  type Module,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import type { WeightKernels } from '../table.ts';
import { type Load, SCRATCH_BYTES } from './exports.ts';
import { emitFours, emitRun, four, lanesBefore } from './runs.ts';

type V128 = Expression<'v128'>;

/** Elements that pass through the scratch at once. */
const PART = SCRATCH_BYTES / 8;

/** @param scratch in bytes */
export function simdWeights(load: Load<typeof emitWeights>, scratch: number, memory: Memory): WeightKernels {
  return {
    flush: (n, x, y) => load().flush__simd(n, x << 2, y << 2),
    least(n, x) {
      const least = load().least__simd(n, x << 2);
      // The kernel gives 0 for zeros alone, and NaN for zeros and NaN alone.
      return least > 0 ? least : Infinity;
    },
    greatest: (n, x) => load().greatest__simd(n, x << 2),
    // Copying an array and reading it by vectors takes a quarter of the time of reading its elements one by one.
    greatestOf(data) {
      let greatest = 0;
      for (let i = 0; i < data.length; i += PART) {
        const part = data.subarray(i, i + PART);
        memory.f32.set(part, scratch >>> 2);
        greatest = Math.max(greatest, load().greatest__simd(part.length, scratch));
      }
      return greatest;
    },
  };
}

export function emitWeights(module: Module) {
  const flush = module.function(
    'flush__simd',
    { n: 'i32', x: 'i32', y: 'i32' },
    [],
    (f, { n, x, y }) => {
      const least = f.let(f32x4.splat(LEAST_NORMAL));
      const zero = f.let(v128.const('f32x4', 0, 0, 0, 0));
      emitRun(f, n, y, (place, k) => {
        const v = f.let(four(x, place, k));
        return v128.andnot(v, v128.and(f32x4.lt(f32x4.abs(v), least), f32x4.ne(v, zero)));
      });
    },
    { export: true },
  );
  const ones = v128.const('i32x4', -1, -1, -1, -1);
  const zeros = v128.const('f32x4', 0, 0, 0, 0);
  const greatest = emitExtreme(module, 'greatest__simd', zeros, f32x4.pmax, (v) => f32x4.abs(v));
  const least = emitExtreme(module, 'least__simd', ones, i32x4.min_u, (v) => i32x4.add(f32x4.abs(v), ones));
  return [flush, greatest, least];
}

/** Vectors between two steps of a loop, each with an extreme of its own: none waits for the one before. */
const UNROLLED = 4;

/**
 * The extreme of all elements, from `start` on; `least__simd` compares bits, less 1.
 *
 * @param extreme of two vectors, lane by lane
 */
function emitExtreme(
  module: Module,
  name: 'greatest__simd' | 'least__simd',
  start: V128,
  extreme: (total: V128, v: V128) => V128,
  keyOf: (v: V128) => V128,
) {
  return module.function(
    name,
    { n: 'i32', x: 'i32' },
    ['f32'],
    (f, { n, x }) => {
      const extremes = Array.from({ length: UNROLLED }, () => f.let(start));
      const take = (total: Local<'v128'>, v: V128): void => f.set(total, extreme(total, keyOf(v)));
      f.loop(i32.ge_u(n, 4 * UNROLLED), () => {
        extremes.forEach((total, k) => {
          take(total, v128.load(x, { offset: 16 * k }));
        });
        f.add(x, 16 * UNROLLED);
        f.add(n, -4 * UNROLLED);
      });
      const [total, ...others] = extremes;
      emitFours(f, n, (j, lanes) => take(total, v128.and(v128.load(i32.add(x, j)), lanesBefore(lanes, 0))));
      for (const other of others) f.set(total, extreme(total, other));
      f.set(total, extreme(total, shuffle32(total, total, [2, 3, 0, 1])));
      f.set(total, extreme(total, shuffle32(total, total, [1, 0, 3, 2])));
      f.return(name === 'greatest__simd' ? f32x4.extract_lane(total, 0) : numberOf(f, total));
    },
    { export: true },
  );
}

function numberOf(f: FunctionBuilder, keys: Local<'v128'>): Expression<'f32'> {
  return f32.reinterpret_i32(i32.add(f.let(i32x4.extract_lane(keys, 0)), 1));
}
