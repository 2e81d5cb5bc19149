/**
 * The emitted Winograd transforms of many tiles. That one tile alone is right is shown beside the scalar transforms, in
 * winograd-transforms.test.ts; here, that a tile has the same bits in whatever company it is transformed, wherever it lies
 * and however its positions are laid out, and that nothing else is written.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TileTransform } from '../../src/kernels/table.ts';
import type { WinogradEdge } from '../../src/maths/tiles.ts';
import { expectSame, randomFloatsWithSpecials } from './harness.ts';
import { simdWinograd, winogradModule } from './simd-winograd-module.ts';

const TRANSFORMS = ['input', 'kernel', 'output'] as const;
type Name = (typeof TRANSFORMS)[number];

/** All tiles, flat kernels, and outputs of 1 to 7 columns. */
const CASES = [
  [8, 3, 3],
  [8, 1, 7],
  [8, 7, 1],
  [8, 2, 6],
  [8, 5, 4],
  [8, 7, 7],
  [6, 3, 3],
  [6, 5, 2],
  [6, 1, 3],
  [6, 4, 5],
  [9, 3, 3],
  [10, 3, 3],
] as const;

/** Room for what is read, and for what is written, of the largest call. */
const WORDS = 80_000;
const simd = simdWinograd(2 * WORDS);
const { f32 } = simd.memory;
const bits = new Uint32Array(f32.buffer, 0, f32.length);

interface Call {
  readonly tile: WinogradEdge;
  readonly r: number;
  readonly s: number;
  readonly count: number;
  /** Elements that everything is shifted by. */
  readonly offset: number;
  /** Elements between neighbouring tiles, rows, positions, that belong to none. */
  readonly gap: number;
  /** Elements between neighbouring tiles of the image besides: those of several channels, for example. */
  readonly apart: number;
  /** Neighbouring tiles of V, U and M side by side, or all positions of a tile together. */
  readonly tileInnermost: boolean;
  readonly seed: number;
}

/** Reads and writes of one call: tile i at x + i·xStep, and so on, all in elements. */
interface Layout {
  readonly reads: number;
  readonly run: (transform: TileTransform, first: number, count: number, x: number, y: number) => void;
  /** Where element e of tile i is written, from y on. */
  readonly written: (i: number, e: number) => number;
  readonly elements: number;
}

function layoutOf(name: Name, transform: TileTransform, { r, s, count, gap, apart, tileInnermost }: Call): Layout {
  const { height, width, outputHeight, outputWidth, positions } = transform;
  const position = tileInnermost
    ? { step: 1, position: count + gap }
    : { step: positions * (1 + gap) + gap, position: 1 + gap };
  const atPosition = (i: number, p: number) => i * position.step + p * position.position;
  if (name === 'input') {
    const step = outputWidth + gap + apart;
    const pitch = Math.max(0, count - 1) * step + width + gap;
    return {
      reads: (height - 1) * pitch + Math.max(0, count - 1) * step + width,
      run: (t, i, n, d, v) =>
        t.input(n, d + i * step, pitch, step, v + atPosition(i, 0), position.step, position.position),
      written: atPosition,
      elements: positions,
    };
  }
  if (name === 'kernel') {
    const step = r * s + gap;
    return {
      reads: Math.max(0, count - 1) * step + r * s,
      run: (t, i, n, g, u) => t.kernel(n, g + i * step, step, u + atPosition(i, 0), position.step, position.position),
      written: atPosition,
      elements: positions,
    };
  }
  const step = outputWidth + apart;
  const pitch = count * step + gap;
  return {
    reads: count === 0 ? 0 : atPosition(count - 1, positions - 1) + 1,
    run: (t, i, n, m, y) =>
      t.output(n, m + atPosition(i, 0), position.step, position.position, y + i * step, pitch, step),
    written: (i, e) => Math.floor(e / outputWidth) * pitch + i * step + (e % outputWidth),
    elements: outputHeight * outputWidth,
  };
}

const range = (n: number) => Array.from({ length: n }, (_, k) => k);

/** Runs a call as one, and tile by tile, in a memory that is otherwise NaN, and compares all of it. */
function checkCall(name: Name, call: Call): void {
  const transform = simd.tile(call.tile, call.r, call.s);
  const layout = layoutOf(name, transform, call);
  const [x, y] = [call.offset, WORDS + call.offset];
  const data = randomFloatsWithSpecials(call.seed, layout.reads, 200);
  const places = range(call.count).flatMap((i) => range(layout.elements).map((e) => y + layout.written(i, e)));
  expect(Math.max(x + layout.reads, ...places.map((place) => place - WORDS))).toBeLessThan(WORDS);
  const prepare = () => {
    simd.poison();
    f32.set(data, x);
  };

  prepare();
  for (const i of range(call.count)) layout.run(transform, i, 1, x, y);
  const alone = places.map((place) => f32[place]);

  prepare();
  const before = bits.slice();
  layout.run(transform, 0, call.count, x, y);
  expectSame(
    places.map((place) => f32[place]),
    alone,
  );
  const written = new Set(places);
  expect(bits.findIndex((word, k) => word !== before[k] && !written.has(k))).toBe(-1);
}

