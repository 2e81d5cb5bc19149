/**
 * The 1-D transforms of a Winograd tile as straight-line programs, written once over an arithmetic.
 *
 * All three transforms (Bᵀ d B, G g Gᵀ, Aᵀ m A) are a 1-D transform y = M x along one axis, then along the other; only
 * the matrix differs. The arithmetic decides what a value is: text of a TypeScript program, emitted instructions, an
 * exact rational, a count of roundings.
 *
 * The product is shortened by the symmetry of the points: those of x and −x are neighbours, and
 * - their rows of Bᵀ and of G are e + o and e − o (or o − e), the sums over even and over odd columns of one of them;
 * - their columns of Aᵀ differ by the sign of odd rows, which therefore need only e = x_p + x_q or o = x_p − x_q.
 * Both are found in the matrix, not assumed. Zeros are dropped, equal coefficients share one multiplication, and a
 * coefficient of 1 needs none.
 */
import { type Matrix, type TileEdge, winogradMatrices } from './cook-toom.ts';
import type { Rational } from './rational.ts';

/** What a value is, and the operations on it. */
export interface Arithmetic<V> {
  add(a: V, b: V): V;
  subtract(a: V, b: V): V;
  multiply(factor: Rational, a: V): V;
  /** total + factor · a as one operation, where there is such a one; else it is a product and a sum. */
  multiplyAdd?(factor: Rational, a: V, total: V): V;
  /** Names a value that is used more than once. */
  share(name: string, value: V): V;
  /** Called before the results of these rows of the matrix; values shared before the first call serve all rows. */
  begin?(rows: readonly number[]): void;
}

/** y = M x. */
export function transform<V>(arithmetic: Arithmetic<V>, matrix: Matrix, x: readonly V[]): V[] {
  const rows = matrix.map((row) => row.map((exact): Coefficient => ({ exact, value: exact.toNumber() })));
  const columnPairs = findPairs(transpose(rows));
  if (columnPairs.size > 0) return byColumnPairs(arithmetic, rows, x, columnPairs);
  return byRowPairs(arithmetic, rows, x);
}

/**
 * An element of the matrix, exact for the arithmetic and as a double for the decisions: these compare coefficients, and
 * different fractions of small numbers are different doubles.
 */
interface Coefficient {
  readonly exact: Rational;
  readonly value: number;
}

type Rows = readonly (readonly Coefficient[])[];

/** Bᵀ and G: rows p and q of the points ±x as e + o and ±(e − o). */
function byRowPairs<V>(arithmetic: Arithmetic<V>, rows: Rows, x: readonly V[]): V[] {
  const pairs = findPairs(rows);
  const factors = new Set([1]);
  const seconds = new Set([...pairs.values()].map(({ q }) => q));
  const y: V[] = [];
  rows.forEach((row, p) => {
    if (seconds.has(p)) return;
    const terms = row.map((c, k): Term<V> => [c, x[k]]);
    const pair = pairs.get(p);
    if (pair === undefined) {
      arithmetic.begin?.([p]);
      y[p] = sum(arithmetic, terms, factors);
      return;
    }
    const { q, sign } = pair;
    arithmetic.begin?.([p, q]);
    const half = (parity: number) => terms.filter((_, k) => k % 2 === parity);
    const e = arithmetic.share(`e${p}`, sum(arithmetic, half(0), factors));
    const o = arithmetic.share(`o${p}`, sum(arithmetic, half(1), factors));
    y[p] = arithmetic.add(e, o);
    y[q] = sign > 0 ? arithmetic.subtract(e, o) : arithmetic.subtract(o, e);
  });
  return y;
}

/** Aᵀ: columns p and q of the points ±x through e = x_p + x_q in even rows, o = x_p − x_q in odd ones. */
function byColumnPairs<V>(arithmetic: Arithmetic<V>, rows: Rows, x: readonly V[], pairs: Pairs): V[] {
  const factors = new Set([1]);
  const seconds = new Set([...pairs.values()].map(({ q }) => q));
  const [even, odd] = [[...x], [...x]];
  for (const [p, { q }] of pairs) {
    even[p] = arithmetic.share(`e${p}`, arithmetic.add(x[p], x[q]));
    odd[p] = arithmetic.share(`o${p}`, arithmetic.subtract(x[p], x[q]));
  }
  return rows.map((row, i) => {
    arithmetic.begin?.([i]);
    const values = i % 2 === 0 ? even : odd;
    const terms = row.map((c, p): Term<V> => [c, values[p]]).filter((_, p) => !seconds.has(p));
    return sum(arithmetic, terms, factors);
  });
}

/** Neighbouring rows p, q with M_qk = ±(−1)^k M_pk, with one sign for all k: q and the sign by p. */
type Pairs = ReadonlyMap<number, { readonly q: number; readonly sign: 1 | -1 }>;

function findPairs(rows: Rows): Pairs {
  const pairs = new Map<number, { q: number; sign: 1 | -1 }>();
  for (let p = 0; p + 1 < rows.length; p++) {
    const q = p + 1;
    const sign = ([1, -1] as const).find((sign) =>
      rows[p].every((c, k) => rows[q][k].value === (k % 2 === 0 ? sign : -sign) * c.value),
    );
    if (sign === undefined) continue;
    pairs.set(p, { q, sign });
    p = q;
  }
  return pairs;
}

