/**
 * Searches the interpolation points of the tiles of 6, 9 and 10: which of many sets has the least error in float32, over
 * all kernel sizes that the tile serves (those of 9 and 10 are F(7×7, 3×3) and F(8×8, 3×3)).
 *
 * A set is 0 and pairs ±x, which share their even and odd halves (src/maths/winograd-program.ts), and for an even tile
 * infinity. Infinity in the place of 0 is the same set seen in a mirror: reversing tile and kernel turns x into 1/x and 0
 * into infinity. The x are a/b with a, b ≤ the tile's largest term. Those of 9 and 10 have ±1 among their pairs: the point 1
 * takes the bias alone, and three pairs to choose are as many as can be looked at.
 *
 *   1. The sets with the least amplification κ₁, which is what the error bound contains, and all whose Bᵀ and Aᵀ float32
 *      holds exactly (b is a power of two).
 *   2. Of these, the least error seen: outputs summed over 64 channels, numbers uniform in [−1, 1), each operation rounded
 *      to float32 as the emitted kernels do it, against the sum in double. The error is that of an output as a fraction of
 *      the root mean square of all outputs: its own root mean square, and its maximum.
 *
 * Run as `npx tsx scripts/search-points.ts`; takes three minutes, and prints the same each time.
 */
import { amplificationOf, type CookToom, cookToom, type Matrix, type Point } from '../src/maths/cook-toom.ts';
import type { Rational } from '../src/maths/rational.ts';
import { type WinogradEdge, winogradTile } from '../src/maths/tiles.ts';
import { type Arithmetic, transform } from '../src/maths/winograd-program.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';

const CHANNELS = 64;
/** Tiles and kernels in the first sieve of sets, and in the final one. */
const FEW = { tiles: 8, kernels: 2, seeds: [1] };
const MANY = { tiles: 24, kernels: 4, seeds: [1, 2, 3, 4] };
/** Of the three pairs beside ±1 of the tiles of 9 and 10, and of the two of the tile of 6. */
const LARGEST_TERM = 10;
const LARGEST_TERM_OF_TWO = 16;
/** Sets that go on from κ₁ to the first sieve, and from there to the final one. */
const [LEAST_AMPLIFIED, LEAST_WRONG] = [300, 20];

const ZERO: Point = [0n, 1n];
const INFINITY: Point = [1n, 0n];

type Sample = typeof FEW;

interface Errors {
  readonly rms: number;
  readonly max: number;
}

type Ratio = readonly [a: number, b: number];

const ONE: Ratio = [1, 1];

/** a/b in lowest terms, 1/5 to 5, without 1. */
function ratios(largest: number): Ratio[] {
  const terms = Array.from({ length: largest }, (_, k) => k + 1);
  const isReduced = (a: number, b: number) => terms.every((d) => d === 1 || a % d > 0 || b % d > 0);
  return terms.flatMap((a) =>
    terms.filter((b) => a !== b && isReduced(a, b) && a <= 5 * b && b <= 5 * a).map((b) => [a, b] as const),
  );
}

/** 0, pairs, and infinity for an even number of points. */
function pointsOf(tile: number, pairs: readonly Ratio[]): Point[] {
  const both = ([a, b]: Ratio): Point[] => [
    [BigInt(a), BigInt(b)],
    [BigInt(-a), BigInt(b)],
  ];
  return [ZERO, ...pairs.flatMap(both), ...(tile % 2 === 0 ? [INFINITY] : [])];
}

/** A column of numbers for each value of the program, one for each tile and row or column: float32, rounded when stored. */
const FLOAT32: Arithmetic<Float32Array> = {
  add: (a, b) => a.map((x, i) => x + b[i]),
  subtract: (a, b) => a.map((x, i) => x - b[i]),
  multiply(factor, a) {
    const c = Math.fround(factor.toNumber());
    return a.map((x) => c * x);
  },
  share: (_, value) => value,
};