describe.each(TRANSFORMS)('%s transform in emitted code', (name) => {
  it.each(CASES)('tile %i, kernel %i×%i: tiles at once are those tiles one by one', (tile, r, s) => {
    // The last two: more kernels than are staged at a time, and more tiles than a strip holds.
    for (const count of [...range(41), 66, 131]) {
      const [offset, gap] = [(7 * count) % 16, count % 3];
      const call = { tile, r, s, count, offset, gap, tileInnermost: count % 2 === 0 || count < 5, seed: count };
      checkCall(name, { ...call, apart: 0 });
      if (name !== 'kernel') checkCall(name, { ...call, tileInnermost: true, apart: 9 + gap });
    }
  });

  it('so are many, in any layout', () => {
    const arbitrary = fc.record({
      case: fc.constantFrom(...CASES),
      count: fc.integer({ min: 60, max: 190 }),
      offset: fc.nat(20),
      gap: fc.nat(3),
      apart: fc.nat(12),
      tileInnermost: fc.boolean(),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(arbitrary, ({ case: [tile, r, s], ...call }) => checkCall(name, { tile, r, s, ...call })),
      { numRuns: process.env.NNPACK_TEST_RUNS === 'slow' ? 200 : 10 },
    );
  });
});

describe('rows of kernels in emitted code', () => {
  /** Rows × count kernels at once and row by row, in memories that are otherwise NaN, the same to the last bit. */
  function checkRows(tile: WinogradEdge, r: number, s: number, rows: number, count: number, apart = 0): void {
    const transform = simd.tile(tile, r, s);
    const gap = (rows + count) % 3;
    const gRow = r * s + gap;
    const gStep = rows * gRow + gap;
    const uRow = count + apart;
    const uPosition = rows * uRow + gap;
    const [g, u] = [5, WORDS + 3];
    const data = randomFloatsWithSpecials(rows * count, count * gStep, 200);
    expect(Math.max(g + data.length, 3 + transform.positions * uPosition)).toBeLessThan(WORDS);
    const wordsOf = (run: () => void): Uint32Array => {
      simd.poison();
      f32.set(data, g);
      run();
      return bits.slice();
    };
    const together = wordsOf(() => transform.kernelRows(rows, count, g, gRow, gStep, u, uRow, uPosition));
    const alone = wordsOf(() => {
      for (let i = 0; i < rows; i++) transform.kernel(count, g + i * gRow, gStep, u + i * uRow, 1, uPosition);
    });
    expect(together.findIndex((word, k) => word !== alone[k])).toBe(-1);
  }

  it.each(CASES)('tile %i, kernel %i×%i: are those kernels row by row', (...tile) => {
    for (const rows of [0, 1, 2, 3, 7]) {
      for (const count of [0, 1, 3, 4, 6, 8, 12, 16]) checkRows(...tile, rows, count, count === 8 ? 4 * (rows % 2) : 0);
    }
  });

  it('so are more than go side by side', () => {
    checkRows(6, 3, 3, 125, 8);
    checkRows(8, 7, 7, 58, 8);
    checkRows(6, 3, 3, 2, 964);
    const call = { offset: 3, gap: 1, apart: 0, tileInnermost: true, seed: 1 };
    checkCall('kernel', { tile: 6, r: 3, s: 3, count: 1001, ...call });
    checkCall('kernel', { tile: 8, r: 7, s: 7, count: 462, ...call });
  });
});

describe('emitted Winograd transforms', () => {
  it('write tiles of Y apart, each to its place', () => {
    const transform = simd.tile(8, 3, 3);
    simd.poison();
    f32.set(randomFloatsWithSpecials(1, 64 * 5, 1000));
    transform.output(5, 0, 1, 5, 1000, 6, 40);
    transform.output(5, 0, 1, 5, 2000, 30, 6);
    for (const i of range(5)) {
      const apart = range(36).map((e) => f32[1000 + 40 * i + e]);
      expectSame(
        apart,
        range(36).map((e) => f32[2000 + 6 * i + 30 * Math.floor(e / 6) + (e % 6)]),
      );
      expect(range(4).every((e) => Number.isNaN(f32[1000 + 40 * i + 36 + e]))).toBe(true);
    }
  });

  it('read tiles of d that are far apart, or the same', () => {
    const transform = simd.tile(6, 3, 3);
    for (const step of [0, 1, 700, 5000]) {
      simd.poison();
      f32.set(randomFloatsWithSpecials(step, 30_000, 1000));
      transform.input(5, 3, 10, step, WORDS, 1, 5);
      for (const i of range(5)) transform.input(1, 3 + i * step, 10, 0, WORDS + 1000 + i, 1, 5);
      expectSame(f32.subarray(WORDS + 1000, WORDS + 1180), f32.subarray(WORDS, WORDS + 180));
    }
    // The step of a single tile leads nowhere.
    transform.input(1, 3, 10, 2 ** 26, WORDS, 1, 5);
  });

  it('work beyond 2 GiB', () => {
    // Pages that nobody touches cost nothing.
    const [words, first] = [600_000_000, 599_900_000];
    const far = simdWinograd(words, first);
    far.poison();
    simd.poison();
    const data = randomFloatsWithSpecials(7, 10_000, 1000);
    far.memory.f32.set(data, first);
    f32.set(data);
    const [shifted, here] = [far.tile(8, 3, 3), simd.tile(8, 3, 3)];
    for (const [transform, at] of [
      [shifted, first],
      [here, 0],
    ] as const) {
      transform.input(7, at + 1, 100, 6, at + 20_001, 1, 9);
      transform.input(2, at + 1, 100, 6, at + 22_001, 64, 1);
      transform.kernel(7, at + 2, 9, at + 24_001, 1, 7);
      transform.output(7, at + 3, 1, 8, at + 26_001, 50, 6);
    }
    expectSame(far.memory.f32.subarray(first, first + 30_000), f32.subarray(0, 30_000));
  });

  it('are the same bytes each time they are emitted', () => {
    expect(winogradModule(8)).toEqual(winogradModule(8));
  });
});
