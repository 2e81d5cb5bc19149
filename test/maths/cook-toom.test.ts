import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amplification,
  biasScales,
  biasScalesOf,
  type CookToom,
  cookToom,
  type Matrix,
  type Point,
  type TileEdge,
  winogradMatrices,
} from '../../src/maths/cook-toom.ts';
import { Rational } from '../../src/maths/rational.ts';
import { WINOGRAD_TILES } from '../../src/maths/tiles.ts';

const numRuns = process.env.NNPACK_TEST_RUNS === 'slow' ? 2000 : 100;

/** Every F(T − r + 1, r) of the library. */
const CASES: readonly (readonly [tile: TileEdge, r: number])[] = [
  [1, 1],
  ...WINOGRAD_TILES.flatMap(({ edge, kernelSizes }) => kernelSizes.filter((r) => r > 1).map((r) => [edge, r] as const)),
];

const rational = fc
  .tuple(fc.bigInt({ min: -1000n, max: 1000n }), fc.bigInt({ min: -1000n, max: 1000n }))
  .filter(([, denominator]) => denominator !== 0n)
  .map(([numerator, denominator]) => new Rational(numerator, denominator));

const range = (n: number) => Array.from({ length: n }, (_, k) => k);
const whole = (n: number) => new Rational(BigInt(n));
const dot = (x: readonly Rational[], y: readonly Rational[]) =>
  x.reduce((sum, c, k) => sum.plus(c.times(y[k])), Rational.ZERO);
const text = (matrix: Matrix) => matrix.map((row) => row.join(' '));

describe('Rational', () => {
  it('is kept in lowest terms with a positive denominator', () => {
    expect(new Rational(6n, -4n)).toEqual(new Rational(-3n, 2n));
    expect(String(new Rational(6n, -4n))).toBe('-3/2');
    expect(String(new Rational(0n, -7n))).toBe('0');
    expect(String(new Rational(-8n, -4n))).toBe('2');
    expect(() => new Rational(1n, 0n)).toThrow(RangeError);
    expect(() => Rational.ONE.over(Rational.ZERO)).toThrow(RangeError);
  });

  it('obeys the laws of a field', () => {
    fc.assert(
      fc.property(rational, rational, rational, (x, y, z) => {
        expect(x.plus(y)).toEqual(y.plus(x));
        expect(x.times(y)).toEqual(y.times(x));
        expect(x.plus(y).plus(z)).toEqual(x.plus(y.plus(z)));
        expect(x.times(y).times(z)).toEqual(x.times(y.times(z)));
        expect(x.times(y.plus(z))).toEqual(x.times(y).plus(x.times(z)));
        expect(x.plus(Rational.ZERO)).toEqual(x);
        expect(x.times(Rational.ONE)).toEqual(x);
        expect(x.minus(x)).toEqual(Rational.ZERO);
        expect(x.minus(y)).toEqual(x.plus(y.negate()));
        if (y.sign() !== 0) expect(x.over(y).times(y)).toEqual(x);
      }),
      { numRuns },
    );
  });

  it('has sign, absolute value, equality and nearest double', () => {
    fc.assert(
      fc.property(rational, rational, (x, y) => {
        expect(x.sign()).toBe(Math.sign(x.toNumber()));
        expect(x.abs().toNumber()).toBe(Math.abs(x.toNumber()));
        expect(x.times(y).sign()).toBe(x.sign() * y.sign() + 0);
        expect(x.equals(y)).toBe(x.minus(y).sign() === 0);
        expect(x.toNumber()).toBe(Number(x.numerator) / Number(x.denominator));
      }),
      { numRuns },
    );
    expect(new Rational(1n, 3n).toNumber()).toBe(1 / 3);
  });
});

