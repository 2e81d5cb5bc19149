/**
 * Winograd transforms of one tile on typed arrays: V = Bᵀ d B, U = G g Gᵀ, Y = Aᵀ m A, in double between two roundings to
 * float32 (as it is read, as it is written).
 *
 * Each is two passes, columns then rows, which scripts/generate-winograd.ts writes out from the exact matrices
 * (maths/cook-toom.ts). A pass knows one axis only, so that a kernel of r × s takes its columns from r and its rows
 * from s; an axis on which the kernel is flat (r = 1) has a tile of edge 1 and the identity for all three matrices.
 */

import type { WinogradEdge } from '../../maths/tiles.ts';
import type { Memory } from '../../tensor/memory.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileTransform, TileUnits } from '../table.ts';
import { winogradBias, winogradSizes } from '../tile-sizes.ts';
import { PASSES as GENERATED } from './generated/winograd.ts';

/** `length` vectors at an offset in f32: neighbours in a row are `step` apart, those in a column `pitch` apart. */
type Pass = (f32: Float32Array, length: number, offset: number, pitch: number, step: number) => void;

/** By the size of the kernel along the axis: columns from memory to the scratch, rows from there to memory. */
type Passes = Readonly<Record<number, { readonly columns: Pass; readonly rows: Pass }>>;

type Transforms = Readonly<Record<'input' | 'kernel' | 'output', Passes>>;

const PASSES: Readonly<Record<WinogradEdge, Transforms>> = GENERATED;

export const SCALAR_WINOGRAD_UNITS: Readonly<Record<WinogradEdge, TileUnits>> = {
  6: [130, 105, 40],
  8: [210, 175, 60],
  9: [340, 270, 72],
  10: [420, 345, 84],
};

/** F((T − r + 1) × (T − s + 1), r × s) of the tile T × T; r and s are 1 or of KERNEL_SIZES. */
export function scalarWinogradTile(memory: Memory, tile: WinogradEdge, r: number, s: number): TileTransform {
  const sizes = winogradSizes(tile, r, s);
  const { height: rowsEdge, width: columnsEdge, outputHeight } = sizes;
  const { input, kernel, output } = PASSES[tile];
  const inputColumns = input[r].columns;
  const inputRows = input[s].rows;
  const kernelColumns = kernel[r].columns;
  const kernelRows = kernel[s].rows;
  const outputColumns = output[r].columns;
  const outputRows = output[s].rows;

  return withKernelRows({
    ...sizes,
    ...winogradBias(tile, r, s),
    wholeRows: false,

    // V = Bᵀ d B
    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      const f32 = memory.f32;
      const vPitch = columnsEdge * vPosition;
      for (let i = 0; i < count; i++) {
        inputColumns(f32, columnsEdge, (d + i * dStep) | 0, dPitch, 1);
        inputRows(f32, rowsEdge, (v + i * vStep) | 0, vPitch, vPosition);
      }
    },

    // U = G g Gᵀ
    kernel(count, g, gStep, u, uStep, uPosition) {
      const f32 = memory.f32;
      const uPitch = columnsEdge * uPosition;
      for (let i = 0; i < count; i++) {
        kernelColumns(f32, s, (g + i * gStep) | 0, s, 1);
        kernelRows(f32, rowsEdge, (u + i * uStep) | 0, uPitch, uPosition);
      }
    },

    // Y = Aᵀ m A
    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      const f32 = memory.f32;
      const mPitch = columnsEdge * mPosition;
      for (let i = 0; i < count; i++) {
        outputColumns(f32, columnsEdge, (m + i * mStep) | 0, mPitch, mPosition);
        outputRows(f32, outputHeight, (y + i * yStep) | 0, yPitch, 1);
      }
    },
  });
}
