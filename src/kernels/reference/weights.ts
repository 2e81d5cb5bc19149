import { LEAST_NORMAL } from '../../maths/float32.ts';
import type { Memory } from '../../tensor/memory.ts';
import type { WeightKernels } from '../table.ts';

/** The kernels over weights as they are defined in `table.ts`. */
export function referenceWeights(memory: Memory): WeightKernels {
  /** |x| of the elements that are numbers. */
  const magnitudes = (data: Float32Array): number[] =>
    Array.from(data, Math.abs).filter((value) => !Number.isNaN(value));
  const at = (n: number, x: number): Float32Array => memory.f32.subarray(x, x + n);
  const greatestOf = (data: Float32Array): number =>
    magnitudes(data).reduce((greatest, value) => Math.max(greatest, value), 0);
  return {
    flush(n, x, y) {
      for (let i = 0; i < n; i++) {
        const value = memory.f32[x + i];
        memory.f32[y + i] = Math.abs(value) > 0 && Math.abs(value) < LEAST_NORMAL ? 0 : value;
      }
    },
    least: (n, x) =>
      magnitudes(at(n, x)).reduce((least, value) => (value > 0 ? Math.min(least, value) : least), Infinity),
    greatest: (n, x) => greatestOf(at(n, x)),
    greatestOf,
  };
}
