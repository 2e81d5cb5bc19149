import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referencePointwise } from '../../src/kernels/reference/pointwise.ts';
import { scalarPointwise } from '../../src/kernels/scalar/pointwise.ts';
import { mulAdd } from '../../src/kernels/simd/gemm-micro.ts';
import { emitLocalResponse, localResponseRoundings, simdLocalResponse } from '../../src/kernels/simd/local-response.ts';
import { emitPointwise, SCALE_SHIFT_ROUNDINGS, simdPointwise } from '../../src/kernels/simd/pointwise.ts';
import { emitSoftmax, simdSoftmax } from '../../src/kernels/simd/softmax.ts';
import type { PointwiseKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import type { Module } from '../../src/wasm/index.ts';
import { emitted } from './emitted.ts';
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

type Factory = (memory: Memory) => PointwiseKernels;
type Pass = (kernels: PointwiseKernels, n: number, x: number, y: number) => void;

const emit = (module: Module) => [
  ...emitPointwise(module, mulAdd),
  ...emitSoftmax(module),
  ...emitLocalResponse(module, mulAdd),
];

const exports = emitted(emit);

function simd(memory: Memory): PointwiseKernels {
  const scalar = scalarPointwise(memory);
  const load = () => exports;
  return { ...scalar, ...simdPointwise(load), ...simdSoftmax(load), ...simdLocalResponse(load, scalar) };
}

interface Fast {
  readonly factory: Factory;
  /** Float32 roundings of kernels that have more than one. */
  readonly scaleShift: number;
  readonly localResponse: (size: number, beta: number) => number;
}

const scalarTable: Fast = { factory: scalarPointwise, scaleShift: 1, localResponse: () => 1 };
const simdTable: Fast = { factory: simd, scaleShift: SCALE_SHIFT_ROUNDINGS, localResponse: localResponseRoundings };
const fastTables: readonly (readonly [string, Fast])[] = [
  ['scalar', scalarTable],
  ['simd', simdTable],
];
const tables: readonly (readonly [string, Factory])[] = [
  ['reference', referencePointwise],
  ['scalar', scalarPointwise],
  ['simd', simd],
];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const seeds = fc.integer({ min: 0, max: 1e6 });
const counts = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 200 }));

/** What a pass makes of the values, into an output of its own or in place. */
function outcome(factory: Factory, values: ArrayLike<number>, pass: Pass, inPlace = false): number[] {
  const n = values.length;
  const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(8 * n + 512);
  const x = inPlace ? placeInOut(values) : place(values);
  const y = inPlace ? x : output(n);
  pass(factory(memory), n, x, y);
  checkGuards();
  return read(y, n);
}

/** The pass gives the bits of the reference, in place or not, whatever the values. */
function expectReference(factory: Factory, pass: Pass): void {
  const property = fc.property(counts, seeds, fc.boolean(), (n, seed, inPlace) => {
    const values = randomFloatsWithSpecials(seed, n, 4);
    expectSame(outcome(factory, values, pass, inPlace), outcome(referencePointwise, values, pass));
  });
  fc.assert(property, { numRuns: RUNS });
}