/** M X Mᵀ of many X at once; element (i, j) of all of them is x[i][j]. */
function onBothAxes(matrix: Matrix, x: readonly (readonly Float32Array[])[]): Float32Array[][] {
  const transposed = <T>(rows: readonly (readonly T[])[]) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const columns = transposed(x).map((column) => transform(FLOAT32, matrix, column));
  return transposed(columns).map((row) => transform(FLOAT32, matrix, row));
}

/** Random elements (i, j) of `count` squares of a size. */
function squares(size: number, count: number, seed: number): Float32Array[][] {
  const next = uniform(seed);
  return Array.from({ length: size }, () => Array.from({ length: size }, () => randomArray(count, next)));
}

/** Sizes of kernels that a tile serves, without the flat one. */
function kernelSizes(edge: number): number[] {
  return winogradTile(edge as WinogradEdge).kernelSizes.filter((r) => r > 1);
}

/** What a tile of these points errs by, over all sizes of kernels: the mean of their squares, and the greatest. */
function errorsOf(points: readonly Point[], sample: Sample): Errors {
  const errors = kernelSizes(points.length).map((r) => simulate(cookToom(points, r), sample));
  const meanSquare = errors.reduce((sum, { rms }) => sum + rms ** 2, 0) / errors.length;
  return { rms: Math.sqrt(meanSquare), max: Math.max(...errors.map(({ max }) => max)) };
}

/** What F(m×m, r×r) errs by. */
function simulate({ m, r, bT, g, aT }: CookToom, sample: Sample): Errors {
  let [squaredError, squaredOutput, max, outputs] = [0, 0, 0, 0];
  for (const seed of sample.seeds) {
    const d = squares(m + r - 1, sample.tiles * CHANNELS, 2 * seed);
    const w = squares(r, sample.kernels * CHANNELS, 2 * seed + 1);
    const [v, u] = [onBothAxes(bT, d), onBothAxes(g, w)];
    // Number t · kernels + k of a position is the sum over channels, one after the other.
    const products = v.map((row, p) => row.map((_, q) => product(u[p][q], v[p][q], sample)));
    const y = onBothAxes(aT, products);
    for (const [i, row] of y.entries()) {
      for (const [j, values] of row.entries()) {
        const expected = correlation(d, w, i, j, r, sample);
        values.forEach((value, n) => {
          const error = Math.abs(value - expected[n]);
          squaredError += error ** 2;
          squaredOutput += expected[n] ** 2;
          max = Math.max(max, error);
          outputs++;
        });
      }
    }
  }
  return { rms: Math.sqrt(squaredError / squaredOutput), max: max / Math.sqrt(squaredOutput / outputs) };
}

/** Σ_c U[k, c] · V[c, t] in float32. */
function product(u: Float32Array, v: Float32Array, { tiles, kernels }: Sample): Float32Array {
  const sums = new Float32Array(tiles * kernels);
  for (let t = 0; t < tiles; t++) {
    for (let k = 0; k < kernels; k++) {
      let sum = 0;
      for (let c = 0; c < CHANNELS; c++) {
        sum = Math.fround(sum + Math.fround(u[k * CHANNELS + c] * v[t * CHANNELS + c]));
      }
      sums[t * kernels + k] = sum;
    }
  }
  return sums;
}

/** Output (i, j) of every tile and kernel, in double. */
function correlation(
  d: readonly Float32Array[][],
  w: readonly Float32Array[][],
  i: number,
  j: number,
  r: number,
  { tiles, kernels }: Sample,
): Float64Array {
  const sums = new Float64Array(tiles * kernels);
  for (let a = 0; a < r; a++) {
    for (let b = 0; b < r; b++) {
      const [x, y] = [d[i + a][j + b], w[a][b]];
      for (let t = 0; t < tiles; t++) {
        for (let k = 0; k < kernels; k++) {
          for (let c = 0; c < CHANNELS; c++) sums[t * kernels + k] += x[t * CHANNELS + c] * y[k * CHANNELS + c];
        }
      }
    }
  }
  return sums;
}

