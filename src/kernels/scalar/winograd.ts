/**
 * Winograd transforms of one tile on typed arrays: V = Bᵀ d B, U = G g Gᵀ, Y = Aᵀ m A, in double between two roundings to
 * float32 (as it is read, as it is written).
 *
 * Each is two passes, columns then rows, which scripts/generate-winograd.ts writes out from the exact matrices
 * (../cook-toom.ts). A pass knows one axis only, so that a kernel of r × s takes its columns from r and its rows from s;
 * an axis on which the kernel is flat (r = 1) has a tile of edge 1 and the identity for all three matrices.
 */

import { onesPosition, type WinogradEdge } from '../../maths/cook-toom.ts';
import type { Memory } from '../../tensor/memory.ts';
import { ROUNDED_ONCE, type TileTransform } from '../table.ts';
import { inputPasses as input6 } from './generated/winograd6-input.ts';
import { kernelPasses as kernel6 } from './generated/winograd6-kernel.ts';
import { outputPasses as output6 } from './generated/winograd6-output.ts';
import { inputPasses as input8 } from './generated/winograd8-input.ts';
import { kernelPasses as kernel8 } from './generated/winograd8-kernel.ts';
import { outputPasses as output8 } from './generated/winograd8-output.ts';
import { inputPasses as input9 } from './generated/winograd9-input.ts';
import { kernelPasses as kernel9 } from './generated/winograd9-kernel.ts';
import { outputPasses as output9 } from './generated/winograd9-output.ts';
import { inputPasses as input10 } from './generated/winograd10-input.ts';
import { kernelPasses as kernel10 } from './generated/winograd10-kernel.ts';
import { outputPasses as output10 } from './generated/winograd10-output.ts';

/** `length` vectors at offset in f32: neighbours in a row `step` apart, neighbours in a column `pitch` apart. */
type Pass = (f32: Float32Array, length: number, offset: number, pitch: number, step: number) => void;

/** By the size of the kernel along the axis: columns from memory to the scratch, rows from there to memory. */
type Passes = Readonly<Record<number, { readonly columns: Pass; readonly rows: Pass }>>;

type Transforms = Readonly<Record<'input' | 'kernel' | 'output', Passes>>;

const PASSES: Readonly<Record<WinogradEdge, Transforms>> = {
  6: { input: input6, kernel: kernel6, output: output6 },
  8: { input: input8, kernel: kernel8, output: output8 },
  9: { input: input9, kernel: kernel9, output: output9 },
  10: { input: input10, kernel: kernel10, output: output10 },
};

/** F((T − r + 1) × (T − s + 1), r × s) of the tile T × T; r and s are 1 or of KERNEL_SIZES. */
export function scalarWinogradTile(memory: Memory, tile: WinogradEdge, r: number, s: number): TileTransform {
  const rowsEdge = r === 1 ? 1 : tile;
  const columnsEdge = s === 1 ? 1 : tile;
  const outputHeight = rowsEdge - r + 1;
  const { input, kernel, output } = PASSES[tile];
  const inputColumns = input[r].columns;
  const inputRows = input[s].rows;
  const kernelColumns = kernel[r].columns;
  const kernelRows = kernel[s].rows;
  const outputColumns = output[r].columns;
  const outputRows = output[s].rows;

  return {
    height: rowsEdge,
    width: columnsEdge,
    outputHeight,
    outputWidth: columnsEdge - s + 1,
    positions: rowsEdge * columnsEdge,
    // The point 1 of both axes: its columns of Aᵀ are all ones, so that every output receives what is added there.
    biasPosition: onesPosition(rowsEdge) * columnsEdge + onesPosition(columnsEdge),
    biasScale: 1,
    wholeRows: false,
    roundings: ROUNDED_ONCE,

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
  };
}
