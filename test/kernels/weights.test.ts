/** Weights without subnormal numbers, the least and the greatest of them: every table against the naive one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceWeights } from '../../src/kernels/reference/weights.ts';
import { scalarWeights } from '../../src/kernels/scalar/weights.ts';
import { emitWeights, simdWeights } from '../../src/kernels/simd/weights.ts';
import type { WeightKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted, FAR, farMemory, SCRATCH } from './emitted.ts';
import { expectSame, poisonedMemory, RUNS } from './harness.ts';

const exports = emitted(emitWeights);
const farExports = emitted(emitWeights, farMemory);

const TABLES: readonly (readonly [string, (memory: Memory) => WeightKernels])[] = [
  ['reference', referenceWeights],
  ['scalar', scalarWeights],
  [
    'simd',
    (memory) =>
      memory === farMemory
        ? simdWeights(() => farExports, FAR.scratch, memory)
        : simdWeights(() => exports, SCRATCH, memory),
  ],
];

const LEAST_NORMAL = 2 ** -126;
const special = fc.constantFrom(
  ...[
    0,
    2 ** -149,
    1e-40,
    LEAST_NORMAL - 2 ** -149,
    LEAST_NORMAL,
    LEAST_NORMAL + 2 ** -149,
    1e-30,
    1,
    3e38,
    Infinity,
  ].flatMap((x) => [x, -x]),
  Number.NaN,
);
const numbers = fc.array(fc.oneof(special, fc.float({ noNaN: true })), { maxLength: 90 });

describe.each(TABLES)('%s', (_name, make) => {
  it.each(['near', 'beyond 2 GiB'])('is what the definitions say, %s', (where) => {
    const own = where === 'near' ? undefined : { memory: farMemory, firstWord: FAR.firstWord };
    const property = fc.property(numbers, fc.boolean(), (values, inPlace) => {
      const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(2048, own);
      const kernels = make(memory);
      const x = inPlace ? placeInOut(values) : place(values);
      const y = inPlace ? x : output(values.length);
      const data = read(x, values.length);
      const magnitudes = data.map(Math.abs).filter((value) => !Number.isNaN(value));
      expect(kernels.greatest(values.length, x)).toBe(Math.max(0, ...magnitudes));
      expect(kernels.greatestOf(Float32Array.from(data))).toBe(Math.max(0, ...magnitudes));
      expect(kernels.least(values.length, x)).toBe(Math.min(Infinity, ...magnitudes.filter((value) => value > 0)));
      kernels.flush(values.length, x, y);
      checkGuards();
      expectSame(
        read(y, values.length),
        data.map((value) => (value !== 0 && Math.abs(value) < LEAST_NORMAL ? 0 : value)),
      );
    });
    fc.assert(property, { numRuns: RUNS });
  });

  it('finds the greatest of an array of any length', () => {
    const { memory } = poisonedMemory(2048);
    for (const length of [0, 1, 3, 5, 32_767, 32_768, 32_770, 100_001]) {
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i));
      for (const at of [0, Math.floor(length / 2), length - 1]) {
        const copy = data.slice();
        if (length > 0) copy[at] = -7;
        expect(make(memory).greatestOf(copy)).toBe(length > 0 ? 7 : 0);
      }
    }
  });
});
