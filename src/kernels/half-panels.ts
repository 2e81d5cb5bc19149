/**
 * Half-precision weights in the order in which dot products read them, so that they pass through the processor as one
 * stream. (In rows as they lie, groups of four rows take turns, and each time the hardware has to find eight streams
 * again, which costs a sixth of the time.)
 *
 *   for every 32 rows                      whose sums are kept meanwhile
 *     for every 512 columns                of x, which stay in the first-level cache
 *       for every four rows
 *         for every eight columns
 *           for each of the four rows      eight codes
 *
 * Rows are filled up to a multiple of four and columns to a multiple of eight, with zeros. A part of the rows that begins
 * at a multiple of 32 is laid out as if there were no others.
 */
export const PANEL_ROWS = 32;
/** Columns of a part; rows that are not in panels are summed in parts of as many, so that the bits are the same. */
export const PANEL_COLUMNS = 512;

/** Codes of a row with those that fill it up: the weights of the next 32 rows begin 32 times as many codes later. */
export function panelPitch(n: number): number {
  return 8 * Math.ceil(n / 8);
}

/** Codes of (rows, n) weights. */
export function panelCodes(rows: number, n: number): number {
  return 4 * Math.ceil(rows / 4) * panelPitch(n);
}

/** Where the code of row i, column j of (rows, n) weights is. */
export function panelPlace(rows: number, n: number, i: number, j: number): number {
  const pitch = panelPitch(n);
  const [row, column] = [i % PANEL_ROWS, j % PANEL_COLUMNS];
  const [firstRow, firstColumn] = [i - row, j - column];
  const rowsTogether = Math.min(PANEL_ROWS, 4 * Math.ceil((rows - firstRow) / 4));
  const columnsTogether = Math.min(PANEL_COLUMNS, pitch - firstColumn);
  const four = firstRow * pitch + firstColumn * rowsTogether + (row - (row % 4)) * columnsTogether;
  return four + 4 * (column - (column % 8)) + 8 * (row % 4) + (column % 8);
}

/** Writes (rows, n) weights, which lie row by row, in this order to `packed` from `at` on. */
export function packPanels(codes: Uint16Array, rows: number, n: number, packed: Uint16Array, at: number): void {
  const [rowsEnd, columnsEnd] = [4 * Math.ceil(rows / 4), panelPitch(n)];
  let to = at;
  for (let i0 = 0; i0 < rowsEnd; i0 += PANEL_ROWS) {
    for (let j0 = 0; j0 < columnsEnd; j0 += PANEL_COLUMNS) {
      for (let i = i0; i < Math.min(i0 + PANEL_ROWS, rowsEnd); i += 4) {
        packFour(codes, rows, n, i, j0, Math.min(j0 + PANEL_COLUMNS, columnsEnd), packed, to);
        to += 4 * (Math.min(j0 + PANEL_COLUMNS, columnsEnd) - j0);
      }
    }
  }
}

/** Rows i … i + 3, columns j0 … j1. */
function packFour(
  codes: Uint16Array,
  rows: number,
  n: number,
  i: number,
  j0: number,
  j1: number,
  packed: Uint16Array,
  at: number,
): void {
  for (let row = 0; row < 4; row++) {
    const from = (i + row) * n;
    let to = at + 8 * row;
    for (let j = j0; j < j1; j += 8) {
      const present = i + row < rows ? Math.min(8, n - j) : 0;
      for (let k = 0; k < present; k++) packed[to + k] = codes[from + j + k];
      for (let k = present; k < 8; k++) packed[to + k] = 0;
      to += 32;
    }
  }
}
