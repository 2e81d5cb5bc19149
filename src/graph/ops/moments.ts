/** Means and variances in two passes: that of x² less the squared mean would lose all where the mean is large. */
import { NnpackError, show } from '../../errors.ts';

/** The mean of a run of numbers, and 1 / √(variance + epsilon). */
export interface Moments {
  readonly mean: number;
  readonly inverse: number;
}

export function momentsOf(f32: Float32Array, from: number, count: number, epsilon: number): Moments {
  let total = 0;
  for (let i = 0; i < count; i++) total += f32[from + i];
  const mean = total / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (f32[from + i] - mean) ** 2;
  return { mean, inverse: 1 / Math.sqrt(squares / count + epsilon) };
}

/** The same as definitions have it. */
export function definedMoments(numbers: readonly number[], epsilon: number): Moments {
  const meanOf = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const mean = meanOf(numbers);
  return { mean, inverse: 1 / Math.sqrt(meanOf(numbers.map((v) => (v - mean) ** 2)) + epsilon) };
}

export function parseEpsilon(who: string, epsilon: unknown): number {
  if (typeof epsilon === 'number' && epsilon >= 0 && epsilon < Infinity) return epsilon;
  const expected = 'expected a finite number of at least 0';
  throw new NnpackError('invalid-argument', `${who}: epsilon is ${show(epsilon)}, ${expected}`);
}
