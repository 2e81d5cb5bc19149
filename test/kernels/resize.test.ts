import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceResize } from '../../src/kernels/reference/resize.ts';
import { scalarResize } from '../../src/kernels/scalar/resize.ts';
import type { ResizeKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import {
  DOUBLE_SLACK,
  EPSILON,
  expectSame,
  expectWithin,
  poisonedMemory,
  RUNS,
  randomFloats,
  randomFloatsWithSpecials,
  TINY,
} from './harness.ts';

type Factory = (memory: Memory) => ResizeKernels;

interface Sizes {
  readonly height: number;
  readonly width: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

const tables: readonly (readonly [string, Factory])[] = [
  ['reference', referenceResize],
  ['scalar', scalarResize],
];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Nearest without alignCorners, else bilinear. */
function resize(factory: Factory, sizes: Sizes, x: Float32Array, alignCorners?: number): number[] {
  const { height, width, outputHeight, outputWidth } = sizes;
  const n = outputHeight * outputWidth;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + n) + 512);
  const [from, to] = [place(x), output(n)];
  const kernels = factory(memory);
  if (alignCorners === undefined) kernels.resizeNearest(height, width, from, outputHeight, outputWidth, to);
  else kernels.resizeBilinear(height, width, from, outputHeight, outputWidth, to, alignCorners);
  checkGuards();
  return read(to, n);
}

const sizes: fc.Arbitrary<Sizes> = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 200, max: 300 })),
  outputHeight: fc.integer({ min: 0, max: 20 }),
  // Beyond 256 and 512 the columns are done in several blocks.
  outputWidth: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 250, max: 600 })),
});
const seeds = fc.integer({ min: 0, max: 1e6 });
const corners = fc.constantFrom(0, 1);

describe('resizeNearest', () => {
  test('scalar equals reference, bit for bit', () => {
    const property = fc.property(sizes, seeds, (drawn, seed) => {
      const x = randomFloatsWithSpecials(seed, drawn.height * drawn.width, 5);
      expectSame(resize(scalarResize, drawn, x), resize(referenceResize, drawn, x));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: a factor repeats every pixel, its inverse takes the first of each block', (_, factory) => {
    for (const factor of [1, 2, 3]) {
      const [height, width] = [5, 37];
      const x = randomFloats(factor, height * width);
      const enlarged = { height, width, outputHeight: height * factor, outputWidth: width * factor };
      const y = resize(factory, enlarged, x);
      for (let i = 0; i < height * factor; i++) {
        for (let j = 0; j < width * factor; j++) {
          expect(y[i * width * factor + j]).toBe(x[Math.floor(i / factor) * width + Math.floor(j / factor)]);
        }
      }
      const reduced = { height: height * factor, width: width * factor, outputHeight: height, outputWidth: width };
      expectSame(resize(factory, reduced, Float32Array.from(y)), x);
    }
  });

  test.each(tables)('%s: takes the pixel ⌊j · width / outputWidth⌋, in exact arithmetic', (_, factory) => {
    const widths = [3, 7, 49, 1000, 999].flatMap((width) =>
      [1, 3, 7, 50, 999, 1000].map((outputs) => [width, outputs]),
    );
    for (const [width, outputWidth] of widths) {
      const x = Float32Array.from({ length: width }, (_, j) => j);
      const y = resize(factory, { height: 1, width, outputHeight: 1, outputWidth }, x);
      expectSame(
        y,
        y.map((_, j) => Number((BigInt(j) * BigInt(width)) / BigInt(outputWidth))),
      );
    }
  });
});

describe('resizeBilinear', () => {
  test('scalar equals reference within one rounding each', () => {
    const property = fc.property(sizes, seeds, corners, fc.boolean(), (drawn, seed, alignCorners, specials) => {
      const n = drawn.height * drawn.width;
      const x = specials ? randomFloatsWithSpecials(seed, n, 9) : randomFloats(seed, n);
      const expected = resize(referenceResize, drawn, x, alignCorners);
      const absolute = resize(referenceResize, drawn, x.map(Math.abs), alignCorners);
      const bound = (i: number) => 2 * EPSILON * DOUBLE_SLACK * absolute[i] + TINY;
      expectWithin(resize(scalarResize, drawn, x, alignCorners), expected, bound);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: the same size changes nothing', (_, factory) => {
    for (const alignCorners of [0, 1]) {
      const x = randomFloats(3, 6 * 290);
      expectSame(resize(factory, { height: 6, width: 290, outputHeight: 6, outputWidth: 290 }, x, alignCorners), x);
    }
  });

  test.each(tables)('%s: a constant stays constant', (_, factory) => {
    const property = fc.property(sizes, corners, (drawn, alignCorners) => {
      const x = new Float32Array(drawn.height * drawn.width).fill(0.1);
      const y = resize(factory, drawn, x, alignCorners);
      expectSame(y, new Float32Array(y.length).fill(0.1));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: reproduces a ramp, and repeats its edges', (_, factory) => {
    // A ramp of integers, whose value at (r, c) is 3 + 2 r − 5 c for fractions too.
    const ramp = (row: number, column: number) => 3 + 2 * row - 5 * column;
    const property = fc.property(sizes, corners, (drawn, alignCorners) => {
      const { height, width, outputHeight, outputWidth } = drawn;
      const x = Float32Array.from({ length: height * width }, (_, p) => ramp(Math.floor(p / width), p % width));
      const along = (i: number, size: number, outputs: number) => {
        if (alignCorners === 1) return outputs === 1 ? 0 : (i / (outputs - 1)) * (size - 1);
        // Centres are at i + ½; nothing is known beyond the first and the last one.
        return Math.min(Math.max((i + 0.5) * (size / outputs) - 0.5, 0), size - 1);
      };
      const expected = Array.from({ length: outputHeight * outputWidth }, (_, p) =>
        ramp(along(Math.floor(p / outputWidth), height, outputHeight), along(p % outputWidth, width, outputWidth)),
      );
      // One rounding of a value below 3 + 2 · 12 + 5 · 300, and those in double of its place.
      expectWithin(resize(factory, drawn, x, alignCorners), expected, () => EPSILON * DOUBLE_SLACK * 1527);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: known values', (_, factory) => {
    const enlarged = { height: 1, width: 2, outputHeight: 1, outputWidth: 4 };
    expectSame(resize(factory, enlarged, Float32Array.of(0, 4), 0), [0, 1, 3, 4]);
    expectSame(resize(factory, { ...enlarged, outputWidth: 5 }, Float32Array.of(0, 4), 1), [0, 1, 2, 3, 4]);
    expectSame(resize(factory, { ...enlarged, outputWidth: 1 }, Float32Array.of(0, 4), 0), [2]);
    expectSame(resize(factory, { ...enlarged, outputWidth: 1 }, Float32Array.of(0, 4), 1), [0]);
  });

  test.each(tables)('%s: all four neighbours count, also with weight zero', (_, factory) => {
    const sizes = { height: 1, width: 5, outputHeight: 1, outputWidth: 5 };
    expectSame(resize(factory, sizes, Float32Array.of(1, 2, nan, 4, 5), 0), [1, nan, nan, 4, 5]);
    // The last row is its own neighbour below: 1 · ∞ + 0 · ∞.
    expectSame(resize(factory, sizes, Float32Array.of(1, 2, inf, 4, 5), 0), [1, nan, nan, 4, 5]);
    const enlarged = { height: 2, width: 1, outputHeight: 4, outputWidth: 1 };
    expectSame(resize(factory, enlarged, Float32Array.of(1, inf), 0), [nan, nan, nan, nan]);
  });
});
