/**
 * Fourier transforms of one tile of 8 × 8 or 16 × 16 on typed arrays, in double between two roundings to float32 (as it
 * is read, as it is written). The spectrum and the order of its positions are those of maths/fourier-layout.ts.
 *
 *   input    columns of d → scratch → real rows F_0, F_(T/2) and complex rows F_k → V = (a + b, b, a)
 *   kernel   the same of g, zero-padded to the tile                                → U = (c, c − d, c + d)
 *   output   rows of M → scratch → as many columns and rows of y as are valid, divided by T²
 *
 * Each pass is a straight-line program that scripts/generate-fourier.ts writes, in a function of its own that meets one
 * kind of array on either side.
 */

import type { FourierEdge } from '../../maths/fourier-program.ts';
import type { Memory } from '../../tensor/memory.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileTransform, TileUnits } from '../table.ts';
import { fourierBias, fourierSizes } from '../tile-sizes.ts';
import * as fourier8 from './generated/fourier8.ts';
import * as fourier16 from './generated/fourier16.ts';

export const SCALAR_FOURIER_UNITS: Readonly<Record<FourierEdge, TileUnits>> = {
  8: [230, 230, 150],
  16: [1250, 1100, 900],
};

/** One kernel at the top left of a tile of zeros. */
const padded = new Float32Array(256);

/** The valid (T − r + 1) × (T − s + 1) correlations of a T × T tile with kernels of r × s; 1 ≤ r, s ≤ T. */
export function scalarFourierTile(memory: Memory, tile: FourierEdge, r: number, s: number): TileTransform {
  const sizes = fourierSizes(tile, r, s);
  const { outputHeight, outputWidth } = sizes;
  const passes = tile === 8 ? fourier8 : fourier16;
  const { forwardColumns, inputRealRows, inputComplexRows, clearColumns, kernelRealRows, kernelComplexRows } = passes;
  const { inverseRealRows, inverseComplexRows, inverseColumns } = passes;

  return withKernelRows({
    ...sizes,
    ...fourierBias(tile),
    wholeRows: false,

    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      const f32 = memory.f32;
      for (let i = 0; i < count; i++) {
        const vi = (v + i * vStep) | 0;
        forwardColumns(f32, tile, (d + i * dStep) | 0, dPitch);
        inputRealRows(f32, vi, vPosition);
        inputComplexRows(f32, vi, vPosition);
      }
    },

    // Columns beyond s are zero, and so are their transforms.
    kernel(count, g, gStep, u, uStep, uPosition) {
      const f32 = memory.f32;
      padded.fill(0);
      clearColumns();
      for (let i = 0; i < count; i++) {
        const gi = g + i * gStep;
        const ui = (u + i * uStep) | 0;
        for (let row = 0; row < r; row++) {
          for (let j = 0; j < s; j++) padded[row * tile + j] = f32[gi + row * s + j];
        }
        forwardColumns(padded, s, 0, tile);
        kernelRealRows(f32, ui, uPosition);
        kernelComplexRows(f32, ui, uPosition);
      }
    },

    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      const f32 = memory.f32;
      for (let i = 0; i < count; i++) {
        const mi = (m + i * mStep) | 0;
        inverseRealRows(f32, mi, mPosition);
        inverseComplexRows(f32, mi, mPosition);
        inverseColumns(f32, outputHeight, outputWidth, (y + i * yStep) | 0, yPitch);
      }
    },
  });
}