describe.each(fastTables)('%s passes equal the reference ones, bit for bit', (_, { factory, scaleShift }) => {
  test('fill', () => {
    for (const value of [0, -0, 1.1, nan, inf]) {
      expectReference(factory, (kernels, n, _x, y) => kernels.fill(n, y, value));
    }
  });
  test('clamp', () => {
    for (const low of [-inf, -1, 0]) {
      for (const high of [0.25, 6, inf]) expectReference(factory, (k, n, x, y) => k.clamp(n, x, y, low, high));
    }
    expectReference(factory, (kernels, n, x, y) => kernels.clamp(n, x, y, 0.5, 0.5));
  });
  test('leakyRelu', () => {
    // Emitted kernels take float32 parameters.
    for (const slope of [0, Math.fround(0.2), 1, -1]) {
      expectReference(factory, (kernels, n, x, y) => kernels.leakyRelu(n, x, y, slope));
    }
  });
  test('scaleShift, within the roundings that it has more than the reference', () => {
    const arbitrary = fc.record({ n: counts, seed: seeds, scale: fc.constantFrom(1, Math.fround(0.1), -3e38) });
    const property = fc.property(arbitrary, fc.boolean(), ({ n, seed, scale }, inPlace) => {
      const shift = Math.fround(0.3);
      const pass: Pass = (kernels, n, x, y) => kernels.scaleShift(n, x, y, Math.fround(scale), shift);
      const values = randomFloatsWithSpecials(seed, n, 4);
      const product = (i: number) => Math.min(Math.abs(values[i] * scale), Number.MAX_VALUE);
      const bound = (i: number) => (scaleShift - 1) * (EPSILON * DOUBLE_SLACK * 2 * (product(i) + shift) + TINY);
      expectWithin(outcome(factory, values, pass, inPlace), outcome(referencePointwise, values, pass), bound);
    });
    fc.assert(property, { numRuns: 3 * RUNS });
  });
  test('clampRows', () => {
    const arbitrary = fc.record({
      rows: fc.integer({ min: 0, max: 5 }),
      columns: counts,
      xGap: fc.integer({ min: 0, max: 3 }),
      yGap: fc.integer({ min: 0, max: 3 }),
      yStep: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 7 })),
      slope: fc.constantFrom(1, 0, Math.fround(0.2), -1),
      low: fc.constantFrom(-inf, -1, 0),
      high: fc.constantFrom(0.25, 6, inf),
      seed: seeds,
      inPlace: fc.boolean(),
    });
    const property = fc.property(arbitrary, (drawn) => {
      const { rows, columns, slope, low, high, yStep } = drawn;
      const inPlace = drawn.inPlace && yStep === 1;
      const xPitch = columns + drawn.xGap;
      const yPitch = inPlace ? xPitch : columns * yStep + drawn.yGap;
      const run = (table: Factory) => {
        const bytes = 4 * rows * (xPitch + yPitch) + 512;
        const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(bytes);
        const values = randomFloatsWithSpecials(drawn.seed, rows * xPitch, 4);
        const x = inPlace ? placeInOut(values) : place(values);
        const y = inPlace ? x : output(rows * yPitch);
        table(memory).clampRows(rows, columns, x, xPitch, y, yPitch, yStep, slope, low, high);
        checkGuards();
        return read(y, rows * yPitch);
      };
      expectSame(run(factory), run(referencePointwise));
    });
    fc.assert(property, { numRuns: 4 * RUNS });
  });
});

describe.each(tables)('%s passes at the corners', (_, factory) => {
  test('clamp keeps NaN and both infinities within the bounds', () => {
    const x = [nan, -inf, -1, -0, 0, 3, 7, inf];
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.clamp(n, a, b, 0, 6)),
      [nan, 0, 0, 0, 0, 3, 6, 6],
    );
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.clamp(n, a, b, 0, inf)),
      [nan, 0, 0, 0, 0, 3, 7, inf],
    );
  });
  test('leakyRelu multiplies what is below zero, and nothing else', () => {
    const x = [nan, -inf, -2, -0, 0, 3, inf];
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.leakyRelu(n, a, b, 0.5)),
      [nan, -inf, -1, -0, 0, 3, inf],
    );
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.leakyRelu(n, a, b, 0)),
      [nan, nan, -0, -0, 0, 3, inf],
    );
  });
  test('scaleShift follows IEEE arithmetic', () => {
    const x = [nan, -inf, -2, inf];
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.scaleShift(n, a, b, -2, 1)),
      [nan, inf, 5, -inf],
    );
    expectSame(
      outcome(factory, x, (k, n, a, b) => k.scaleShift(n, a, b, 0, 1)),
      [nan, nan, 1, nan],
    );
  });
});

