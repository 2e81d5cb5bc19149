import type { TileTransform } from './table.ts';

/** `kernelRows` by one call of `kernel` for each row. */
export function kernelsRowByRow(kernel: TileTransform['kernel']): TileTransform['kernelRows'] {
  return (rows, count, g, gRow, gStep, u, uRow, uPosition) => {
    for (let i = 0; i < rows; i++) kernel(count, g + i * gRow, gStep, u + i * uRow, 1, uPosition);
  };
}

/** A tile whose kernels gain nothing by being many. */
export function withKernelRows(tile: Omit<TileTransform, 'kernelRows'>): TileTransform {
  return { ...tile, kernelRows: kernelsRowByRow(tile.kernel) };
}