describe('Cook–Toom matrices', () => {
  it("of T = 8, r = 3 are NNPACK's F(6×6, 3×3)", () => {
    const { m, r, bT, g, aT } = winogradMatrices(8, 3);
    expect([m, r]).toEqual([6, 3]);
    expect(bT.map((row) => row.map((x) => x.toNumber()).join(' '))).toEqual([
      '1 0 -5.25 0 5.25 0 -1 0',
      '0 1 1 -4.25 -4.25 1 1 0',
      '0 -1 1 4.25 -4.25 -1 1 0',
      '0 0.5 0.25 -2.5 -1.25 2 1 0',
      '0 -0.5 0.25 2.5 -1.25 -2 1 0',
      '0 2 4 -2.5 -5 0.5 1 0',
      '0 -2 4 2.5 -5 -0.5 1 0',
      '0 -1 0 5.25 0 -5.25 0 1',
    ]);
    expect(text(g)).toEqual([
      '1 0 0',
      '-2/9 -2/9 -2/9',
      '-2/9 2/9 -2/9',
      '1/90 1/45 2/45',
      '1/90 -1/45 2/45',
      '1/45 1/90 1/180',
      '1/45 -1/90 1/180',
      '0 0 1',
    ]);
    expect(text(aT)).toEqual([
      '1 1 1 1 1 32 32 0',
      '0 1 -1 2 -2 16 -16 0',
      '0 1 1 4 4 8 8 0',
      '0 1 -1 8 -8 4 -4 0',
      '0 1 1 16 16 2 2 0',
      '0 1 -1 32 -32 1 -1 1',
    ]);
  });

  it('of T = 6, r = 3 are F(4×4, 3×3) of 0, ±5/8, ±3/2, ∞', () => {
    const { bT, g, aT } = winogradMatrices(6, 3);
    expect(text(bT)).toEqual([
      '225/256 0 -169/64 0 1 0',
      '0 -45/32 -9/4 5/8 1 0',
      '0 45/32 -9/4 -5/8 1 0',
      '0 -75/128 -25/64 3/2 1 0',
      '0 75/128 -25/64 -3/2 1 0',
      '0 225/256 0 -169/64 0 1',
    ]);
    expect(text(g)).toEqual([
      '256/225 0 0',
      '-2048/2975 -256/595 -32/119',
      '-2048/2975 256/595 -32/119',
      '128/1071 64/357 32/119',
      '128/1071 -64/357 32/119',
      '0 0 1',
    ]);
    expect(text(aT)).toEqual([
      '1 1 1 1 1 0',
      '0 5/8 -5/8 3/2 -3/2 0',
      '0 25/64 25/64 9/4 9/4 0',
      '0 125/512 -125/512 27/8 -27/8 1',
    ]);
  });

  it("of 0, ±1, ±2, ∞ are Lavin's F(4×4, 3×3)", () => {
    const points = [
      [0n, 1n],
      [1n, 1n],
      [-1n, 1n],
      [2n, 1n],
      [-2n, 1n],
      [1n, 0n],
    ] as const;
    const { bT, g, aT } = cookToom(points, 3);
    expect(text(bT)).toEqual([
      '4 0 -5 0 1 0',
      '0 -4 -4 1 1 0',
      '0 4 -4 -1 1 0',
      '0 -2 -1 2 1 0',
      '0 2 -1 -2 1 0',
      '0 4 0 -5 0 1',
    ]);
    expect(text(g)).toEqual(['1/4 0 0', '-1/6 -1/6 -1/6', '-1/6 1/6 -1/6', '1/24 1/12 1/6', '1/24 -1/12 1/6', '0 0 1']);
    expect(text(aT)).toEqual(['1 1 1 1 1 0', '0 1 -1 2 -2 0', '0 1 1 4 4 0', '0 1 -1 8 -8 1']);
  });

  it('of T = 9 and T = 10 are of the points 0, ±1, ±3/2, ±3/8, ±4 and 0, ±1, ±3/8, ±5/4, ±9/4, ∞', () => {
    // Row 1 of Aᵀ over row 0 is x.
    const pointsOf = ({ aT }: CookToom) =>
      aT[0].map((b, p) => (b.sign() === 0 ? '∞' : `${aT[1][p].over(b)}`)).join(' ');
    expect(pointsOf(winogradMatrices(9, 3))).toBe('0 1 -1 3/2 -3/2 3/8 -3/8 4 -4');
    expect(pointsOf(winogradMatrices(10, 3))).toBe('0 1 -1 3/8 -3/8 5/4 -5/4 9/4 -9/4 ∞');
  });

  it.each(CASES)('of T = %i have for r = %i a Bᵀ and an Aᵀ that float32 holds', (tile, r) => {
    const { bT, aT } = winogradMatrices(tile, r);
    for (const x of [...bT, ...aT].flat()) expect(Math.fround(x.toNumber())).toBe(x.toNumber());
  });

  it('of T = 1 are the identity', () => {
    const { m, bT, g, aT } = winogradMatrices(1, 1);
    expect([m, text(bT), text(g), text(aT)]).toEqual([1, ['1'], ['1'], ['1']]);
  });

  it.each(CASES)(
    'of T = %i have for r = %i the Bᵀ of every r, and an Aᵀ that makes ones of the scales of the bias',
    (tile, r) => {
      const { m, bT, g, aT } = winogradMatrices(tile, r);
      expect([m, bT.length, g.length, g[0].length, aT.length]).toEqual([tile - r + 1, tile, tile, r, m]);
      expect(text(bT)).toEqual(text(winogradMatrices(tile, 1).bT));
      const scales = biasScales(tile, r);
      expect(aT.map((row) => dot(row, scales))).toEqual(aT.map(() => Rational.ONE));
      // One position alone where there is the point 1.
      if (tile !== 6) expect(scales.filter((x) => x.sign() !== 0)).toEqual([Rational.ONE]);
    },
  );
});

