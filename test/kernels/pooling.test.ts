import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referencePooling } from '../../src/kernels/reference/pooling.ts';
import { scalarPooling } from '../../src/kernels/scalar/pooling.ts';
import { emitPooling, simdPooling } from '../../src/kernels/simd/pooling.ts';
import type { PoolingKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted, SCRATCH } from './emitted.ts';
import {
  DOUBLE_SLACK,
  EPSILON,
  expectSame,
  expectWithin,
  generator,
  poisonedMemory,
  RUNS,
  randomFloats,
  randomFloatsWithSpecials,
  TINY,
} from './harness.ts';

type Factory = (memory: Memory) => PoolingKernels;

interface Shape {
  readonly height: number;
  readonly width: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly poolHeight: number;
  readonly poolWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly paddingTop: number;
  readonly paddingLeft: number;
}

const exports = emitted(emitPooling);
const simd: Factory = (memory) => simdPooling(() => exports, SCRATCH, scalarPooling(memory));
const tables: readonly (readonly [string, Factory])[] = [
  ['reference', referencePooling],
  ['scalar', scalarPooling],
  ['simd', simd],
];
const fastTables = tables.slice(1);
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** The arguments of both kernels but the last. */
function sizes(shape: Shape, x: number, y: number) {
  const { height, width, outputHeight, outputWidth, poolHeight, poolWidth } = shape;
  const { strideHeight, strideWidth, paddingTop, paddingLeft } = shape;
  const window = [poolHeight, poolWidth, strideHeight, strideWidth, paddingTop, paddingLeft] as const;
  return [height, width, x, outputHeight, outputWidth, y, ...window] as const;
}

function maxPool(factory: Factory, shape: Shape, x: Float32Array): number[] {
  const n = shape.outputHeight * shape.outputWidth;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + n) + 512);
  const [from, to] = [place(x), output(n)];
  factory(memory).maxPool(...sizes(shape, from, to), -1);
  checkGuards();
  return read(to, n);
}

function maxPoolWithPlaces(factory: Factory, shape: Shape, x: Float32Array): { maxima: number[]; places: number[] } {
  const n = shape.outputHeight * shape.outputWidth;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + 2 * n) + 512);
  const [from, to, indices] = [place(x), output(n), output(n)];
  factory(memory).maxPool(...sizes(shape, from, to), indices);
  checkGuards();
  return { maxima: read(to, n), places: Array.from(memory.i32.subarray(indices, indices + n)) };
}

function averagePool(factory: Factory, shape: Shape, x: Float32Array, countPadding: number): number[] {
  const n = shape.outputHeight * shape.outputWidth;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + n) + 512);
  const [from, to] = [place(x), output(n)];
  factory(memory).averagePool(...sizes(shape, from, to), countPadding);
  checkGuards();
  return read(to, n);
}

/** The plane's elements that lie in each window, in the plane's order, found by asking every element. */
function windows(shape: Shape, x: Float32Array): { value: number; place: number }[][] {
  const { width, outputHeight, outputWidth, poolHeight, poolWidth } = shape;
  const elements = Array.from(x, (value, place) => ({ value, place }));
  return Array.from({ length: outputHeight * outputWidth }, (_, output) => {
    const top = Math.floor(output / outputWidth) * shape.strideHeight - shape.paddingTop;
    const left = (output % outputWidth) * shape.strideWidth - shape.paddingLeft;
    return elements.filter(({ place }) => {
      const [row, column] = [Math.floor(place / width), place % width];
      return row >= top && row < top + poolHeight && column >= left && column < left + poolWidth;
    });
  });
}

/** The greatest of a window is the first of its sorted list (sorting is stable); NaN sorts before everything. */
function greatest(window: readonly { value: number; place: number }[]): { value: number; place: number } {
  const rank = (value: number) => (Number.isNaN(value) ? 2 : value === inf ? 1 : value === -inf ? -1 : 0);
  const sorted = window.toSorted((a, b) => {
    const order = rank(b.value) - rank(a.value);
    return order !== 0 || rank(a.value) !== 0 ? order : b.value - a.value;
  });
  return sorted[0] ?? { value: -inf, place: -1 };
}

