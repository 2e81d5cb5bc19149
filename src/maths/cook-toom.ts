/**
 * Fast convolution by interpolation: the Cook–Toom matrices of F(m, r), exact.
 *
 * F(m, r) computes m outputs of the correlation of a tile d of T = m + r − 1 inputs with a kernel g of r taps,
 *
 *   y_i = Σ_u g_u d_{i+u},   i < m,   u < r,
 *
 * with T multiplications instead of m·r:
 *
 *   y = Aᵀ[(G g) ⊙ (Bᵀ d)],   Bᵀ is T×T,   G is T×r,   Aᵀ is m×T.
 *
 * Derivation. The product s = g·h of a polynomial of degree r − 1 by one of degree m − 1 has degree T − 1, so its values
 * at T distinct points determine it. A point is a ratio p = (a : b), that is a/b, with (1 : 0) for infinity; written
 * homogeneously, no point is special:
 *
 *   g(p) = Σ_u g_u a^u b^(r−1−u),   h(p) = Σ_i h_i a^i b^(m−1−i),   s(p) = g(p) h(p),
 *   s(x) = Σ_p s(p) N_p(x) / N_p(p),   N_p(x) = Π_{q≠p} (b_q x − a_q)                                     (Lagrange)
 *
 * Pairing the coefficients of s with d gives the bilinear form Σ_k s_k d_k = Σ_i h_i Σ_u g_u d_{i+u} = Σ_i h_i y_i, in
 * which h is arbitrary; the factor of h_i gives, for any non-zero scales λ_p and μ_p,
 *
 *   Bᵀ_p = coefficients of N_p(x) / λ_p,   G_pu = λ_p μ_p a^u b^(r−1−u) / N_p(p),   Aᵀ_ip = a^i b^(m−1−i) / μ_p.
 *
 * Scaling. μ_p makes a column of Aᵀ whole numbers, or begin with 1 where float32 holds a/b: ½ is the point (1 : 2), and its
 * column for m = 6 is 32 16 8 4 2 1 as NNPACK's; that of 3/2 for m = 4 is 1 3/2 9/4 27/8. λ_p makes the row of Bᵀ monic (its last non-zero coefficient is 1), except that the row of the
 * point 0 takes the sign that makes its entry in G positive. G takes what remains. So Bᵀ depends on the points alone
 * and serves every r of its T. With T = 8 and r = 3 these are NNPACK's matrices. Scales change no rounding error to speak
 * of (the bound below does not contain them); the choice of points does.
 *
 * Bias. A number added to every output is h(1) = Σ_i h_i in the pairing above, and m points give it from their values
 * h(p): from the first m of the T,
 *
 *   h(1) = Σ_p β_p h(p) / μ_p,   β_p = μ_p L_p(1) / L_p(p),   L_p(x) = Π_{q≠p, q<m} (b_q x − a_q),   so that Aᵀ β = 1
 *
 * and β_p times the number is added to the product at p. If 1 is one of them, its β is 1, and the others are 0: its
 * column of Aᵀ is all ones.
 *
 * Two axes: y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, each axis with its own r.
 *
 * Sources: Toom 1963; Cook 1966; Winograd, Arithmetic Complexity of Computations, 1980, ch. IV;
 * Lavin & Gray, Fast Algorithms for Convolutional Neural Networks, 2016, §4; wincnn; NNPACK, issue 8 (the points ±½).
 */
import { Rational } from './rational.ts';
import { type WinogradEdge, winogradTile } from './tiles.ts';

/** An interpolation point a/b as the ratio (a : b) of whole numbers; (1 : 0) is infinity. */
export type Point = readonly [a: bigint, b: bigint];

const ONE: Point = [1n, 1n];

export type Matrix = readonly (readonly Rational[])[];

/** F(m, r) over a tile of m + r − 1. */
export interface CookToom {
  readonly m: number;
  readonly r: number;
  /** Input transform, T×T. */
  readonly bT: Matrix;
  /** Kernel transform, T×r. */
  readonly g: Matrix;
  /** Output transform, m×T. */
  readonly aT: Matrix;
}

/** Edge of a tile along one axis; 1 is the identity, for the flat axis of a 1×n or n×1 kernel. */
export type TileEdge = 1 | WinogradEdge;

/** The points of a tile; those of edge 1 are infinity alone. */
function pointsOf(tile: TileEdge): readonly Point[] {
  return (tile === 1 ? ['∞'] : winogradTile(tile).points).map(parsePoint);
}

/** `3/2` as (3 : 2), `-4` as (−4 : 1), and `∞` as (1 : 0). */
function parsePoint(text: string): Point {
  if (text === '∞') return [1n, 0n];
  const [a, b = '1'] = text.split('/');
  return [BigInt(a), BigInt(b)];
}

/** The matrices of F(T − r + 1, r) over a tile of edge T of this library; T = 1 is the identity, with r = 1. */
export function winogradMatrices(tile: TileEdge, r: number): CookToom {
  const key = tile * 16 + r;
  const known = matrices.get(key) ?? cookToom(pointsOf(tile), r);
  matrices.set(key, known);
  return known;
}