/**
 * y = Aᵀ[(G g) ⊙ (Bᵀ d)] is bilinear in g and d, so it is the correlation if it is for every pair of basis vectors:
 * Σ_p Aᵀ_ip G_pu Bᵀ_pa = 1 where a = i + u, else 0.
 */
function expectCorrelation({ m, r, bT, g, aT }: CookToom): void {
  for (let i = 0; i < m; i++) {
    for (let u = 0; u < r; u++) {
      for (let a = 0; a < m + r - 1; a++) {
        const sum = bT.reduce((y, row, p) => y.plus(aT[i][p].times(g[p][u]).times(row[a])), Rational.ZERO);
        expect(`y${i} of g${u} d${a}: ${sum}`).toBe(`y${i} of g${u} d${a}: ${a === i + u ? 1 : 0}`);
      }
    }
  }
}

describe('F(m, r) is the correlation, exactly', () => {
  it.each(CASES)('T = %i, r = %i, all pairs of basis vectors', (tile, r) => {
    expectCorrelation(winogradMatrices(tile, r));
  });

  it('for any distinct points, with or without infinity', () => {
    const point = fc.tuple(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: 0n, max: 9n }));
    const points = fc.uniqueArray(
      point.filter(([a, b]) => a !== 0n || b !== 0n),
      { minLength: 1, maxLength: 7, selector: ([a, b]) => (b === 0n ? 'infinity' : String(new Rational(a, b))) },
    );
    const problem = points.chain((p) => fc.tuple(fc.constant<readonly Point[]>(p), fc.nat(p.length - 1)));
    fc.assert(
      fc.property(problem, ([p, n]) => {
        const matrices = cookToom(p, n + 1);
        expectCorrelation(matrices);
        const scales = biasScalesOf(p, n + 1);
        expect(matrices.aT.map((row) => dot(row, scales))).toEqual(matrices.aT.map(() => Rational.ONE));
      }),
      { numRuns: numRuns / 5 },
    );
  });

  // On two axes every matrix is the Kronecker product of the two of one axis, so that the identity of basis pairs is the
  // product of theirs and needs no proof of its own; what follows checks that the formula is put together accordingly.
  it.each([
    [8, 3, 8, 3],
    [6, 3, 6, 3],
    [8, 5, 8, 2],
    [6, 2, 6, 4],
    [1, 1, 8, 3],
    [6, 5, 1, 1],
    [9, 3, 9, 3],
    [10, 3, 10, 3],
  ] as const)('two axes: T = %i, r = %i by T = %i, s = %i, on random whole numbers', (height, r, width, s) => {
    const left = winogradMatrices(height, r);
    const right = winogradMatrices(width, s);
    const numbers = (rows: number, columns: number) =>
      fc.array(fc.array(fc.integer({ min: -99, max: 99 }).map(whole), { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      });
    fc.assert(
      fc.property(numbers(height, width), numbers(r, s), (d, g) => {
        // Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
        const u = sandwich(left.g, g, right.g);
        const v = sandwich(left.bT, d, right.bT);
        const y = sandwich(
          left.aT,
          u.map((row, p) => row.map((x, q) => x.times(v[p][q]))),
          right.aT,
        );
        expect(text(y)).toEqual(text(correlation(d, g)));
      }),
      { numRuns: 5 },
    );
  });
});

