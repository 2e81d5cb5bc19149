import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateWinograd } from '../../scripts/generate-winograd.ts';
import { kernelNumbers } from '../../src/kernels/numbers.ts';
import { referenceWinogradTile } from '../../src/kernels/reference/winograd.ts';
import { scalarWinogradTile } from '../../src/kernels/scalar/winograd.ts';
import { isFused, isWide, refuseSimd, SIMD_TABLES, type SimdTableName } from '../../src/kernels/simd/engine.ts';
import type { KernelTableName, TileRoundings, TileTransform } from '../../src/kernels/table.ts';
import { amplification, cookToom, type Matrix, type Point, winogradMatrices } from '../../src/maths/cook-toom.ts';
import { Rational } from '../../src/maths/rational.ts';
import { WINOGRAD_TILES, type WinogradEdge, winogradTile } from '../../src/maths/tiles.ts';
import { type Arithmetic, transform as programTransform, winogradRoundings } from '../../src/maths/winograd-program.ts';
import { winogradRange } from '../../src/maths/winograd-range.ts';
import { simdWinograd } from './simd-winograd-module.ts';

const numRuns = process.env.NNPACK_TEST_RUNS === 'slow' ? 160 : 8;

/** Every (tile, r, s): kernels of one tap are not Winograd's. */
const CASES = WINOGRAD_TILES.flatMap(({ edge: tile, kernelSizes }) => {
  const sizes: readonly number[] = kernelSizes;
  return sizes.flatMap((r) => sizes.filter((s) => r * s > 1).map((s) => [tile, r, s] as const));
});

/** Half a unit in the last place: the relative error of one rounding to float32, to double. */
const U32 = 2 ** -24;
const U64 = 2 ** -53;

/** Numbers of both signs over six binary orders of magnitude, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  return () => Math.fround((2 * next() - 1) * 2 ** (Math.floor(6 * next()) - 3));
}

/** All NaN, so that reading a word that was not written shows, and so does writing one that was not to be. */
function poisoned(length: number) {
  return {
    f32: new Float32Array(new SharedArrayBuffer(4 * length)).fill(Number.NaN),
    i32: new Int32Array(0),
    u16: new Uint16Array(0),
  };
}

/** The tables under test: a memory of `length` words, all NaN, and the transforms bound to it. */
const TABLES = {
  scalar(length: number) {
    const memory = poisoned(length);
    return { memory, tile: (...tile: readonly [WinogradEdge, number, number]) => scalarWinogradTile(memory, ...tile) };
  },
  reference(length: number) {
    const memory = poisoned(length);
    return {
      memory,
      tile: (...tile: readonly [WinogradEdge, number, number]) => referenceWinogradTile(memory, ...tile),
    };
  },
  simd: (length: number) => emitted(length, 'simd'),
  'simd-relaxed': (length: number) => emitted(length, 'simd-relaxed'),
  'simd-wide': (length: number) => emitted(length, 'simd-wide'),
  'simd-relaxed-wide': (length: number) => emitted(length, 'simd-relaxed-wide'),
};

function emitted(length: number, name: SimdTableName) {
  // One for the whole file: engines reserve gigabytes of addresses for each.
  const style = { isFused: isFused(name), abreast: isWide(name) ? 2 : 1 };
  const simd = modules.get(name) ?? simdWinograd(LENGTH, 0, style);
  modules.set(name, simd);
  simd.poison();
  const { f32, i32, u16 } = simd.memory;
  return { memory: { f32: f32.subarray(0, length), i32, u16 }, tile: simd.tile };
}

const modules = new Map<SimdTableName, ReturnType<typeof simdWinograd>>();

/** Those emitted that this engine runs. */
const EMITTED = SIMD_TABLES.filter((name) => refuseSimd(name) === null);

/** Of the transforms of a table. */
function roundingsOf(table: KernelTableName, edge: WinogradEdge, r: number, s: number): TileRoundings {
  return kernelNumbers(table).tileNumbers(winogradTile(edge).name, r, s).roundings();
}

/** One transform called with one layout: where each tile is read and written, element by element. */
interface Call {
  readonly reads: number[][];
  readonly writes: number[][];
  readonly run: (transform: TileTransform) => void;
}

const range = (n: number) => Array.from({ length: n }, (_, k) => k);
const grid = <T>(rows: number, columns: number, at: (i: number, j: number) => T): T[] =>
  range(rows).flatMap((i) => range(columns).map((j) => at(i, j)));

/** Distances and gaps of a call; every transform derives from them a layout whose writes do not overlap. */
const LAYOUT = fc.record({
  seed: fc.integer(),
  count: fc.nat(5),
  offset: fc.integer({ min: 1, max: 40 }),
  gap: fc.nat(3),
  tileInnermost: fc.boolean(),
});
type Layout = typeof LAYOUT extends fc.Arbitrary<infer T> ? T : never;

