import type { Memory } from '../../tensor/memory.ts';
import type { GemmKernels, GemmNumbers } from '../table.ts';
import { B_PARTS, C_PITCH, COLUMNS, MICROKERNELS, ROWS, STEP, scratch } from './generated/gemm.ts';

export const SCALAR_GEMM: GemmNumbers = {
  gemmBlocks: { mr: MICROKERNELS[0].rows, nc: COLUMNS, kc: ROWS },
  gemmPanel: () => COLUMNS,
  gemmRoundings: (k) => Math.ceil(k / ROWS) + 1,
  gemmUnits: { multiplyAdd: 2 / 11.3, holdA: 0.7, packB: 0.9, writeC: 0.8, rowStep: 1, step: STEP },
};

/**
 * Matrix multiplication, C (+)= A · B, which is most of the time of a convolution.
 *
 * It is blocked as Goto and van de Geijn's is, but a block of A is held still: 16 × 3 elements of A meet three rows of
 * B, and C adds up in memory. scripts/generate-gemm.ts says why that suits V8.
 *
 *     for each block of up to 128 columns of B and C
 *       for each block of up to 576 rows of B                a panel, which stays in the second-level cache
 *         pack it: copy it to scratch, as doubles
 *         for 16 rows of A and C, then for 8, 4, 2, 1 of what is left
 *           for 3 rows l of B, then for 2 or 1               C (in scratch, in doubles) += A_l · B_l, a micro-kernel
 *           unpack: C = what is in scratch, or C += it
 *
 * The inner loop reads B and writes C in scratch alone, so their pitches do not matter (a power of two would put every
 * row into the same set of a cache), and a table of row offsets costs no more than a pitch.
 *
 * C is rounded to float32 once for each panel, so just once for k ≤ 576. The order of the sum of an element depends on
 * k alone, so that a result is the same, bit for bit, however the rows and columns of C are divided among threads.
 */
export function scalarGemm(memory: Memory): Pick<GemmKernels, keyof GemmNumbers | 'sgemm' | 'sgemmIndirect'> {
  return {
    ...SCALAR_GEMM,
    sgemm: (m, n, k, a, lda, b, ldb, c, ldc, update) => sgemm(memory.f32, m, n, k, a, lda, b, ldb, c, ldc, update),
    sgemmIndirect: (m, n, k, a, lda, rows, b, c, ldc) =>
      sgemmIndirect(memory.f32, memory.i32, m, n, k, a, lda, rows, b, c, ldc),
  };
}

/** Rows of B that meet a block of A at once. */
const KR = B_PARTS.length;

const { pack, unpack } = packing();

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
      const pitch = panelPitch(columns);
      for (let row = 0; row < depth; row++) pack(f32, columns, b + (l + row) * ldb + j, panelRow(pitch, row));
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
      const pitch = panelPitch(columns);
      for (let row = 0; row < depth; row++) pack(f32, columns, b + i32[rows + l + row] + j, panelRow(pitch, row));
      multiplyPanel(f32, m, columns, depth, a + l, lda, c + j, ldc, 1);
    }
  }
}

/** The size of the fewest equal blocks of n, a multiple of `step` and no larger than `max`; `max` where one block is all. */
function blockSize(n: number, max: number, step: number): number {
  if (n <= max) return max;
  const blocks = Math.ceil(n / max);
  return Math.ceil(n / blocks / step) * step;
}

/** C (+)= A · B with B in scratch. */
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
  // An iterator would cost more than the product of a few rows and columns.
  for (let size = 0; i < m; size++) {
    const { rows, multiply } = MICROKERNELS[size];
    for (; i + rows <= m; i += rows) {
      let l = 0;
      let b = 0;
      for (; l + KR <= k; l += KR, b += pitch) multiply[KR - 1](f32, n, a + i * lda + l, lda, b);
      if (l < k) multiply[k - l - 1](f32, n, a + i * lda + l, lda, b);
      for (let row = 0; row < rows; row++) unpack(f32, n, row * C_PITCH, c + (i + row) * ldc, update);
    }
  }
}

/** Where row l of a panel is in scratch. */
function panelRow(pitch: number, l: number): number {
  return B_PARTS[l % KR] + ((l / KR) | 0) * pitch;
}

/** A micro-kernel works in steps: up to three columns beyond the last one hold whatever was there before. */
function panelPitch(n: number): number {
  // STEP is a power of two: small products are many, and a division takes as long as one of them.
  return (n + STEP - 1) & -STEP;
}

/** C = 0, the sum of no products. */
function clear(f32: Float32Array, m: number, n: number, c: number, ldc: number): void {
  for (let i = 0; i < m; i++) f32.fill(0, c + i * ldc, c + i * ldc + n);
}

/** Copies into scratch and out of it, made by a function that runs once, so that V8 folds the scratch in any bundle. */
function packing(): {
  readonly pack: (f32: Float32Array, n: number, x: number, at: number) => void;
  readonly unpack: (f32: Float32Array, n: number, at: number, y: number, update: number) => void;
} {
  const s = new Float64Array(scratch);
  return { pack, unpack };

  /** Copies n elements of a row of B from x in memory to `at` in scratch. */
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

  /**
   * Writes n elements of a row of C from `at` in scratch over those at y in memory, or adds them. The row in scratch is
   * left at zero for the next block to add to, the columns beyond the last one too.
   */
  function unpack(f32: Float32Array, n: number, at: number, y: number, update: number): void {
    const adds = (update | 0) !== 0;
    let j = y | 0;
    let i = at | 0;
    const end = (j + n) | 0;
    const last = (end - 4) | 0;
    for (; j <= last; j = (j + 4) | 0, i = (i + 4) | 0) {
      const i1 = (i + 1) | 0;
      const i2 = (i + 2) | 0;
      const i3 = (i + 3) | 0;
      if (adds) {
        f32[j] += s[i];
        f32[(j + 1) | 0] += s[i1];
        f32[(j + 2) | 0] += s[i2];
        f32[(j + 3) | 0] += s[i3];
      } else {
        f32[j] = s[i];
        f32[(j + 1) | 0] = s[i1];
        f32[(j + 2) | 0] = s[i2];
        f32[(j + 3) | 0] = s[i3];
      }
      s[i] = 0;
      s[i1] = 0;
      s[i2] = 0;
      s[i3] = 0;
    }
    for (; j < end; j = (j + 1) | 0, i = (i + 1) | 0) {
      f32[j] = adds ? f32[j] + s[i] : s[i];
      s[i] = 0;
    }
    for (const beyond = at + panelPitch(n); i < beyond; i = (i + 1) | 0) s[i] = 0;
  }
}