/** Matrices by tile and kernel size: exact arithmetic takes a millisecond, and several callers ask. */
const matrices = new Map<number, CookToom>();

/** β of F(T − r + 1, r), one for each point: Aᵀ β is all ones. */
export function biasScales(tile: TileEdge, r: number): Rational[] {
  return biasScalesOf(pointsOf(tile), r);
}

/** β of any points. */
export function biasScalesOf(points: readonly Point[], r: number): Rational[] {
  const some = points.slice(0, points.length - r + 1);
  return points.map((p, k) => {
    if (k >= some.length) return Rational.ZERO;
    const numerator = lagrangeNumerator(some, p); // L_p(x)
    return new Rational(columnScale(p, some.length) * evaluate(numerator, ONE), evaluate(numerator, p));
  });
}

/** The matrices of F(T − r + 1, r) from T distinct points, 1 ≤ r ≤ T. */
export function cookToom(points: readonly Point[], r: number): CookToom {
  const m = points.length - r + 1;
  const bT: Rational[][] = [];
  const g: Rational[][] = [];
  for (const p of points) {
    const numerator = lagrangeNumerator(points, p); // N_p(x)
    const denominator = evaluate(numerator, p); // N_p(p)
    const monic = numerator.findLast((c) => c !== 0n)!;
    const isZero = p[0] === 0n;
    const lambda = isZero && monic < 0n !== denominator < 0n ? -monic : monic;
    // Bᵀ_p = N_p(x) / λ_p
    bT.push(numerator.map((c) => new Rational(c, lambda)));
    // G_pu = λ_p μ_p a^u b^(r−1−u) / N_p(p)
    g.push(powers(p, r).map((x) => new Rational(x * lambda * columnScale(p, m), denominator)));
  }
  // Aᵀ_ip = a^i b^(m−1−i) / μ_p
  const columns = points.map((p) => powers(p, m).map((x) => new Rational(x, columnScale(p, m))));
  const aT = Array.from({ length: m }, (_, i) => columns.map((column) => column[i]));
  return { m, r, bT, g, aT };
}

/**
 * κ₁(T, r) = max over i, u of Σ_p |Aᵀ_ip| · |G_pu| · Σ_a |Bᵀ_pa|, the condition number of one axis.
 *
 * When every transformed number and every product carries a relative error of at most δ in all, an output is wrong by
 * at most δ · κ₁ · Σ_u |g_u| · max |d|. With two axes the factor is the product of both.
 *
 * |Aᵀ_ip G_pu| = |λ_p a^(i+u) b^(T−1−i−u) / N_p(p)| depends on i + u alone, which runs from 0 to T − 1 whatever r is,
 * so κ₁ does not depend on r. It is 1 for T = 1, 13.2 for T = 6, 356/9 for T = 8, 84.7 for T = 9 and 185.8 for T = 10.
 */
export function amplification(tile: TileEdge, r: number): number {
  const key = tile * 16 + r;
  const known = amplifications.get(key) ?? amplificationOf(winogradMatrices(tile, r));
  amplifications.set(key, known);
  return known;
}

/** κ₁ by tile and kernel size: exact arithmetic takes a millisecond, and every choice of an algorithm asks. */
const amplifications = new Map<number, number>();

/** κ₁ of any matrices. */
export function amplificationOf({ m, r, bT, g, aT }: CookToom): number {
  const sum = (terms: readonly Rational[]) => terms.reduce((total, x) => total.plus(x.abs()), Rational.ZERO);
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let u = 0; u < r; u++) {
      const terms = bT.map((row, p) => aT[i][p].times(g[p][u]).times(sum(row)));
      worst = Math.max(worst, sum(terms).toNumber());
    }
  }
  return worst;
}

/** μ_p: b^(m−1) for a/b that float32 holds, and 1 for others and ±1/b. */
function columnScale([a, b]: Point, m: number): bigint {
  const isBinary = b > 0n && (b & (b - 1n)) === 0n;
  return isBinary && a * a !== 1n ? b ** BigInt(m - 1) : 1n;
}

/** N_p(x) = Π_{q≠p} (b_q x − a_q), T coefficients from x⁰ on. */
function lagrangeNumerator(points: readonly Point[], p: Point): bigint[] {
  let product = [1n];
  for (const [a, b] of points.filter((q) => q !== p)) {
    // (b x − a) · Σ c_k x^k = Σ (b c_{k−1} − a c_k) x^k
    const c = [0n, ...product, 0n];
    product = c.slice(1).map((ck, k) => b * c[k] - a * ck);
  }
  return product;
}

/** Σ_k c_k a^k b^(n−1−k): a polynomial of n coefficients at the point (a : b). */
function evaluate(coefficients: readonly bigint[], point: Point): bigint {
  const x = powers(point, coefficients.length);
  return coefficients.reduce((total, c, k) => total + c * x[k], 0n);
}

/** a^k b^(n−1−k) for k < n; 0⁰ is 1. */
function powers([a, b]: Point, n: number): bigint[] {
  return Array.from({ length: n }, (_, k) => a ** BigInt(k) * b ** BigInt(n - 1 - k));
}
