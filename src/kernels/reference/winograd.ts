/**
 * Winograd transforms of one tile as products of matrices, in double: the formulas, and the oracle of every other
 * implementation.
 *
 *   V = Bᵀ d B,   U = G g Gᵀ,   Y = Aᵀ M A,   M = U ⊙ V   ⇒   Y_ij = Σ_uv g_uv d_{i+u, j+v}
 *
 * The matrices on the left belong to the kernel's r rows, those on the right to its s columns.
 */

import { type Matrix, type TileEdge, winogradMatrices } from '../../maths/cook-toom.ts';
import type { WinogradEdge } from '../../maths/tiles.ts';
import type { Memory } from '../../tensor/memory.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileTransform, TileUnits } from '../table.ts';
import { winogradBias, winogradSizes } from '../tile-sizes.ts';

export const REFERENCE_WINOGRAD_UNITS: Readonly<Record<WinogradEdge, TileUnits>> = {
  6: [2_000, 2_000, 2_000],
  8: [4_000, 4_000, 4_000],
  9: [5_000, 5_000, 5_000],
  10: [6_000, 6_000, 6_000],
};

/** F((T − r + 1) × (T − s + 1), r × s) of the tile T × T; an axis with r = 1 has T = 1. */
export function referenceWinogradTile(memory: Memory, tile: WinogradEdge, r: number, s: number): TileTransform {
  const height: TileEdge = r === 1 ? 1 : tile;
  const width: TileEdge = s === 1 ? 1 : tile;
  const left = winogradMatrices(height, r);
  const right = winogradMatrices(width, s);

  /** Y = L X Rᵀ, X at x and Y at y with their own distances from row to row (pitch) and along a row (step). */
  const transform = (
    [l, rT]: readonly [number[][], number[][]],
    [x, xPitch, xStep]: readonly [offset: number, pitch: number, step: number],
    [y, yPitch, yStep]: readonly [offset: number, pitch: number, step: number],
  ): void => {
    const { f32 } = memory;
    const X = l[0].map((_, i) => rT.map((_, j) => f32[x + i * xPitch + j * xStep]));
    product(product(l, X), rT).forEach((row, i) => {
      row.forEach((value, j) => {
        f32[y + i * yPitch + j * yStep] = value;
      });
    });
  };

  const input = [numbers(left.bT), transposed(numbers(right.bT))] as const;
  const kernel = [numbers(left.g), transposed(numbers(right.g))] as const;
  const output = [numbers(left.aT), transposed(numbers(right.aT))] as const;

  return withKernelRows({
    ...winogradSizes(tile, r, s),
    ...winogradBias(tile, r, s),
    wholeRows: false,
    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      for (let i = 0; i < count; i++) {
        transform(input, [d + i * dStep, dPitch, 1], [v + i * vStep, width * vPosition, vPosition]);
      }
    },
    kernel(count, g, gStep, u, uStep, uPosition) {
      for (let i = 0; i < count; i++) {
        transform(kernel, [g + i * gStep, s, 1], [u + i * uStep, width * uPosition, uPosition]);
      }
    },
    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      for (let i = 0; i < count; i++) {
        transform(output, [m + i * mStep, width * mPosition, mPosition], [y + i * yStep, yPitch, 1]);
      }
    },
  });
}

const numbers = (matrix: Matrix): number[][] => matrix.map((row) => row.map((x) => x.toNumber()));

const transposed = (a: number[][]): number[][] => a[0].map((_, j) => a.map((row) => row[j]));

const product = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
