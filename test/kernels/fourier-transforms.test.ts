import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceFourierTile } from '../../src/kernels/reference/fourier.ts';
import { scalarFourierTile } from '../../src/kernels/scalar/fourier.ts';
import { scalarFourierLargeTile } from '../../src/kernels/scalar/fourier-large.ts';
import type { TileTransform } from '../../src/kernels/table.ts';
import {
  type FourierTileSize,
  fourierPosition,
  fourierPositions,
  halfSpectrum,
  isRealFrequency,
} from '../../src/maths/fourier-layout.ts';
import type { Memory } from '../../src/tensor/memory.ts';

const numRuns = process.env.NNPACK_TEST_RUNS === 'slow' ? 400 : 20;

/** Half a unit in the last place: the relative error of one rounding to float32, to double. */
const U32 = 2 ** -24;
const U64 = 2 ** -53;

/** In double a sum of T² terms, each with a root of unity of its own rounding, errs by less than this times Σ|x|. */
const doubleError = (T: number) => 16 * (T + 12) * U64;

const scalarTile = (memory: Memory, T: FourierTileSize, r: number, s: number): TileTransform =>
  T === 8 || T === 16 ? scalarFourierTile(memory, T, r, s) : scalarFourierLargeTile(memory, T, r, s);

const memoryOf = (f32: Float32Array): Memory => ({ f32, i32: new Int32Array(0), u16: new Uint16Array(0) });

/** Numbers of both signs over six binary orders of magnitude, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  return () => Math.fround((2 * next() - 1) * 2 ** (Math.floor(6 * next()) - 3));
}

const range = (n: number) => Array.from({ length: n }, (_, k) => k);
const grid = <Item>(rows: number, columns: number, at: (i: number, j: number) => Item): Item[] =>
  range(rows).flatMap((i) => range(columns).map((j) => at(i, j)));

/** One call: the elements that it reads and writes, tile by tile, and how far it may be from exact. */
interface Call {
  readonly reads: number[][];
  readonly writes: number[][];
  readonly run: (transform: TileTransform) => void;
  /** Beyond the two roundings to float32, from the elements that tile i reads. */
  readonly tolerance: (read: number[]) => number;
}

interface Layout {
  readonly count: number;
  /** Words before the first element, between tiles and at the end of each row. */
  readonly before: number;
  readonly gap: number;
  /** Position by position with tiles as neighbours, as the frame has it, or tile by tile. */
  readonly tileInnermost: boolean;
}

const LAYOUT: fc.Arbitrary<Layout> = fc.record({
  count: fc.nat(4),
  before: fc.integer({ min: 1, max: 20 }),
  gap: fc.nat(3),
  tileInnermost: fc.boolean(),
});

const norm2 = (x: Float32Array) => Math.sqrt(x.reduce((total, value) => total + value * value, 0));
const sum = (values: number[]) => values.reduce((total, value) => total + Math.abs(value), 0);

/** Tile i and position p are at offset + i · step + p · position. */
function planes(T: number, { count, gap, tileInnermost }: Layout): { step: number; position: number; length: number } {
  const positions = fourierPositions(T);
  return tileInnermost
    ? { step: 1 + gap, position: count * (1 + gap) + gap, length: positions * (count * (1 + gap) + gap) }
    : { step: positions * (1 + gap) + gap, position: 1 + gap, length: count * (positions * (1 + gap) + gap) };
}

function inputCall(T: number, layout: Layout): Call & { length: number } {
  const { count, before, gap } = layout;
  const { step, position, length } = planes(T, layout);
  // Tiles side by side, overlapping by half, as in a row of an image.
  const [dStep, dPitch] = [T / 2, (count * T) / 2 + T + gap];
  const v = before + T * dPitch + gap;
  return {
    reads: range(count).map((n) => grid(T, T, (i, j) => before + n * dStep + i * dPitch + j)),
    writes: range(count).map((n) => range(fourierPositions(T)).map((p) => v + n * step + p * position)),
    run: (transform) => transform.input(count, before, dPitch, dStep, v, step, position),
    tolerance: (read) => doubleError(T) * sum(read),
    length: v + length + 4,
  };
}