type Term<V> = readonly [coefficient: Coefficient, value: V];

/**
 * Σ c·x, or f · Σ (c/f)·x with a power of two f among the coefficients, which rounds the same, if all |c/f| are factors
 * of the program already: o₃ = ½ d1 − 5/2 d3 + 2 d5 is 2 · (d5 + ¼ d1 − 5/4 d3), because e₃ has ¼ and 5/4. A constant is
 * built, or takes a register: V8's scalar input transform is 5 % faster with fewer of them.
 */
function sum<V>(arithmetic: Arithmetic<V>, terms: readonly Term<V>[], factors: Set<number>): V {
  const nonZero = terms.filter(([c]) => c.value !== 0);
  const magnitudes = nonZero.map(([c]) => Math.abs(c.value));
  const isSeveral = magnitudes.some((c) => c !== magnitudes[0]);
  const powers = isSeveral ? magnitudes.filter(isPowerOfTwo) : [];
  const factor = [1, ...powers].find((f) => magnitudes.every((c) => factors.has(c / f))) ?? 1;
  for (const c of magnitudes) factors.add(c / factor);
  if (factor === 1) return plainSum(arithmetic, nonZero);
  const exact = nonZero[magnitudes.indexOf(factor)][0].exact.abs();
  const scaled = nonZero.map(([c, x]): Term<V> => [{ exact: c.exact.over(exact), value: c.value / factor }, x]);
  return arithmetic.multiply(exact, plainSum(arithmetic, scaled));
}

/** Σ c·x with the terms of one |c| together: positive terms first in a group, and groups with a positive one first. */
function plainSum<V>(arithmetic: Arithmetic<V>, terms: readonly Term<V>[]): V {
  const groups = new Map<number, Term<V>[]>();
  for (const term of terms) {
    const magnitude = Math.abs(term[0].value);
    const group = groups.get(magnitude);
    if (group === undefined) groups.set(magnitude, [term]);
    else group.push(term);
  }
  const addends = [...groups].map(([magnitude, group]) => {
    const positive = group.filter(([c]) => c.value > 0);
    const negative = group.filter(([c]) => c.value < 0);
    const isPositive = positive.length > 0;
    const [[c, x], ...rest] = isPositive ? positive : negative;
    let value = rest.reduce((total, [, y]) => arithmetic.add(total, y), x);
    if (isPositive) value = negative.reduce((total, [, y]) => arithmetic.subtract(total, y), value);
    return { isPositive, isOne: magnitude === 1, factor: c.exact, value };
  });
  addends.sort((a, b) => Number(b.isPositive) - Number(a.isPositive) || Number(b.isOne) - Number(a.isOne));
  const [first, ...rest] = addends;
  return rest.reduce(
    (total, { isPositive, isOne, factor, value }) => {
      if (!isOne && arithmetic.multiplyAdd !== undefined) return arithmetic.multiplyAdd(factor, value, total);
      const product = isOne ? value : arithmetic.multiply(factor.abs(), value);
      return isPositive ? arithmetic.add(total, product) : arithmetic.subtract(total, product);
    },
    first.isPositive && first.isOne ? first.value : arithmetic.multiply(first.factor, first.value),
  );
}

export function isPowerOfTwo(c: number): boolean {
  return Number.isInteger(Math.log2(c));
}

function transpose(rows: Rows): Rows {
  return rows[0].map((_, k) => rows.map((row) => row[k]));
}

/**
 * The greatest number of float32 roundings of a term on its way from an element of the input to one of the result: by
 * the sums and products of a path, and by a coefficient that is not a float32. A product with a power of two is exact,
 * as long as nothing underflows. Each element takes one path to each result, hence, with ε = 2⁻²⁴ and n roundings,
 *
 *   |ŷ − M x| ≤ ((1 + ε)ⁿ − 1) |M| |x|.
 */
const DEPTH: Arithmetic<number> = {
  add: (a, b) => Math.max(a, b) + 1,
  subtract: (a, b) => Math.max(a, b) + 1,
  multiply(factor, a) {
    const value = factor.abs().toNumber();
    if (isPowerOfTwo(value)) return a;
    return Math.fround(value) === value ? a + 1 : a + 2;
  },
  share: (_, value) => value,
};

function depth(matrix: Matrix): number {
  const inputs = matrix[0].map(() => 0);
  return Math.max(...transform(DEPTH, matrix, inputs));
}

const roundings = new Map<number, WinogradRoundings>();

interface WinogradRoundings {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

/** Roundings of both axes together: |V̂ − V| ≤ ((1 + ε)ⁿ − 1) |Bᵀ| |d| |B| with n = input; the others are alike. */
export function winogradRoundings(tile: TileEdge, r: number, s: number): WinogradRoundings {
  const key = (tile * 16 + r) * 16 + s;
  const known = roundings.get(key) ?? counted(tile, r, s);
  roundings.set(key, known);
  return known;
}

function counted(tile: TileEdge, r: number, s: number): WinogradRoundings {
  const rows = winogradMatrices(r === 1 ? 1 : tile, r);
  const columns = winogradMatrices(s === 1 ? 1 : tile, s);
  return {
    input: depth(rows.bT) + depth(columns.bT),
    kernel: depth(rows.g) + depth(columns.g),
    output: depth(rows.aT) + depth(columns.aT),
  };
}
