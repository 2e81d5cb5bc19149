import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceArithmetic } from '../../src/kernels/reference/arithmetic.ts';
import { scalarArithmetic } from '../../src/kernels/scalar/arithmetic.ts';
import { emitArithmetic, simdArithmetic } from '../../src/kernels/simd/arithmetic.ts';
import { type ArithmeticKernels, COMBINATIONS, type Combination } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted } from './emitted.ts';
import { expectSame, poisonedMemory, RUNS, randomFloatsWithSpecials } from './harness.ts';

type Factory = (memory: Memory) => ArithmeticKernels;

const exports = emitted(emitArithmetic);
const tables: readonly (readonly [string, Factory])[] = [
  ['reference', referenceArithmetic],
  ['scalar', scalarArithmetic],
  ['simd', () => simdArithmetic(() => exports)],
];

/** Which of the two is one number, and which of the two the result is written over. */
const SHAPES = ['runs', 'run and number', 'number and run'] as const;
const PLACES = ['apart', 'on a', 'on b'] as const;

interface Drawn {
  readonly name: Combination;
  readonly n: number;
  readonly seed: number;
  readonly shape: (typeof SHAPES)[number];
  readonly where: (typeof PLACES)[number];
}

function outcome(factory: Factory, { name, n, seed, shape, where }: Drawn): number[] {
  const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(12 * n + 512);
  const [aStep, bStep] = [shape === 'number and run' ? 0 : 1, shape === 'run and number' ? 0 : 1];
  const isOn = { a: where === 'on a' && aStep === 1, b: where === 'on b' && bStep === 1 };
  const a = (isOn.a ? placeInOut : place)(randomFloatsWithSpecials(seed, aStep === 0 ? 1 : n, 4));
  const b = (isOn.b ? placeInOut : place)(randomFloatsWithSpecials(seed + 7, bStep === 0 ? 1 : n, 4));
  const y = isOn.a ? a : isOn.b ? b : output(n);
  factory(memory)[name](n, a, aStep, b, bStep, y);
  checkGuards();
  return read(y, n);
}

describe.each(tables)('arithmetic of the table %s', (_, factory) => {
  test('gives the bits of the reference, wherever the result lies', () => {
    const drawn = fc.record({
      name: fc.constantFrom(...COMBINATIONS),
      n: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 })),
      seed: fc.integer({ min: 0, max: 1e6 }),
      shape: fc.constantFrom(...SHAPES),
      where: fc.constantFrom(...PLACES),
    });
    fc.assert(
      fc.property(drawn, (each) => expectSame(outcome(factory, each), outcome(referenceArithmetic, each))),
      { numRuns: 6 * RUNS },
    );
  });

  test('follows IEEE arithmetic, and the order of its two values', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const [a, b] = [
      [nan, -inf, -0, 6, 1, 0, 2],
      [1, inf, 0, -3, nan, 0, 0],
    ];
    const expected: Record<Combination, number[]> = {
      add: [nan, nan, 0, 3, nan, 0, 2],
      subtract: [nan, -inf, -0, 9, nan, 0, 2],
      multiply: [nan, -inf, -0, -18, nan, 0, 0],
      divide: [nan, nan, nan, -2, nan, nan, inf],
      minimum: [nan, -inf, -0, -3, nan, 0, 0],
      maximum: [nan, inf, 0, 6, nan, 0, 2],
    };
    for (const name of COMBINATIONS) {
      const { memory, place, output, read } = poisonedMemory(1024);
      const y = output(a.length);
      factory(memory)[name](a.length, place(a), 1, place(b), 1, y);
      expect(read(y, a.length), name).toEqual(expected[name]);
    }
  });
});