/** Small planes and any windows, also such as begin or end far outside, and outputs that no window reaches. */
const anyShape: fc.Arbitrary<Shape> = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  outputHeight: fc.integer({ min: 0, max: 7 }),
  outputWidth: fc.integer({ min: 0, max: 7 }),
  poolHeight: fc.integer({ min: 1, max: 4 }),
  poolWidth: fc.integer({ min: 1, max: 4 }),
  strideHeight: fc.integer({ min: 1, max: 4 }),
  strideWidth: fc.integer({ min: 1, max: 4 }),
  paddingTop: fc.integer({ min: 0, max: 5 }),
  paddingLeft: fc.integer({ min: 0, max: 5 }),
});

/** The windows of networks: 2 × 2 and 3 × 3, as many as begin in the padded plane. */
const squareShape: fc.Arbitrary<Shape> = fc
  .record({
    height: fc.integer({ min: 2, max: 20 }),
    width: fc.integer({ min: 2, max: 20 }),
    pool: fc.constantFrom(2, 3),
    stride: fc.constantFrom(1, 2, 3),
    padding: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ height, width, pool, stride, padding }) => ({
    height,
    width,
    outputHeight: Math.ceil((height + padding) / stride),
    outputWidth: Math.ceil((width + padding) / stride),
    poolHeight: pool,
    poolWidth: pool,
    strideHeight: stride,
    strideWidth: stride,
    paddingTop: padding,
    paddingLeft: padding,
  }));

const shapes = fc.oneof(anyShape, squareShape);
const seeds = fc.integer({ min: 0, max: 1e6 });

/** Planes with ties (and both zeros), with many or few NaN and infinities, or with neither. */
const planes = fc.tuple(shapes, seeds, fc.constantFrom('ties', 'specials', 'one special', 'plain')).map((drawn) => {
  const [shape, seed, kind] = drawn;
  const n = shape.height * shape.width;
  if (kind === 'ties') return { shape, x: randomFloats(seed, n).map((value) => Math.round(2 * value - 1)) };
  if (kind === 'specials') return { shape, x: randomFloatsWithSpecials(seed, n, 4) };
  if (kind === 'one special') return { shape, x: randomFloatsWithSpecials(seed, n, n) };
  return { shape, x: randomFloats(seed, n) };
});