describe.each(tables)('%s copyRows', (_, factory) => {
  test('copies rows of any pitch and step, and nothing between them', () => {
    const arbitrary = fc.record({
      rows: fc.integer({ min: 0, max: 5 }),
      columns: counts,
      xStep: fc.oneof(fc.constant(1), fc.integer({ min: -3, max: 5 })),
      xGap: fc.integer({ min: 0, max: 3 }),
      upwards: fc.boolean(),
      channelsLast: fc.boolean(),
      yGap: fc.integer({ min: 0, max: 3 }),
      seed: seeds,
    });
    const property = fc.property(arbitrary, ({ rows, columns, xStep, xGap, upwards, channelsLast, yGap, seed }) => {
      // Channels last: neighbours in x are rows. Otherwise the rows lie one after the other, downwards or upwards.
      const step = channelsLast ? rows + xGap : xStep;
      const pitch = channelsLast ? 1 : (columns * Math.max(Math.abs(step), 1) + xGap) * (upwards ? -1 : 1);
      const yPitch = columns + yGap;
      const places = Array.from({ length: rows * columns }, (_, p) => {
        return Math.floor(p / columns) * pitch + (p % columns) * step;
      });
      const lowest = places.reduce((a, b) => Math.min(a, b), 0);
      const highest = places.reduce((a, b) => Math.max(a, b), 0);
      const values = randomFloatsWithSpecials(seed, highest - lowest + 1, 5);
      const { memory, place, output, untouched, checkGuards } = poisonedMemory(4 * (values.length + 5 * yPitch) + 512);
      const x = place(values) - lowest;
      const y = output(rows * yPitch);

      factory(memory).copyRows(rows, columns, x, pitch, step, y, yPitch);

      checkGuards();
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < yPitch; j++) {
          const at = y + i * yPitch + j;
          if (j >= columns) expect(untouched(at)).toBe(true);
          else expectSame([memory.f32[at]], [values[i * pitch + j * step - lowest]]);
        }
      }
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('copies whole planes, and onto themselves', () => {
    const values = randomFloats(1, 7 * 50);
    for (const offset of [0, 1]) {
      const { memory, place, placeInOut, output, read, checkGuards } = poisonedMemory(8192);
      const x = place(values);
      const y = output(351) + offset;
      const z = placeInOut(values);
      factory(memory).copyRows(7, 50, x, 50, 1, y, 50);
      factory(memory).copyRows(7, 50, z, 50, 1, z, 50);
      checkGuards();
      expectSame(read(y, 350), values);
      expectSame(read(z, 350), values);
    }
  });
});

describe('softmax', () => {
  /** Softmax of the values `step` apart, in place or not; what lies between them is left alone. */
  function softmax(factory: Factory, values: ArrayLike<number>, step: number, inPlace: boolean): number[] {
    const n = values.length;
    const words = Math.max((n - 1) * step + 1, 0);
    const between = 12345;
    const spread = new Float32Array(words).fill(between);
    for (let i = 0; i < n; i++) spread[i * step] = values[i];
    const { memory, place, placeInOut, output, read, untouched, checkGuards } = poisonedMemory(8 * words + 512);
    const x = inPlace ? placeInOut(spread) : place(spread);
    const y = inPlace ? x : output(words);
    factory(memory).softmax(n, step, x, y);
    checkGuards();
    const all = read(y, words);
    const disturbed = all.filter((value, i) => i % step !== 0 && (inPlace ? value !== between : !untouched(y + i)));
    expect(disturbed).toEqual([]);
    return all.filter((_, i) => i % step === 0);
  }
  const steps = fc.integer({ min: 1, max: 5 });
  const scales = fc.constantFrom(0, 1, 20, 1e4);

  test.each(fastTables)('%s equals reference within three roundings, in place or not', (_, { factory }) => {
    const property = fc.property(counts, steps, seeds, scales, fc.boolean(), (n, step, seed, scale, inPlace) => {
      const values = randomFloats(seed, n).map((value) => value * scale);
      const expected = softmax(referencePointwise, values, step, false);
      // Two roundings here and one in the reference; an emitted exponential has a relative error of 2^(−36) besides.
      const bound = (i: number) => 3 * EPSILON * (1 + 2 ** -12) * expected[i] + 2 * TINY;
      expectWithin(softmax(factory, values, step, inPlace), expected, bound);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(fastTables)('%s: NaN and infinities reach the outputs of the reference', (_, { factory }) => {
    const property = fc.property(counts, seeds, fc.constantFrom(3, 50), (n, seed, every) => {
      const values = randomFloatsWithSpecials(seed, n, every);
      const expected = softmax(referencePointwise, values, 1, false);
      const bound = (i: number) => 3 * EPSILON * (1 + 2 ** -12) * expected[i] + 2 * TINY;
      expectWithin(softmax(factory, values, 1, false), expected, bound);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: the outputs sum to 1', (_, factory) => {
    const property = fc.property(fc.integer({ min: 1, max: 200 }), seeds, scales, (n, seed, scale) => {
      const values = randomFloats(seed, n).map((value) => value * scale);
      const y = softmax(factory, values, 1, false);
      const sum = y.reduce((a, b) => a + b, 0);
      expectWithin([sum], [1], () => 2 * EPSILON * DOUBLE_SLACK + n * 2 * TINY);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: adding the same to every input changes no bit', (_, factory) => {
    // Multiples of 2^(−10) below 2^4, and shifts below 2^12: every sum is exact in float32.
    const grid = fc.array(fc.integer({ min: -(2 ** 14), max: 2 ** 14 }), { maxLength: 60 });
    const property = fc.property(grid, fc.integer({ min: -4095, max: 4095 }), (integers, shift) => {
      const values = integers.map((value) => value / 1024);
      const shifted = values.map((value) => value + shift);
      expectSame(softmax(factory, shifted, 1, false), softmax(factory, values, 1, false));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each(tables)('%s: corners', (_, factory) => {
    expectSame(softmax(factory, [], 1, false), []);
    expectSame(softmax(factory, [-7], 3, true), [1]);
    expectSame(softmax(factory, [3e38, 3e38], 1, false), [0.5, 0.5]);
    expectSame(softmax(factory, [-3e38, 3e38], 1, false), [0, 1]);
    expectSame(softmax(factory, [-inf, 2, 2], 1, false), [0, 0.5, 0.5]);
    expectSame(softmax(factory, [1, nan, 2], 1, false), [nan, nan, nan]);
    expectSame(softmax(factory, [1, inf, 2], 1, false), [nan, nan, nan]);
    expectSame(softmax(factory, [-inf, -inf], 1, false), [nan, nan]);
  });
});

describe('localResponse', () => {
  interface Normalisation {
    channels: number;
    pixels: number;
    gap: number;
    size: number;
    alpha: number;
    beta: number;
    bias: number;
  }

  /** x is (channels, pixels), dense. */
  function localResponse(factory: Factory, x: Float32Array, normalisation: Normalisation): number[] {
    const { channels, pixels, gap, size, alpha, beta, bias } = normalisation;
    const pitch = pixels + gap;
    const { memory, place, output, read, untouched, checkGuards } = poisonedMemory(8 * channels * pitch + 512);
    const planes = new Float32Array(channels * pitch).fill(nan);
    for (let c = 0; c < channels; c++) planes.set(x.subarray(c * pixels, (c + 1) * pixels), c * pitch);
    const from = place(planes);
    const to = output(channels * pitch);
    factory(memory).localResponse(channels, pixels, pitch, from, to, size, alpha, beta, bias);
    checkGuards();
    const planesOut = Array.from({ length: channels }, (_, c) => {
      for (let p = pixels; p < pitch; p++) expect(untouched(to + c * pitch + p)).toBe(true);
      return read(to + c * pitch, pixels);
    });
    return planesOut.flat();
  }

  const normalisations = fc.record({
    channels: fc.integer({ min: 0, max: 9 }),
    pixels: fc.integer({ min: 0, max: 9 }),
    gap: fc.integer({ min: 0, max: 3 }),
    size: fc.integer({ min: 1, max: 7 }),
    alpha: fc.constantFrom(1e-4, 1, 20),
    beta: fc.constantFrom(0.5, 0.75, 1, 0.6, 0),
    bias: fc.constantFrom(1, 2, 1e-3, 0),
  });

  test.each(fastTables)(
    '%s equals reference within the roundings of both',
    (_, { factory, localResponse: roundings }) => {
      const property = fc.property(normalisations, seeds, fc.boolean(), (normalisation, seed, specials) => {
        const n = normalisation.channels * normalisation.pixels;
        const x = specials ? randomFloatsWithSpecials(seed, n, 6) : randomFloats(seed, n);
        const expected = localResponse(referencePointwise, x, normalisation);
        const { size, beta } = normalisation;
        // 1.001 for products of roundings.
        const relative = 1.001 * (1 + roundings(size, beta)) * EPSILON;
        const bound = (i: number) => relative * Math.abs(expected[i]) + TINY;
        expectWithin(localResponse(factory, x, normalisation), expected, bound);
      });
      fc.assert(property, { numRuns: RUNS });
    },
  );

  test.each(tables)('%s: a channel counts in its window, and leaves no trace beyond it', (_, factory) => {
    const normalisation = { channels: 6, pixels: 1, gap: 0, size: 3, alpha: 3, beta: 0.5, bias: 0 };
    const quiet = 2 ** -60;
    for (const loud of [2 ** 60, inf, nan]) {
      // y = x / √(Σ x²): 1/√3 where three equal channels meet, 1/√2 at the last one.
      const y = localResponse(factory, Float32Array.of(loud, quiet, quiet, quiet, quiet, quiet), normalisation);
      const third = Math.fround(1 / Math.sqrt(3));
      expectSame(y.slice(2), [third, third, third, Math.fround(1 / Math.sqrt(2))]);
    }
    const beside = localResponse(factory, Float32Array.of(0, inf, 1, 1, 1, 1), { ...normalisation, bias: 1 });
    expectSame(beside.slice(0, 3), [0, nan, 0]);
  });

  test.each(tables)('%s: squares that float32 cannot hold count', (_, factory) => {
    const alone = { channels: 1, pixels: 1, gap: 0, size: 1, alpha: 1, beta: 0.5, bias: 0 };
    for (const x of [2 ** -80, 2 ** 80]) expectSame(localResponse(factory, Float32Array.of(x), alone), [1]);
  });

  test.each(tables)('%s: an even window has its odd channel after the centre', (_, factory) => {
    const normalisation = { channels: 3, pixels: 1, gap: 0, size: 2, alpha: 2, beta: 1, bias: 0 };
    // y_c = x_c / (x_c² + x_{c+1}²)
    expectSame(localResponse(factory, Float32Array.of(2, 4, 8), normalisation), [0.1, 0.05, 0.125].map(Math.fround));
  });
});