/** L X Rᵀ. */
function sandwich(l: Matrix, x: Matrix, r: Matrix): Matrix {
  const product = (a: Matrix, bT: Matrix) => a.map((row) => bT.map((column) => dot(row, column)));
  const transposed = x[0].map((_, j) => x.map((row) => row[j]));
  return product(product(l, transposed), r);
}

/** Y_ij = Σ_uv g_uv d_{i+u, j+v}. */
function correlation(d: Matrix, g: Matrix): Matrix {
  const y = (i: number, j: number) =>
    g.reduce((sum, row, u) => row.reduce((inner, c, v) => inner.plus(c.times(d[i + u][j + v])), sum), Rational.ZERO);
  const outputHeight = d.length - g.length + 1;
  const outputWidth = d[0].length - g[0].length + 1;
  return Array.from({ length: outputHeight }, (_, i) => Array.from({ length: outputWidth }, (_, j) => y(i, j)));
}

describe('amplification', () => {
  // By hand, at the worst i + u, 0 for T = 6 and T − 1 for 8: Σ over the points of |Aᵀ G| times the row's sum in |Bᵀ|.
  const byHand = {
    1: 1,
    6: (256 / 225) * (1157 / 256) + 2 * (2048 / 2975) * (169 / 32) + 2 * (128 / 1071) * (445 / 128),
    8: 2 * (2 / 9) * 12.5 + 2 * (128 / 90) * 7.5 + 2 * (1 / 180) * 15 + 12.5,
  };

  it.each(CASES.filter(([tile]) => tile <= 8))('of T = %i, r = %i is the sum by hand', (tile, r) => {
    expect(amplification(tile, r)).toBeCloseTo(byHand[tile as keyof typeof byHand], 12);
  });

  /**
   * From the points in plain numbers, with N_x(z) = Π (z − q) over the other finite points: Σ_x |x|^s |N_x|₁ / |N_x(x)|, and
   * |N_∞|₁ at s = T − 1 where infinity is one of T points.
   */
  function fromPoints(points: readonly number[], hasInfinity: boolean): number {
    const coefficients = (roots: readonly number[]) =>
      roots.reduce((c, root) => range(c.length + 1).map((k) => (c[k - 1] ?? 0) - root * (c[k] ?? 0)), [1]);
    const norm = (c: readonly number[]) => c.reduce((sum, x) => sum + Math.abs(x), 0);
    const degree = points.length - (hasInfinity ? 0 : 1);
    const sums = range(degree + 1).map((s) => {
      const terms = points.map((x) => {
        const others = points.filter((q) => q !== x);
        return (Math.abs(x) ** s * norm(coefficients(others))) / Math.abs(others.reduce((all, q) => all * (x - q), 1));
      });
      const atInfinity = hasInfinity && s === degree ? norm(coefficients(points)) : 0;
      return terms.reduce((sum, term) => sum + term, atInfinity);
    });
    return Math.max(...sums);
  }

  it('is the sum over the points in plain numbers', () => {
    const pairs = (...x: readonly number[]) => [0, ...x.flatMap((one) => [one, -one])];
    expect(fromPoints(pairs(1, 2, 0.5), true)).toBeCloseTo(356 / 9, 11);
    expect(amplification(6, 3)).toBeCloseTo(fromPoints(pairs(0.625, 1.5), true), 11);
    expect(amplification(9, 3)).toBeCloseTo(fromPoints(pairs(1, 1.5, 0.375, 4), false), 10);
    expect(amplification(10, 3)).toBeCloseTo(fromPoints(pairs(1, 0.375, 1.25, 2.25), true), 10);
  });

  it('is 356/9 for T = 8', () => {
    expect(amplification(8, 3)).toBe(356 / 9);
  });
});