/** Positions of tiles: tiles next to each other and positions apart (v[p][t]), or the reverse (v[t][p]). */
function positionLayout({ count, gap, tileInnermost }: Layout, positions: number) {
  return tileInnermost
    ? { step: gap + 1, position: (gap + 1) * count + gap }
    : { step: positions * (gap + 1) + gap, position: gap + 1 };
}

/** Where a call writes, and the words of its memory: the widest layout of either side takes 2400. */
const WRITTEN = 2500;
const LENGTH = 5000;

const CALLS: Record<'input' | 'kernel' | 'output', (t: TileTransform, l: Layout, r: number, s: number) => Call> = {
  // Neighbouring tiles overlap, as in an image, unless the gap separates them.
  input({ height, width, outputWidth, positions }, l) {
    const [pitch, tileStep] = [width + l.gap, outputWidth + 3 * l.gap];
    const v = positionLayout(l, positions);
    return {
      reads: range(l.count).map((t) => grid(height, width, (i, j) => l.offset + t * tileStep + i * pitch + j)),
      writes: range(l.count).map((t) => range(positions).map((p) => WRITTEN + t * v.step + p * v.position)),
      run: (transform) => transform.input(l.count, l.offset, pitch, tileStep, WRITTEN, v.step, v.position),
    };
  },
  kernel({ positions }, l, r, s) {
    const u = positionLayout(l, positions);
    const kernelStep = r * s + l.gap;
    return {
      reads: range(l.count).map((t) => grid(r, s, (i, j) => l.offset + t * kernelStep + i * s + j)),
      writes: range(l.count).map((t) => range(positions).map((p) => WRITTEN + t * u.step + p * u.position)),
      run: (transform) => transform.kernel(l.count, l.offset, kernelStep, WRITTEN, u.step, u.position),
    };
  },
  output({ outputHeight, outputWidth, positions }, l) {
    const m = positionLayout(l, positions);
    // Tiles side by side in rows of the image, or each with its rows to itself.
    const pitch = l.tileInnermost ? l.count * outputWidth + l.gap : outputWidth + l.gap;
    const tileStep = l.tileInnermost ? outputWidth : outputHeight * pitch;
    const at = (t: number) => (i: number, j: number) => WRITTEN + t * tileStep + i * pitch + j;
    return {
      reads: range(l.count).map((t) => range(positions).map((p) => l.offset + t * m.step + p * m.position)),
      writes: range(l.count).map((t) => grid(outputHeight, outputWidth, at(t))),
      run: (transform) => transform.output(l.count, l.offset, m.step, m.position, WRITTEN, pitch, tileStep),
    };
  },
};

const MATRICES = { input: 'bT', kernel: 'g', output: 'aT' } as const;

/** |L| |X| |R|ᵀ, row by row: the formula on absolute values. X is rows × columns of L and R. */
function onAbsoluteValues(l: Matrix, x: readonly number[], r: Matrix): number[] {
  const columns = r[0].length;
  return grid(l.length, r.length, (i, j) =>
    x.reduce((sum, value, k) => {
      const lr = l[i][Math.floor(k / columns)].toNumber() * r[j][k % columns].toNumber();
      return sum + Math.abs(lr * value);
    }, 0),
  );
}