function kernelCall(T: number, r: number, s: number, layout: Layout): Call & { length: number } {
  const { count, before, gap } = layout;
  const { step, position, length } = planes(T, layout);
  const gStep = r * s + gap;
  const u = before + count * gStep + gap;
  return {
    reads: range(count).map((n) => grid(r, s, (i, j) => before + n * gStep + i * s + j)),
    writes: range(count).map((n) => range(fourierPositions(T)).map((p) => u + n * step + p * position)),
    run: (transform) => transform.kernel(count, before, gStep, u, step, position),
    tolerance: (read) => doubleError(T) * sum(read),
    length: u + length + 4,
  };
}

function outputCall(T: number, r: number, s: number, layout: Layout): Call & { length: number } {
  const { count, before, gap } = layout;
  const { step, position, length } = planes(T, layout);
  const [height, width] = [T - r + 1, T - s + 1];
  // Outputs of neighbouring tiles lie side by side.
  const [yStep, yPitch] = [width + gap, count * (width + gap) + gap];
  const y = before + length + gap;
  return {
    reads: range(count).map((n) => range(fourierPositions(T)).map((p) => before + n * step + p * position)),
    writes: range(count).map((n) => grid(height, width, (i, j) => y + n * yStep + i * yPitch + j)),
    run: (transform) => transform.output(count, before, step, position, y, yPitch, yStep),
    // Every position is in two values at most, and these in two frequencies.
    tolerance: (read) => (4 * doubleError(T) * sum(read)) / T ** 2,
    length: y + height * yPitch + 4,
  };
}

/** The same call by both implementations, each in a memory of its own where all but its operands is NaN. */
function compare(T: FourierTileSize, r: number, s: number, seed: number, call: Call & { length: number }): void {
  const poisoned = new Float32Array(call.length).fill(Number.NaN);
  const random = generator(seed);
  for (const at of call.reads.flat()) poisoned[at] = random();
  // Shared, as the memory of a context is.
  const actual = new Float32Array(new SharedArrayBuffer(4 * call.length));
  actual.set(poisoned);
  const expected = poisoned.slice();
  call.run(scalarTile(memoryOf(actual), T, r, s));
  call.run(referenceFourierTile(memoryOf(expected), T, r, s));

  const written = new Set(call.writes.flat());
  for (let at = 0; at < call.length; at++) {
    if (!written.has(at) && !Object.is(actual[at], poisoned[at])) expect.fail(`word ${at} is not this call's to write`);
  }
  for (const [i, places] of call.writes.entries()) {
    const tolerance = call.tolerance(call.reads[i].map((at) => poisoned[at]));
    for (const [n, at] of places.entries()) {
      const bound = 2 * U32 * Math.abs(expected[at]) + tolerance;
      if (!(Math.abs(actual[at] - expected[at]) <= bound)) {
        expect.fail(`tile ${i}, element ${n}: ${actual[at]}, expected ${expected[at]} ± ${bound}`);
      }
    }
  }
}

/** Kernel sizes at the ends and anywhere between. */
const kernelSize = (T: number) => fc.oneof(fc.constantFrom(1, 2, 3, T - 1, T), fc.integer({ min: 1, max: T }));

describe.each([8, 16] as const)('transforms of ft%i against the reference', (T) => {
  const sizes = grid(T, T, (i, j) => [i + 1, j + 1] as const);

  it.each(['kernel', 'output'] as const)('%s, every r and s', (name) => {
    const layout = { count: 1, before: 3, gap: 1, tileInnermost: true };
    for (const [r, s] of sizes) {
      const call = name === 'kernel' ? kernelCall(T, r, s, layout) : outputCall(T, r, s, layout);
      compare(T, r, s, r * 100 + s, call);
    }
  });
});

