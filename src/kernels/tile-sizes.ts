/** The sizes of tiles, which are the same in every table, and which a layout needs. */
import { biasScales, type TileEdge } from '../maths/cook-toom.ts';
import { type FourierTileSize, fourierPosition, fourierPositions } from '../maths/fourier-layout.ts';
import type { WinogradEdge } from '../maths/tiles.ts';
import type { TileBias, TileSizes } from './table.ts';

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
  };
}

/** β βᵀ, without its zeros: Aᵀ (β βᵀ) A is all ones. */
export function winogradBias(tile: WinogradEdge, r: number, s: number): TileBias {
  const { height, width } = winogradSizes(tile, r, s);
  const [left, right] = [biasScales(height as TileEdge, r), biasScales(width as TileEdge, s)];
  const scales = left.flatMap((x) => right.map((y) => x.times(y).toNumber()));
  return {
    biasScales: new Map([...scales.entries()].filter(([, scale]) => scale !== 0)),
    // The point 1, or another that is positive, so that its column of Aᵀ is.
    biasPosition: (height === 1 ? 0 : 1) * width + (width === 1 ? 0 : 1),
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
  };
}

export function fourierBias(tile: FourierTileSize): TileBias {
  return {
    // Σ_ij y(i, j) / T² lies in every output.
    biasScales: new Map([[fourierPosition(tile, 0, 0), tile ** 2]]),
    biasPosition: fourierPosition(tile, 0, 0),
  };
}
