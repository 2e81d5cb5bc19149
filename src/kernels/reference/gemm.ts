import type { Memory } from '../../tensor/memory.ts';
import { panelPlace } from '../half-panels.ts';
import type { GemmKernels, GemmNumbers } from '../table.ts';

/** The numbers of products that make one sum in double for each element. */
export const REFERENCE_GEMM: GemmNumbers = {
  gemmBlocks: { mr: 1, nc: 64, kc: Infinity },
  gemmPanel: () => 64,
  gemmRoundings: () => 2,
  gemmUnits: { multiplyAdd: 2.5, holdA: 0, packB: 0, writeC: 5, rowStep: 1, step: 1 },
};

/** Matrix multiplication as it is defined: every element of C is one sum, kept in double and rounded once. */
export function referenceGemm(memory: Memory): GemmKernels {
  return {
    ...REFERENCE_GEMM,

    sgemm(m, n, k, a, lda, b, ldb, c, ldc, update) {
      // A is (m, k), B is (k, n), C is (m, n)
      const { f32 } = memory;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = update === 0 ? 0 : f32[c + i * ldc + j];
          for (let l = 0; l < k; l++) sum += f32[a + i * lda + l] * f32[b + l * ldb + j];
          f32[c + i * ldc + j] = sum;
        }
      }
    },

    sgemmIndirect(m, n, k, a, lda, rows, b, c, ldc) {
      // A is (m, k), row l of B is at b + i32[rows + l], C is (m, n)
      const { f32, i32 } = memory;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = f32[c + i * ldc + j];
          for (let l = 0; l < k; l++) sum += f32[a + i * lda + l] * f32[b + i32[rows + l] + j];
          f32[c + i * ldc + j] = sum;
        }
      }
    },

    dots(rows, n, w, ldw, x, y) {
      // w is (rows, n), x is (n), y is (rows)
      const { f32 } = memory;
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += f32[w + i * ldw + j] * f32[x + j];
        f32[y + i] = sum;
      }
    },

    dotsHalf(rows, n, w, ldw, x, y, alternative) {
      // w is (rows, n) in half precision, x is (n), y is (rows)
      const { f32, u16 } = memory;
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += half(u16[w + i * ldw + j], alternative) * f32[x + j];
        f32[y + i] = sum;
      }
    },

    dotsHalfPanels(rows, n, w, x, y, alternative) {
      // w is (rows, n) in half precision, in panels; x is (n), y is (rows)
      const { f32, u16 } = memory;
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += half(u16[w + panelPlace(rows, n, i, j)], alternative) * f32[x + j];
        f32[y + i] = sum;
      }
    },
  };
}

/** The half-precision number with these sixteen bits: sign, exponent e, fraction m. */
function half(bits: number, alternative: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const e = Math.floor(bits / 1024) % 32;
  const m = bits % 1024;
  if (e === 31 && alternative === 0) return m === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (e === 0) return sign * 2 ** -14 * (m / 1024);
  return sign * 2 ** (e - 15) * (1 + m / 1024);
}