describe.each([8, 16, 32, 64, 128] as const)('transforms of ft%i against the reference, any layout', (T) => {
  const runs = { numRuns: Math.ceil((numRuns * 8) / T) };
  const size = kernelSize(T);
  const layout = T <= 16 ? LAYOUT : LAYOUT.map((drawn) => ({ ...drawn, count: 1 + (drawn.count % 2) }));

  it('input', () => {
    fc.assert(
      fc.property(layout, fc.integer(), size, size, (drawn, seed, r, s) => compare(T, r, s, seed, inputCall(T, drawn))),
      runs,
    );
  });

  it('kernel', () => {
    fc.assert(
      fc.property(layout, fc.integer(), size, size, (drawn, seed, r, s) =>
        compare(T, r, s, seed, kernelCall(T, r, s, drawn)),
      ),
      runs,
    );
  });

  it('output', () => {
    fc.assert(
      fc.property(layout, fc.integer(), size, size, (drawn, seed, r, s) =>
        compare(T, r, s, seed, outputCall(T, r, s, drawn)),
      ),
      runs,
    );
  });
});

/**
 * The frame in small, on one tile: y = bias + Σ_c x_c ⋆ w_c by transforms and products at each position, whose running
 * sums are rounded to float32 at every channel.
 */
function chain(
  make: typeof scalarTile,
  T: FourierTileSize,
  [r, s]: readonly [number, number],
  x: Float32Array[],
  w: Float32Array[],
  bias = 0,
): Float32Array {
  const P = fourierPositions(T);
  const [D, G, V, U] = [0, T * T, T * T + r * s, T * T + r * s + P];
  const M = U + P;
  const Y = M + P;
  const f32 = new Float32Array(Y + (T - r + 1) * (T - s + 1)).fill(Number.NaN);
  const tile = make(memoryOf(f32), T, r, s);
  f32.fill(0, M, M + P);
  for (const [c, xc] of x.entries()) {
    f32.set(xc, D);
    f32.set(w[c], G);
    tile.input(1, D, T, 0, V, 0, 1);
    tile.kernel(1, G, 0, U, 0, 1);
    for (let p = 0; p < P; p++) f32[M + p] += f32[V + p] * f32[U + p];
  }
  for (const [position, scale] of tile.biasScales) f32[M + position] += bias * scale;
  tile.output(1, M, 0, 1, Y, T - s + 1, 0);
  return f32.slice(Y);
}

/** Σ_c Σ_uv x_c(i + u, j + v) · w_c(u, v) */
function correlation(
  T: number,
  [r, s]: readonly [number, number],
  x: Float32Array[],
  w: Float32Array[],
  i: number,
  j: number,
) {
  let y = 0;
  for (const [c, xc] of x.entries()) {
    for (let u = 0; u < r; u++) {
      for (let v = 0; v < s; v++) y += xc[(i + u) * T + j + v] * w[c][u * s + v];
    }
  }
  return y;
}

/**
 * |y − ŷ| ≤ (3 (n + 2) + 1) · u · Σ_c ‖x_c‖₂ ‖w_c‖₂ for n roundings of the running sums, here one for each channel.
 *
 * V and U are rounded once each and M n times, so that each of Gauss's products errs by at most (n + 2) u |v| |u|. With
 * |X| = |W| = 1 their combination errs most at X = (1 + i)/√2, W = 1: by 3 (n + 2) u. The inverse averages over the
 * spectrum, 1/T² · Σ |X| |W| ≤ ‖x‖₂ ‖w‖₂ by Cauchy and Parseval; y is rounded once more, and |y| is below the same
 * product. All else is in double: with terms in u² it is far within the last factor. A bias adds two roundings of what
 * it is added to.
 */
function chainBound(channels: number, x: Float32Array[], w: Float32Array[], bias: number): number {
  const norms = x.reduce((total, xc, c) => total + norm2(xc) * norm2(w[c]), 0);
  return ((3 * (channels + 2) + 1) * norms + (bias === 0 ? 0 : norms + 2 * Math.abs(bias))) * U32 * (1 + 2 ** -10);
}

