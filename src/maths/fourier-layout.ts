/**
 * Where the spectrum of a Fourier tile lies among the positions of a transformed tile. Reference and scalar kernels
 * share it; the fast-convolution frame knows nothing of it.
 *
 * The two-dimensional spectrum of a real T × T tile x is
 *
 *   X(k, l) = Σ_ij x(i, j) · ω^(ki + lj),   ω = e^(−2πi/T),   X(T−k, T−l) = conj X(k, l),
 *
 * so half of it is enough. The columns are transformed first, which leaves the rows F_0 … F_(T/2) of vertical
 * frequency k. F_0 and F_(T/2) are real sequences, and their transforms need l ≤ T/2; every row between them is
 * complex, and needs every l. That makes 4 real values (k and l each 0 or T/2) and T²/2 − 2 complex ones, as in NNPACK.
 *
 * Correlation is Y = X · conj W. With X = a + ib and W = c + id we take it by Gauss's three real products instead of
 * NNPACK's four,
 *
 *   m1 = (a + b) · c,   m2 = b · (c − d),   m3 = a · (c + d),   Y = (m1 − m2) + i (m1 − m3),
 *
 * and because sums over channels commute with the last step, a complex value is simply three real positions:
 *
 *   V = (a + b, b, a),   U = (c, c − d, c + d),   M = V · U summed over channels.
 *
 * The price is accuracy: with an error of ε in each product, Y errs by up to 3 ε |X| |W| (at X = (1 + i)/√2, W = 1)
 * rather than √2 ε |X| |W|.
 *
 * The order of positions:
 *
 *   0, 1, 2, 3                      the real values X(0,0), X(0,T/2), X(T/2,0), X(T/2,T/2)
 *   4 + 3 (l − 1) …                 row F_0,      l = 1 … T/2 − 1
 *   1 + 3T/2 + 3 (l − 1) …          row F_(T/2),  l = 1 … T/2 − 1
 *   3T − 2 + 3 (T (k − 1) + l) …    row F_k,      k = 1 … T/2 − 1,   l = 0 … T − 1
 */
import type { FourierTile } from './tiles.ts';

export type FourierTileSize = FourierTile['edge'];

/** 4 real values and three positions for each of T²/2 − 2 complex ones. */
export function fourierPositions(tile: number): number {
  return 4 + 3 * (tile ** 2 / 2 - 2);
}

/** Whether X(k, l) of a real tile is real. */
export function isRealFrequency(tile: number, k: number, l: number): boolean {
  return k % (tile / 2) === 0 && l % (tile / 2) === 0;
}

/** The only position of a real X(k, l), or the first of the three of a complex one. */
export function fourierPosition(tile: number, k: number, l: number): number {
  const half = tile / 2;
  if (isRealFrequency(tile, k, l)) return 2 * (k / half) + l / half;
  if (k % half === 0) return 4 + 3 * ((k / half) * (half - 1) + l - 1);
  return 4 + 3 * (2 * (half - 1) + tile * (k - 1) + l);
}

/** The frequencies (k, l) that are kept, in the order of their positions except that rows F_0 and F_(T/2) come whole. */
export function halfSpectrum(tile: number): (readonly [k: number, l: number])[] {
  const half = tile / 2;
  const row = (k: number): (readonly [number, number])[] =>
    Array.from({ length: k % half === 0 ? half + 1 : tile }, (_, l) => [k, l] as const);
  return [0, half, ...Array.from({ length: half - 1 }, (_, k) => k + 1)].flatMap(row);
}
