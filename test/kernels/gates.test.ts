import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceGates } from '../../src/kernels/reference/gates.ts';
import { scalarGates } from '../../src/kernels/scalar/gates.ts';
import { emitGates, GATE_ROUNDINGS, simdGates } from '../../src/kernels/simd/gates.ts';
import { GATES, type GateKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted } from './emitted.ts';
import { EPSILON, expectWithin, poisonedMemory, RUNS, randomFloatsWithSpecials, TINY } from './harness.ts';

type Factory = (memory: Memory) => GateKernels;

const exports = emitted(emitGates);
const tables: readonly (readonly [string, Factory])[] = [
  ['reference', referenceGates],
  ['scalar', scalarGates],
  ['simd', () => simdGates(() => exports)],
];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function outcome(
  factory: Factory,
  values: ArrayLike<number>,
  run: (kernels: GateKernels, n: number, x: number, y: number) => void,
  inPlace = false,
): number[] {
  const n = values.length;
  const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(8 * n + 512);
  const x = inPlace ? placeInOut(values) : place(values);
  const y = inPlace ? x : output(n);
  run(factory(memory), n, x, y);
  checkGuards();
  return read(y, n);
}

describe.each(tables)('gates of the table %s', (_, factory) => {
  test.each(GATES)('%s is the reference, within one rounding to spare', (gate) => {
    const drawn = fc.record({
      n: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 200 })),
      seed: fc.integer({ min: 0, max: 1e6 }),
      size: fc.constantFrom(1e-3, 1, 4, 100, 1e4),
      slope: fc.constantFrom(1, 1 / 6, 1.702, -1, 0),
      offset: fc.constantFrom(0.5, 0, -2),
      inPlace: fc.boolean(),
    });
    const property = fc.property(drawn, ({ n, seed, size, slope, offset, inPlace }) => {
      const values = randomFloatsWithSpecials(seed, n, size);
      const run = (k: GateKernels, count: number, x: number, y: number) => k[gate](count, x, y, slope, offset);
      const expected = outcome(referenceGates, values, run);
      const bound = (i: number) => 2 * GATE_ROUNDINGS * EPSILON * Math.min(Math.abs(expected[i]), 3e38) + TINY;
      expectWithin(outcome(factory, values, run, inPlace), expected, bound);
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });

  test('give what their formulas do at the ends', () => {
    const x = [-inf, -800, -0, 0, 800, inf, nan];
    const by = (gate: (typeof GATES)[number]) => outcome(factory, x, (k, n, from, to) => k[gate](n, from, to, 1, 0.5));
    expect(by('sigmoid')).toEqual([0, 0, 0.5, 0.5, 1, 1, nan]);
    // −∞ · 0 is no number; −800 · e^−800 rounds to −0.
    expect(by('swish').slice(2)).toEqual([-0, 0, 800, inf, nan]);
    expect(by('swish')[0]).toBeNaN();
    expect(by('hardSigmoid')).toEqual([0, 0, 0.5, 0.5, 1, 1, nan]);
    expect(by('hardSwish').slice(1)).toEqual([-0, -0, 0, 800, inf, nan]);
    expect(by('hardSwish')[0]).toBeNaN();
  });
});