describe('generated passes', () => {
  const folder = 'src/kernels/scalar/generated';

  it.each([...generateWinograd()])('%s is what the generator writes', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('has no file that the generator does not write', () => {
    const files = readdirSync(folder).filter((name) => name.startsWith('winograd'));
    expect(files.map((name) => `${folder}/${name}`).sort()).toEqual([...generateWinograd().keys()].sort());
  });
});

/** The pairs ±1, ±½, ±2, ±¼ and infinity: without 0, mirrored rows differ in sign. */
const WITHOUT_ZERO: readonly Point[] = [
  ...[1n, 2n, 4n].flatMap((b): Point[] => [
    [1n, b],
    [-1n, b],
  ]),
  [2n, 1n],
  [-2n, 1n],
  [1n, 0n],
];

/** The three matrices of every axis. */
const PROGRAMS = [
  ...WINOGRAD_TILES.flatMap(({ edge, kernelSizes }) =>
    kernelSizes.map((r) => [edge, winogradMatrices(r === 1 ? 1 : edge, r)] as const),
  ),
  [9, cookToom(WITHOUT_ZERO, 3)] as const,
].flatMap(([tile, { r, bT, g, aT }]) =>
  Object.entries({ bT, g, aT }).map(([name, matrix]) => [name, tile, r, matrix] as const),
);

const EXACT: Arithmetic<Rational> = {
  add: (a, b) => a.plus(b),
  subtract: (a, b) => a.minus(b),
  multiply: (factor, a) => factor.times(a),
  share: (_, value) => value,
};

/** Every path from an element to a result as its own term: nothing cancels. */
const ABSOLUTE: Arithmetic<Rational> = { ...EXACT, subtract: EXACT.add, multiply: (c, a) => c.abs().times(a) };

/** Σ_k |M_pk| x_k or, with a sign, Σ_k M_pk x_k. */
function exactProduct(matrix: Matrix, x: readonly Rational[]): string[] {
  return matrix.map((row) => `${row.reduce((sum, c, k) => sum.plus(c.times(x[k])), Rational.ZERO)}`);
}

describe('programs', () => {
  const rational = fc.tuple(fc.bigInt(-1000n, 1000n), fc.bigInt(1n, 1000n)).map(([a, b]) => new Rational(a, b));
  const vector = fc.array(rational, { minLength: 10, maxLength: 10 });

  it.each(PROGRAMS)('%s of tile %i and r = %i is the product with the matrix, exactly', (_, _tile, _r, matrix) => {
    fc.assert(
      fc.property(vector, (values) => {
        const x = values.slice(0, matrix[0].length);
        expect(programTransform(EXACT, matrix, x).map(String)).toEqual(exactProduct(matrix, x));
      }),
      { numRuns },
    );
  });

  it.each(PROGRAMS)(
    '%s of tile %i and r = %i has one path from each element to each result',
    (_, _tile, _r, matrix) => {
      const absolute = matrix.map((row) => row.map((c) => c.abs()));
      for (const k of range(matrix[0].length)) {
        const unit = matrix[0].map((_, j) => (j === k ? Rational.ONE : Rational.ZERO));
        expect(programTransform(ABSOLUTE, matrix, unit).map(String)).toEqual(exactProduct(absolute, unit));
      }
    },
  );
});

describe('sharing', () => {
  it.each([
    [8, winogradMatrices(8, 3).bT],
    [9, winogradMatrices(9, 3).bT],
    [9, cookToom(WITHOUT_ZERO, 3).bT],
    [10, winogradMatrices(10, 3).bT],
  ])('Bᵀ of tile %i takes two thirds of the sums that its rows have', (_, matrix) => {
    let sums = 0;
    const sum = () => ++sums;
    const counter: Arithmetic<number> = { add: sum, subtract: sum, multiply: () => 0, share: () => 0 };
    programTransform(
      counter,
      matrix,
      matrix.map(() => 0),
    );
    const written = matrix.map((row) => row.filter((c) => c.sign() !== 0).length - 1);
    expect(sums).toBeLessThanOrEqual((2 / 3) * written.reduce((a, b) => a + b));
  });
});

describe('roundings', () => {
  it('are those that one finds by hand for F(6×6, 3×3)', () => {
    // On each axis:
    // Bᵀ  o₃ = 2 (d5 + ¼ d1 − 5/4 d3): ¼ d1 is exact, meets two sums, and that of e₃ + o₃; 5/4 d3 a product and two sums: 3
    // G   o₃ = 1/45 g1: the coefficient is rounded; e₃ = 1/90 g0 + 2/45 g2: so it is, a product and a sum; e₃ + o₃: 4
    // Aᵀ  row 5 is o1 + o5 + m7 + 32 o3: a difference and three sums for m1: 4
    expect(winogradRoundings(8, 3, 3)).toEqual({ input: 6, kernel: 8, output: 8 });
  });

  it('are none on a flat axis, and add up', () => {
    const [row, column, both] = [winogradRoundings(6, 1, 4), winogradRoundings(6, 3, 1), winogradRoundings(6, 3, 4)];
    for (const name of ['input', 'kernel', 'output'] as const) expect(row[name] + column[name]).toBe(both[name]);
    expect(winogradRoundings(8, 1, 1)).toEqual({ input: 0, kernel: 0, output: 0 });
  });
});

const TRANSFORMS = ['input', 'kernel', 'output'] as const;

describe.each((['scalar', ...EMITTED] as const).flatMap((table) => TRANSFORMS.map((name) => [name, table] as const)))(
  '%s transform, %s against reference',
  (name, table) => {
    it.each(CASES)('tile %i, kernel %i×%i', (tile, r, s) => {
      const left = winogradMatrices(r === 1 ? 1 : tile, r)[MATRICES[name]];
      const right = winogradMatrices(s === 1 ? 1 : tile, s)[MATRICES[name]];
      fc.assert(
        fc.property(LAYOUT, (layout) => {
          const { memory: actual, tile: tileOf } = TABLES[table](LENGTH);
          const expected = poisoned(LENGTH);
          const transform = tileOf(tile, r, s);
          const reference = referenceWinogradTile(expected, tile, r, s);
          const roundings = roundingsOf(table, tile, r, s)[name];
          const call = CALLS[name](reference, layout, r, s);
          const random = generator(layout.seed);
          for (const x of call.reads.flat()) actual.f32[x] = random();
          expected.f32.set(actual.f32);

          const before = new Uint32Array(actual.f32.slice().buffer);
          call.run(transform);
          call.run(reference);

          // Nothing but the tiles' own words was written, bit for bit.
          const written = new Set(call.writes.flat());
          const after = new Uint32Array(actual.f32.slice().buffer);
          expect(range(LENGTH).filter((k) => after[k] !== before[k] && !written.has(k))).toEqual([]);

          call.reads.forEach((reads, t) => {
            const majorant = onAbsoluteValues(
              left,
              reads.map((x) => actual.f32[x]),
              right,
            );
            call.writes[t].forEach((k, position) => {
              const [y, z] = [actual.f32[k], expected.f32[k]];
              // Each side rounds the result to float32, and ours its terms before that. In double, a term has met on either
              // axis at most the rounding of its coefficient, one product and ten sums: 2 sides · 2 axes · 12.
              const terms = ((1 + U32) ** (roundings - 1) - 1 + 48 * U64) * majorant[position];
              const bound = U32 * (Math.abs(y) + Math.abs(z)) + terms;
              const error = Math.abs(y - z);
              const message = `tile ${t}, element ${position}: ${y}, expected ${z}, error ${error} > ${bound}`;
              expect(error <= bound, message).toBe(true);
            });
          });
        }),
        { numRuns },
      );
    });
  },
);

describe.each(['scalar', 'reference', ...EMITTED] as const)('%s transforms together', (table) => {
  it.each(CASES)('tile %i correlates with a kernel %i×%i and adds the bias', (tile, r, s) => {
    const { memory, tile: tileOf } = TABLES[table](1000);
    const { f32 } = memory;
    const transform = tileOf(tile, r, s);
    const roundings = roundingsOf(table, tile, r, s);
    const { height, width, outputHeight, outputWidth, positions, biasScales } = transform;
    expect([height, width]).toEqual([r === 1 ? 1 : tile, s === 1 ? 1 : tile]);
    expect([outputHeight, outputWidth, positions]).toEqual([height - r + 1, width - s + 1, height * width]);
    const [d, g, u, v, y] = [0, 100, 200, 300, 400];
    const { bias: grown } = winogradRange(tile, r, s);
    const kappa = amplification(height === 1 ? 1 : tile, r) * amplification(width === 1 ? 1 : tile, s);
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -8, max: 8 }), (seed, bias) => {
        const random = generator(seed);
        f32.fill(Number.NaN);
        for (const k of range(positions)) f32[d + k] = random();
        for (const k of range(r * s)) f32[g + k] = random();

        // Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, the product in place of V
        transform.input(1, d, width, 0, v, 0, 1);
        transform.kernel(1, g, 0, u, 0, 1);
        for (const p of range(positions)) {
          f32[v + p] = f32[v + p] * f32[u + p] + bias * (biasScales.get(p) ?? 0);
        }
        transform.output(1, v, 0, 1, y, outputWidth, 0);

        const largest = Math.max(...f32.subarray(d, d + positions).map(Math.abs));
        const kernelSum = f32.subarray(g, g + r * s).reduce((sum, x) => sum + Math.abs(x), 0);
        // V·U + bias is rounded to float32 once, and the transforms round V, U and Y so often, the last time the output
        // itself; what is done in double between is at most 2⁷ roundings a term; κ₁κ₁ Σ|g| max|d| bounds what becomes of
        // that. The bias is rounded with the product, and on its way out, and grows to `bias` of the tile's range on it.
        const { input, kernel, output } = roundings;
        const relative = (1 + U32) ** (input + kernel + output) * (1 + 128 * U64) - 1;
        const transformed =
          relative * kappa * kernelSum * largest + ((1 + U32) ** (output + 1) - 1) * grown * Math.abs(bias);
        for (const [i, j] of grid(outputHeight, outputWidth, (i, j) => [i, j])) {
          const expected = grid(r, s, (k, l) => f32[g + k * s + l] * f32[d + (i + k) * width + j + l]).reduce(
            (sum, term) => sum + term,
            bias,
          );
          const actual = f32[y + i * outputWidth + j];
          const bound = transformed + U32 * (Math.abs(expected) + transformed);
          const error = Math.abs(actual - expected);
          expect(error <= bound, `y${i}${j} = ${actual}, expected ${expected}, error ${error} > ${bound}`).toBe(true);
        }
      }),
      { numRuns },
    );
  });
});