describe.each(tables)('%s maxPool', (_, factory) => {
  test('is the greatest of each window, and its place', () => {
    const property = fc.property(planes, ({ shape, x }) => {
      const expected = windows(shape, x).map(greatest);
      const { maxima, places } = maxPoolWithPlaces(factory, shape, x);
      const values = expected.map(({ value }) => value);
      expectSame(maxima, values);
      // Of zeros of both signs an emitted kernel takes either.
      const known = (zero: number) => (factory === simd ? zero + 0 : zero);
      expectSame(maxPool(factory, shape, x).map(known), values.map(known));
      const expectedPlaces = expected.map(({ place }) => place);
      expectSame(places, expectedPlaces);
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });

  test('finds a lone NaN or infinity wherever it is', () => {
    for (const pool of [2, 3]) {
      const shape = square(9, pool, 1);
      for (let place = 0; place < 81; place++) {
        for (const value of [nan, -nan, inf, -inf]) {
          const x = randomFloats(place, 81);
          x[place] = value;
          expectSame(
            maxPool(factory, shape, x),
            windows(shape, x).map((window) => greatest(window).value),
          );
        }
      }
    }
  });

  test('a NaN whose sign bit is set is a NaN', () => {
    const bits = new Int32Array([0x3f800000, 0xffc00000 | 0, 0x40000000, 0x40400000]);
    expectSame(maxPool(factory, square(2, 2, 2), new Float32Array(bits.buffer)), [nan]);
  });

  test('+∞ and −∞ in one window, which sum to NaN, have a maximum', () => {
    expectSame(maxPool(factory, square(2, 2, 2), Float32Array.of(inf, 1, -inf, 2)), [inf]);
  });

  test('empty windows are −∞ at no place; windows of −∞ are at their first', () => {
    const beside = { ...square(2, 2, 2), paddingTop: 2, paddingLeft: 2, outputHeight: 3, outputWidth: 3 };
    const { maxima, places } = maxPoolWithPlaces(factory, beside, new Float32Array(4).fill(-inf));
    expectSame(maxima, new Array(9).fill(-inf));
    expectSame(places, [-1, -1, -1, -1, 0, -1, -1, -1, -1]);
  });
});

describe('averagePool', () => {
  test.each(fastTables)('%s equals reference within one rounding each', (_, factory) => {
    const property = fc.property(planes, fc.constantFrom(0, 1), ({ shape, x }, countPadding) => {
      const expected = averagePool(referencePooling, shape, x, countPadding);
      const absolute = averagePool(referencePooling, shape, x.map(Math.abs), countPadding);
      const bound = (i: number) => 2 * EPSILON * DOUBLE_SLACK * absolute[i] + TINY;
      expectWithin(averagePool(factory, shape, x, countPadding), expected, bound);
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });

  test.each(tables)('%s: is the mean of the window', (_, factory) => {
    const property = fc.property(shapes, seeds, fc.constantFrom(0, 1), (shape, seed, countPadding) => {
      // Integers: their sums are exact, so the only rounding is that of the quotient.
      const next = generator(seed);
      const x = Float32Array.from({ length: shape.height * shape.width }, () => Math.floor(2001 * next()) - 1000);
      const expected = windows(shape, x).map((window) => {
        const sum = window.reduce((total, { value }) => total + value, 0);
        const count = countPadding === 1 ? shape.poolHeight * shape.poolWidth : window.length;
        return window.length === 0 ? 0 : Math.fround(sum / count);
      });
      expectSame(averagePool(factory, shape, x, countPadding), expected);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: NaN and infinities follow IEEE addition', (_, factory) => {
    const shape = { ...square(2, 2, 2), width: 8, outputWidth: 4 };
    const x = Float32Array.of(1, nan, 1, inf, 1, -inf, inf, -inf, 1, 1, 1, 1, 1, 1, 1, 1);
    expectSame(averagePool(factory, shape, x, 0), [nan, inf, -inf, nan]);
  });

  test.each(tables)('%s: does not overflow on the way', (_, factory) => {
    const x = new Float32Array(4).fill(3e38);
    expectSame(averagePool(factory, square(2, 2, 2), x, 0), [Math.fround(3e38)]);
  });

  test.each(tables)('%s: a whole plane', (_, factory) => {
    const x = Float32Array.from({ length: 49 }, (_, i) => i);
    expectSame(averagePool(factory, square(7, 7, 1), x, 0), [24]);
  });
});

describe('the windows of the networks', () => {
  const networks: readonly (readonly [string, number, number, number, number])[] = [
    ['VGG 2×2/2', 28, 2, 2, 0],
    ['AlexNet 3×3/2', 27, 3, 2, 0],
    ['ResNet 3×3/2, padding 1', 28, 3, 2, 1],
    ['Inception-BN 3×3/1, padding 1', 14, 3, 1, 1],
  ];
  test.each(networks)('%s', (_, size, pool, stride, padding) => {
    const outputs = Math.floor((size + 2 * padding - pool) / stride) + 1;
    const shape = { ...square(size, pool, stride), paddingTop: padding, paddingLeft: padding };
    const padded = { ...shape, outputHeight: outputs, outputWidth: outputs };
    const x = randomFloats(size, size * size);
    const expected = windows(padded, x).map(greatest);
    expect(expected.every(({ place }) => place >= 0)).toBe(true);
    const values = expected.map(({ value }) => value);
    for (const [, factory] of fastTables) expectSame(maxPool(factory, padded, x), values);
  });
});

test('simd leaves rows that are wider than its scratch to the scalar kernels', () => {
  const shape = { ...square(2, 2, 2), width: 70_000, outputWidth: 35_000 };
  const x = randomFloats(1, 140_000);
  expectSame(maxPool(simd, shape, x), maxPool(scalarPooling, shape, x));
  expectSame(averagePool(simd, shape, x, 0), averagePool(scalarPooling, shape, x, 0));
});

test('simd reads nothing where the second of four windows would begin far outside', () => {
  const shape = { ...square(4, 2, 2 ** 23), outputHeight: 1, outputWidth: 1 };
  const x = randomFloats(1, 16);
  expectSame(maxPool(simd, shape, x), maxPool(scalarPooling, shape, x));
  expectSame(averagePool(simd, shape, x, 0), averagePool(scalarPooling, shape, x, 0));
});

/** A square plane and window without padding, with as many outputs as fit. */
function square(size: number, pool: number, stride: number): Shape {
  const outputs = Math.floor((size - pool) / stride) + 1;
  return {
    height: size,
    width: size,
    outputHeight: outputs,
    outputWidth: outputs,
    poolHeight: pool,
    poolWidth: pool,
    strideHeight: stride,
    strideWidth: stride,
    paddingTop: 0,
    paddingLeft: 0,
  };
}
