import type { Memory } from '../../tensor/memory.ts';
import type { DotsKernels } from '../table.ts';
import { dotsHalf } from './half.ts';
import { dotsHalfPanels } from './half-panels.ts';

/**
 * The dot products of a fully-connected layer at batch 1: y_i = Σ_j w_ij · x_j.
 *
 * Every weight is used once, so the work is reading them. Four rows share each load of x, and four columns make one
 * partial sum before it is added to the row's: the chain of dependent additions, which would otherwise set the pace, is
 * a quarter as long.
 *
 *     for four rows i, then for the rows that are left, one by one
 *       for j = 0, 4, 8, …     s_i += w_i,j x_j + w_i,j+1 x_j+1 + w_i,j+2 x_j+2 + w_i,j+3 x_j+3
 *       for the columns left   s_i += w_ij x_j
 *
 * The order of the additions in a row does not depend on the rows beside it, so that a result is the same, bit for bit,
 * however the rows are divided among threads. Products are exact in double; sums are kept in double, and rounded once.
 */
export function scalarDots(memory: Memory): DotsKernels {
  return {
    dots: (rows, n, w, ldw, x, y) => dots(memory.f32, rows, n, w, ldw, x, y),
    dotsHalf: (rows, n, w, ldw, x, y, alternative) =>
      dotsHalf(memory.f32, memory.u16, rows, n, w, ldw, x, y, alternative),
    dotsHalfPanels: (rows, n, w, x, y, alternative) =>
      dotsHalfPanels(memory.f32, memory.u16, rows, n, w, x, y, alternative),
  };
}

function dots(f32: Float32Array, rows: number, n: number, w: number, ldw: number, x: number, y: number): void {
  // w is (rows, n), x is (n), y is (rows)
  let i = 0;
  for (; i <= rows - 4; i += 4) dots4(f32, n, w + i * ldw, ldw, x, y + i);
  for (; i < rows; i++) dots1(f32, n, w + i * ldw, x, y + i);
}

function dots4(f32: Float32Array, n: number, w: number, ldw: number, x: number, y: number): void {
  const w0 = w | 0;
  const w1 = (w0 + ldw) | 0;
  const w2 = (w1 + ldw) | 0;
  const w3 = (w2 + ldw) | 0;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j <= n - 4; j += 4) {
    const p = (x + j) | 0;
    const p0 = (w0 + j) | 0;
    const p1 = (w1 + j) | 0;
    const p2 = (w2 + j) | 0;
    const p3 = (w3 + j) | 0;
    const x0 = f32[p];
    const x1 = f32[p + 1];
    const x2 = f32[p + 2];
    const x3 = f32[p + 3];
    s0 += f32[p0] * x0 + f32[p0 + 1] * x1 + f32[p0 + 2] * x2 + f32[p0 + 3] * x3;
    s1 += f32[p1] * x0 + f32[p1 + 1] * x1 + f32[p1 + 2] * x2 + f32[p1 + 3] * x3;
    s2 += f32[p2] * x0 + f32[p2 + 1] * x1 + f32[p2 + 2] * x2 + f32[p2 + 3] * x3;
    s3 += f32[p3] * x0 + f32[p3 + 1] * x1 + f32[p3 + 2] * x2 + f32[p3 + 3] * x3;
  }
  for (; j < n; j++) {
    const x0 = f32[(x + j) | 0];
    s0 += f32[(w0 + j) | 0] * x0;
    s1 += f32[(w1 + j) | 0] * x0;
    s2 += f32[(w2 + j) | 0] * x0;
    s3 += f32[(w3 + j) | 0] * x0;
  }
  f32[y] = s0;
  f32[y + 1] = s1;
  f32[y + 2] = s2;
  f32[y + 3] = s3;
}

function dots1(f32: Float32Array, n: number, w: number, x: number, y: number): void {
  let s = 0;
  let j = 0;
  for (; j <= n - 4; j += 4) {
    const p = (w + j) | 0;
    const q = (x + j) | 0;
    s += f32[p] * f32[q] + f32[p + 1] * f32[q + 1] + f32[p + 2] * f32[q + 2] + f32[p + 3] * f32[q + 3];
  }
  for (; j < n; j++) s += f32[(w + j) | 0] * f32[(x + j) | 0];
  f32[y] = s;
}
