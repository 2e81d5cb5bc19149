/** The sizes of tiles, which are the same in every table, and which a layout needs. */
import { onesPosition } from '../maths/cook-toom.ts';
import { type FourierTileSize, fourierPosition, fourierPositions } from '../maths/fourier-layout.ts';
import type { WinogradEdge } from '../maths/tiles.ts';
import type { TileSizes } from './table.ts';

/** The sizes of F((T − r + 1) × (T − s + 1), r × s) on a tile of T × T; an axis with a flat kernel has T = 1. */
export function winogradSizes(tile: WinogradEdge, r: number, s: number): TileSizes {
  const height = r === 1 ? 1 : tile;
  const width = s === 1 ? 1 : tile;
  return {
    height,
    width,
    outputHeight: height - r + 1,
    outputWidth: width - s + 1,
    positions: height * width,
    // The point 1 of both axes: its columns of Aᵀ are all ones, so that every output receives what is added there.
    biasPosition: onesPosition(height) * width + onesPosition(width),
    biasScale: 1,
  };
}

/** The sizes of (T − r + 1) × (T − s + 1) valid correlations of a T × T tile with kernels of r × s; 1 ≤ r, s ≤ T. */
export function fourierSizes(tile: FourierTileSize, r: number, s: number): TileSizes {
  return {
    height: tile,
    width: tile,
    outputHeight: tile - r + 1,
    outputWidth: tile - s + 1,
    positions: fourierPositions(tile),
    // Σ_ij y(i, j) / T² lies in every output.
    biasPosition: fourierPosition(tile, 0, 0),
    biasScale: tile ** 2,
  };
}
