import type { Memory } from '../../tensor/memory.ts';
import type { GemmKernels } from '../table.ts';
import { B, B_STEP, C_PITCH, COLUMNS, MICROKERNELS, ROWS, STEP, scratch } from './generated/gemm.ts';

const KR = MICROKERNELS[0].multiply.length;

const s = new Float64Array(scratch);

/**
 * Matrix multiplication, C (+)= A · B, of which a convolution spends nine tenths of its time.
 *
 * It is blocked after Goto, but with A held still: a block of 16 × 3 elements of A meets three rows of B, and C adds up
 * in memory. scripts/generate-gemm.ts says why that suits V8.
 *
 *     for each block of up to 128 columns of B and C
 *       for each block of up to 384 rows of B               a panel, which stays in the second-level cache
 *         copy it to scratch, as doubles
 *         for 16 rows i of A and C, then 8, 4, 2, 1 of what is left
 *           for 3 rows l of B, then 2 or 1                  C_i (in scratch, in doubles) += A_il · B_l
 *           C += C_i, or C = C_i if it is the first panel and nothing is to be added to
 *
 * Both operands of the inner loop are in scratch, so the pitches of B and C do not matter, and a table of row offsets
 * costs no more than a pitch.
 *
 * C is rounded to float32 once for each panel: once, that is, for k ≤ 384. The sums of one element depend neither on the
 * rows and columns beside it nor on m and n, so that a result is the same, bit for bit, however C is divided among
 * threads.
 */
export function scalarGemm(memory: Memory): Pick<GemmKernels, 'gemmBlocks' | 'sgemm' | 'sgemmIndirect'> {
  return {
    gemmBlocks: { mr: MICROKERNELS[0].rows, kr: KR, nc: COLUMNS },
    sgemm: (m, n, k, a, lda, b, ldb, c, ldc, update) => sgemm(memory.f32, m, n, k, a, lda, b, ldb, c, ldc, update),
    sgemmIndirect: (m, n, k, a, lda, rows, b, c, ldc) =>
      sgemmIndirect(memory.f32, memory.i32, m, n, k, a, lda, rows, b, c, ldc),
  };
}

function sgemm(
  f32: Float32Array,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  c: number,
  ldc: number,
  update: number,
): void {
  // A is (m, k), B is (k, n), C is (m, n)
  if (k === 0 && update === 0) clear(f32, m, n, c, ldc);
  const nc = blockSize(n, COLUMNS, STEP);
  const kc = blockSize(k, ROWS, KR);
  for (let j = 0; j < n; j += nc) {
    const columns = Math.min(nc, n - j);
    for (let l = 0; l < k; l += kc) {
      const depth = Math.min(kc, k - l);
      for (let row = 0; row < depth; row++) pack(f32, columns, b + (l + row) * ldb + j, panelRow(columns, row));
      multiplyPanel(f32, m, columns, depth, a + l, lda, c + j, ldc, l === 0 ? update : 1);
    }
  }
}

function sgemmIndirect(
  f32: Float32Array,
  i32: Int32Array,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  rows: number,
  b: number,
  c: number,
  ldc: number,
): void {
  // A is (m, k), row l of B is at b + i32[rows + l], C is (m, n)
  const nc = blockSize(n, COLUMNS, STEP);
  const kc = blockSize(k, ROWS, KR);
  for (let j = 0; j < n; j += nc) {
    const columns = Math.min(nc, n - j);
    for (let l = 0; l < k; l += kc) {
      const depth = Math.min(kc, k - l);
      for (let row = 0; row < depth; row++) pack(f32, columns, b + i32[rows + l + row] + j, panelRow(columns, row));
      multiplyPanel(f32, m, columns, depth, a + l, lda, c + j, ldc, 1);
    }
  }
}

/** The size of equal blocks of n, a multiple of `step` and no larger than `max`. */
function blockSize(n: number, max: number, step: number): number {
  const blocks = Math.max(1, Math.ceil(n / max));
  return Math.ceil(n / blocks / step) * step;
}

/** The distance of rows in a panel of n columns. */
function panelPitch(n: number): number {
  return Math.ceil(n / STEP) * STEP;
}

function panelRow(n: number, l: number): number {
  return B + (l % KR) * B_STEP + Math.trunc(l / KR) * panelPitch(n);
}

/** Copies the n elements at x to scratch. */
function pack(f32: Float32Array, n: number, x: number, at: number): void {
  let j = x | 0;
  let i = at | 0;
  const end = (j + n) | 0;
  const last = (end - 4) | 0;
  for (; j <= last; j = (j + 4) | 0, i = (i + 4) | 0) {
    s[i] = f32[j];
    s[(i + 1) | 0] = f32[(j + 1) | 0];
    s[(i + 2) | 0] = f32[(j + 2) | 0];
    s[(i + 3) | 0] = f32[(j + 3) | 0];
  }
  for (; j < end; j = (j + 1) | 0, i = (i + 1) | 0) s[i] = f32[j];
}

/** C (+)= A · B for the panel B in scratch. */
function multiplyPanel(
  f32: Float32Array,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  c: number,
  ldc: number,
  update: number,
): void {
  // A is (m, k), B is (k, n), C is (m, n)
  const pitch = panelPitch(n);
  let i = 0;
  for (const { rows, multiply } of MICROKERNELS) {
    for (; i + rows <= m; i += rows) {
      let l = 0;
      let at = 0;
      for (; l + KR <= k; l += KR, at += pitch) multiply[KR - 1](f32, n, a + i * lda + l, lda, at);
      if (l < k) multiply[k - l - 1](f32, n, a + i * lda + l, lda, at);
      for (let row = 0; row < rows; row++) unpack(f32, n, row * C_PITCH, c + (i + row) * ldc, update);
    }
  }
}

/** y = row i of C, or y += row i of C. The row is left at zero, for the next block to add to. */
function unpack(f32: Float32Array, n: number, at: number, x: number, update: number): void {
  let j = x | 0;
  let i = at | 0;
  const end = (j + n) | 0;
  const last = (end - 4) | 0;
  const u = update | 0;
  for (; j <= last; j = (j + 4) | 0, i = (i + 4) | 0) {
    const j1 = (j + 1) | 0,
      j2 = (j + 2) | 0,
      j3 = (j + 3) | 0;
    const i1 = (i + 1) | 0,
      i2 = (i + 2) | 0,
      i3 = (i + 3) | 0;
    if (u === 0) {
      f32[j] = s[i];
      f32[j1] = s[i1];
      f32[j2] = s[i2];
      f32[j3] = s[i3];
    } else {
      f32[j] += s[i];
      f32[j1] += s[i1];
      f32[j2] += s[i2];
      f32[j3] += s[i3];
    }
    s[i] = 0;
    s[i1] = 0;
    s[i2] = 0;
    s[i3] = 0;
  }
  if (j === end) return;
  for (const zero = (i + 4) | 0; i < zero; i = (i + 1) | 0, j = (j + 1) | 0) {
    if (j < end) f32[j] = u === 0 ? s[i] : f32[j] + s[i];
    s[i] = 0;
  }
}

function clear(f32: Float32Array, m: number, n: number, c: number, ldc: number): void {
  for (let i = 0; i < m; i++) f32.fill(0, c + i * ldc, c + i * ldc + n);
}