/** Every set of two of them. */
function twos<T>(items: readonly T[]): T[][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): T[] => [a, b]));
}

/** Every set of three of them. */
function triples<T>(items: readonly T[]): T[][] {
  return items.flatMap((a, i) =>
    items.slice(i + 1).flatMap((b, j) => items.slice(i + j + 2).map((c): T[] => [a, b, c])),
  );
}

const nameOf = (points: readonly Point[]): string =>
  points
    .filter(([a]) => a >= 0n)
    .map(([a, b]) => (b === 0n ? '∞' : a === 0n ? '0' : `±${b === 1n ? a : `${a}/${b}`}`))
    .join(' ');

/** Sums, differences and products of Bᵀ d and Aᵀ m, for r = 3. */
function operations({ bT, aT }: CookToom): number {
  let count = 0;
  const counted = () => ++count;
  const counting: Arithmetic<number> = { add: counted, subtract: counted, multiply: counted, share: (_, x) => x };
  for (const matrix of [bT, aT])
    transform(
      counting,
      matrix,
      matrix[0].map(() => 0),
    );
  return count;
}

/** Coefficients of Bᵀ and Aᵀ that float32 does not hold: each is one more rounding. */
function inexact({ bT, aT }: CookToom): number {
  const isInexact = (x: Rational) => Math.fround(x.toNumber()) !== x.toNumber();
  return [...bT, ...aT].flat().filter(isInexact).length;
}

function printRow(points: readonly Point[], { rms, max }: Errors): void {
  const matrices = cookToom(points, 3);
  const errors = [rms.toExponential(2), max.toExponential(2), amplificationOf(matrices).toFixed(1)];
  const cells = [...errors, inexact(matrices), operations(matrices)];
  console.log(nameOf(points).padEnd(30) + cells.map((cell) => `${cell}`.padStart(10)).join(''));
}

function search(tile: number, pairs: readonly (readonly Ratio[])[]): void {
  const sets = pairs.map((some) => pointsOf(tile, some));
  const byWeight = sets.map((points) => ({ points, weight: amplificationOf(cookToom(points, 3)) }));
  byWeight.sort((a, b) => a.weight - b.weight);
  const sieve = (points: readonly (readonly Point[])[], sample: Sample) =>
    points
      .map((some) => ({ points: some, errors: errorsOf(some, sample) }))
      .sort((a, b) => a.errors.rms - b.errors.rms);
  const isExact = (points: readonly Point[]) => points.every(([, b]) => [0n, 1n, 2n, 4n, 8n, 16n].includes(b));
  const some = byWeight.filter(({ points }, rank) => rank < LEAST_AMPLIFIED || isExact(points));
  const few = sieve(
    some.map(({ points }) => points),
    FEW,
  );
  const many = sieve(
    few.slice(0, LEAST_WRONG).map(({ points }) => points),
    MANY,
  );
  console.log(
    `${`\ntile ${tile}, of ${sets.length} sets`.padEnd(31)}       rms       max        κ₁   inexact  operations`,
  );
  for (const { points, errors } of many) printRow(points, errors);
}

const [two, half, four, threeQuarters]: Ratio[] = [
  [2, 1],
  [1, 2],
  [4, 1],
  [3, 4],
];
console.log('Lavin, NNPACK, and what follows on them');
for (const points of [
  pointsOf(6, [ONE, two]),
  pointsOf(8, [ONE, two, half]),
  pointsOf(9, [ONE, two, half, four]),
  pointsOf(10, [ONE, two, half, threeQuarters]),
]) {
  printRow(points, errorsOf(points, MANY));
}
search(6, twos([ONE, ...ratios(LARGEST_TERM_OF_TWO)]));
const withOne = triples(ratios(LARGEST_TERM)).map((some) => [ONE, ...some]);
search(9, withOne);
search(10, withOne);
