import { PANEL_COLUMNS, panelPlace } from '../half-panels.ts';
import { decodedCodes } from './half.ts';

/**
 * Dot products with half-precision weights in panels (`../half-panels.ts`): four rows at a time, along their columns,
 * with the table of codes of `half.ts`. A row's additions have the same order as there, so that the bits are the same.
 */
export function dotsHalfPanels(
  f32: Float32Array,
  u16: Uint16Array,
  rows: number,
  n: number,
  w: number,
  x: number,
  y: number,
  alternative: number,
): void {
  // w is (rows, n) in panels, x is (n), y is (rows)
  const decoded = decodedCodes(alternative === 0 ? 'binary16' : 'alternative');
  const sums = new Float64Array(4);
  for (let i = 0; i < rows; i += 4) {
    sums.fill(0);
    for (let j = 0; j < n; j += PANEL_COLUMNS) {
      const columns = Math.min(PANEL_COLUMNS, n - j);
      addPanel(f32, u16, decoded, columns, w + panelPlace(rows, n, i, j), x + j, sums);
    }
    for (let k = 0; k < 4 && i + k < rows; k++) f32[y + i + k] = sums[k];
  }
}

/** sums_k += Σ_j w_kj · x_j over the n columns of a panel, four at a time, of which the last four may be fewer. */
function addPanel(
  f32: Float32Array,
  u16: Uint16Array,
  decoded: Float32Array,
  n: number,
  w: number,
  x: number,
  sums: Float64Array,
): void {
  for (let row = 0; row < 4; row++) {
    let s = sums[row];
    let j = 0;
    for (; j <= n - 4; j += 4) {
      // Eight codes of each of four rows: columns 4 to 7 follow the first four.
      const p = (w + 4 * (j & -8) + 8 * row + (j & 4)) | 0;
      const q = (x + j) | 0;
      s +=
        decoded[u16[p]] * f32[q] +
        decoded[u16[p + 1]] * f32[q + 1] +
        decoded[u16[p + 2]] * f32[q + 2] +
        decoded[u16[p + 3]] * f32[q + 3];
    }
    for (; j < n; j++) s += decoded[u16[w + 4 * (j & -8) + 8 * row + (j & 7)]] * f32[x + j];
    sums[row] = s;
  }
}