describe.each([8, 16, 32, 64, 128, 256] as const)('a whole tile of ft%i', (T) => {
  const operands = fc
    .record({ seed: fc.integer(), channels: fc.integer({ min: 1, max: 3 }), r: kernelSize(T), s: kernelSize(T) })
    .map(({ seed, channels, r, s }) => {
      const random = generator(seed);
      const x = range(channels).map(() => Float32Array.from({ length: T * T }, random));
      const w = range(channels).map(() => Float32Array.from({ length: r * s }, random));
      return { r, s, x, w, bias: seed % 3 === 0 ? random() : 0 };
    });

  const implementations: [string, typeof scalarTile][] = [['scalar', scalarTile]];
  if (T <= 32) implementations.push(['reference', referenceFourierTile]);

  it.each(implementations)('%s: is the correlation of its input with its kernel', (_name, make) => {
    fc.assert(
      fc.property(operands, fc.infiniteStream(fc.nat()), ({ r, s, x, w, bias }, stream) => {
        const y = chain(make, T, [r, s], x, w, bias);
        const bound = chainBound(x.length, x, w, bias);
        const every = y.length * r * s <= 2 ** 18;
        const places = every ? range(y.length) : [...stream.take(16)].map((n) => n % y.length);
        for (const n of places) {
          const [i, j] = [Math.floor(n / (T - s + 1)), n % (T - s + 1)];
          const exact = correlation(T, [r, s], x, w, i, j) + bias;
          if (!(Math.abs(y[n] - exact) <= bound)) expect.fail(`y(${i}, ${j}) = ${y[n]}, expected ${exact} ± ${bound}`);
        }
      }),
      { numRuns: Math.ceil((numRuns * 16) / T) },
    );
  });

  it('repeats itself bit for bit, whatever came before it', () => {
    const random = generator(T);
    const x = Float32Array.from({ length: T * T }, random);
    const w = Float32Array.from({ length: 6 }, random);
    const first = chain(scalarTile, T, [2, 3], [x], [w]);
    chain(scalarTile, T, [T, T], [x.map(() => Number.NaN)], [x.map(() => Number.NaN)]);
    expect(chain(scalarTile, T, [2, 3], [x], [w])).toEqual(first);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  it('spreads a NaN or an infinity over the whole tile', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const x = new Float32Array(T * T).fill(1);
      x[T + 2] = value;
      const y = chain(scalarTile, T, [3, 3], [x], [new Float32Array(9).fill(1)]);
      expect(y.every((element) => !Number.isFinite(element))).toBe(true);
    }
  });

  it('follows its memory when the views are replaced', () => {
    const small = new Float32Array(T * T).fill(Number.NaN);
    const memory = { ...memoryOf(small) };
    const tile = scalarTile(memory, T, 1, 1);
    memory.f32 = new Float32Array(T * T + fourierPositions(T)).fill(1);
    tile.input(1, 0, T, 0, T * T, 0, 1);
    expect(memory.f32[T * T + fourierPosition(T, 0, 0)]).toBe(T * T);
    expect(small.every(Number.isNaN)).toBe(true);
  });
});

describe('the bound of a tile', () => {
  it('has the worst case of three products, 3, at X = (1 + i)/√2 and W = 1', () => {
    let worst = 0;
    const turns = 240;
    for (const [i, j] of grid(turns, turns, (a, b) => [a, b] as const)) {
      const [a, b] = [Math.cos((Math.PI * i) / turns), Math.sin((Math.PI * i) / turns)];
      const [c, d] = [Math.cos((Math.PI * j) / turns), Math.sin((Math.PI * j) / turns)];
      const [m1, m2, m3] = [Math.abs((a + b) * c), Math.abs(b * (c - d)), Math.abs(a * (c + d))];
      worst = Math.max(worst, Math.hypot(m1 + m2, m1 + m3));
    }
    expect(worst).toBeCloseTo(3, 12);
  });

  it('bounds a product by the norms: every frequency counts once, kept or conjugate', () => {
    for (const T of [8, 16]) {
      const counted = halfSpectrum(T).reduce((total, [k, l]) => total + (isRealFrequency(T, k, l) ? 1 : 2), 0);
      expect(counted).toBe(T * T);
    }
  });
});
