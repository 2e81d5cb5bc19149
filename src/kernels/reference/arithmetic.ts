import type { Memory } from '../../tensor/memory.ts';
import type { ArithmeticKernels } from '../table.ts';

/** Arithmetic of two runs, each element as its formula in `table.ts` says, in double and rounded once. */
export function referenceArithmetic(memory: Memory): ArithmeticKernels {
  const each =
    (f: (a: number, b: number) => number): ArithmeticKernels['add'] =>
    (n, a, aStep, b, bStep, y) => {
      const values = Array.from({ length: n }, (_, i) => f(memory.f32[a + i * aStep], memory.f32[b + i * bStep]));
      memory.f32.set(values, y);
    };
  return {
    add: each((a, b) => a + b),
    subtract: each((a, b) => a - b),
    multiply: each((a, b) => a * b),
    divide: each((a, b) => a / b),
    // Math.min and Math.max keep NaN.
    minimum: each(Math.min),
    maximum: each(Math.max),
  };
}
