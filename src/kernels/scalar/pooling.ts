import type { Memory } from '../../tensor/memory.ts';
import type { PoolingKernels } from '../table.ts';

/**
 * Pooling of one plane, a row of outputs at a time.
 *
 *     for every row i of outputs, over the rows [top, bottom) of the plane that its windows cover
 *       columns whose windows leave the plane      clipped, one window at a time
 *       columns whose windows lie wholly inside    2 × 2 and 3 × 3 straight-line, others as above
 *
 * A maximum of real data is a coin toss for the branch predictor, and a lost toss costs more than the window. So the
 * straight-line paths carry the place of the maximum instead of its value, and a comparison moves the place without a
 * branch:
 *
 *     place ← p + (q − p) · [x_q > x_p]
 *
 * Such a comparison passes over NaN. So each path also returns the sum of all that it read: the sum is NaN if an
 * element was (or if there were both +∞ and −∞, which does no harm), and then the clipped loop, which tests every
 * element, does the row again.
 */
export function scalarPooling(memory: Memory): PoolingKernels {
  return {
    maxPool: (h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, indices) =>
      maxPool(memory.f32, memory.i32, h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, indices),
    averagePool: (h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, countPadding) =>
      averagePool(memory.f32, h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, countPadding),
  };
}

function maxPool(
  f32: Float32Array,
  i32: Int32Array,
  height: number,
  width: number,
  x: number,
  outputHeight: number,
  outputWidth: number,
  y: number,
  poolHeight: number,
  poolWidth: number,
  strideHeight: number,
  strideWidth: number,
  paddingTop: number,
  paddingLeft: number,
  indices: number,
): void {
  // x is (height, width), y and indices are (outputHeight, outputWidth)
  const straight = indices < 0 && poolHeight === poolWidth && (poolWidth === 2 || poolWidth === 3);
  const from = firstInside(outputWidth, strideWidth, paddingLeft);
  const to = lastInside(from, outputWidth, width, poolWidth, strideWidth, paddingLeft);
  for (let i = 0; i < outputHeight; i++) {
    const start = i * strideHeight - paddingTop;
    const top = Math.max(start, 0);
    const bottom = Math.min(start + poolHeight, height);
    const row = y + i * outputWidth;
    const places = indices < 0 ? -1 : indices + i * outputWidth;
    let done = from;
    if (straight && bottom - top === poolHeight) {
      const p = x + top * width + from * strideWidth - paddingLeft;
      const sum =
        poolWidth === 2
          ? maxima2x2(f32, to - from, p, width, strideWidth, row + from)
          : maxima3x3(f32, to - from, p, width, strideWidth, row + from);
      if (!Number.isNaN(sum)) done = to;
    }
    maxima(f32, i32, 0, from, x, width, top, bottom, row, poolWidth, strideWidth, paddingLeft, places);
    maxima(f32, i32, done, outputWidth, x, width, top, bottom, row, poolWidth, strideWidth, paddingLeft, places);
  }
}

/** The first of the outputs along an axis whose window starts inside the plane. */
function firstInside(outputs: number, stride: number, padding: number): number {
  return Math.min(Math.ceil(padding / stride), outputs);
}

/** One past the last of the outputs along an axis whose window ends inside the plane; not before `first`. */
function lastInside(
  first: number,
  outputs: number,
  size: number,
  pool: number,
  stride: number,
  padding: number,
): number {
  return Math.max(Math.min(Math.floor((size - pool + padding) / stride) + 1, outputs), first);
}

/** The maxima of windows [from, to) of a row of outputs, clipped to the plane, and their places if asked for. */
function maxima(
  f32: Float32Array,
  i32: Int32Array,
  from: number,
  to: number,
  x: number,
  width: number,
  top: number,
  bottom: number,
  y: number,
  poolWidth: number,
  strideWidth: number,
  paddingLeft: number,
  indices: number,
): void {
  for (let j = from; j < to; j++) {
    const start = j * strideWidth - paddingLeft;
    const left = Math.max(start, 0);
    const right = Math.min(start + poolWidth, width);
    const empty = top >= bottom || left >= right;
    let place = empty ? -1 : top * width + left;
    let max = empty ? Number.NEGATIVE_INFINITY : f32[x + place];
    for (let r = top; r < bottom; r++) {
      for (let c = left; c < right; c++) {
        const value = f32[(x + r * width + c) | 0];
        // The first of the greatest counts; the first NaN is greater than everything, and stays.
        if (value > max || (Number.isNaN(value) && !Number.isNaN(max))) {
          max = value;
          place = r * width + c;
        }
      }
    }
    f32[y + j] = max;
    if (indices >= 0) i32[indices + j] = place;
  }
}

/** The maxima of n windows of 2 × 2 from x on, `step` columns apart; returns the sum of all they read. */
function maxima2x2(f32: Float32Array, n: number, x: number, width: number, step: number, y: number): number {
  let sum = 0;
  let p = x | 0;
  for (let j = 0; j < n; j++) {
    const q = (p + width) | 0;
    const a0 = f32[p];
    const a1 = f32[p + 1];
    const b0 = f32[q];
    const b1 = f32[q + 1];
    sum += a0 + a1 + (b0 + b1);
    const a = move(p, p + 1, a1 > a0);
    const b = move(q, q + 1, b1 > b0);
    f32[(y + j) | 0] = f32[move(a, b, f32[b] > f32[a])];
    p = (p + step) | 0;
  }
  return sum;
}

/** The same of 3 × 3. */
function maxima3x3(f32: Float32Array, n: number, x: number, width: number, step: number, y: number): number {
  let sum = 0;
  let p = x | 0;
  for (let j = 0; j < n; j++) {
    const q = (p + width) | 0;
    const r = (q + width) | 0;
    const a0 = f32[p];
    const a1 = f32[p + 1];
    const a2 = f32[p + 2];
    const b0 = f32[q];
    const b1 = f32[q + 1];
    const b2 = f32[q + 2];
    const c0 = f32[r];
    const c1 = f32[r + 1];
    const c2 = f32[r + 2];
    sum += a0 + a1 + (a2 + b0) + (b1 + b2 + (c0 + c1)) + c2;
    let a = move(p, p + 1, a1 > a0);
    let b = move(q, q + 1, b1 > b0);
    let c = move(r, r + 1, c1 > c0);
    a = move(a, p + 2, a2 > f32[a]);
    b = move(b, q + 2, b2 > f32[b]);
    c = move(c, r + 2, c2 > f32[c]);
    a = move(a, b, f32[b] > f32[a]);
    f32[(y + j) | 0] = f32[move(a, c, f32[c] > f32[a])];
    p = (p + step) | 0;
  }
  return sum;
}

/** p + (q − p) · [greater], without a branch. */
function move(p: number, q: number, greater: boolean): number {
  return (p + ((q - p) & -greater)) | 0;
}

function averagePool(
  f32: Float32Array,
  height: number,
  width: number,
  x: number,
  outputHeight: number,
  outputWidth: number,
  y: number,
  poolHeight: number,
  poolWidth: number,
  strideHeight: number,
  strideWidth: number,
  paddingTop: number,
  paddingLeft: number,
  countPadding: number,
): void {
  // x is (height, width), y is (outputHeight, outputWidth)
  const straight = poolHeight === poolWidth && (poolWidth === 2 || poolWidth === 3);
  const from = firstInside(outputWidth, strideWidth, paddingLeft);
  const to = lastInside(from, outputWidth, width, poolWidth, strideWidth, paddingLeft);
  const divisor = countPadding === 0 ? 0 : poolHeight * poolWidth;
  for (let i = 0; i < outputHeight; i++) {
    const start = i * strideHeight - paddingTop;
    const top = Math.max(start, 0);
    const bottom = Math.min(start + poolHeight, height);
    const row = y + i * outputWidth;
    let done = from;
    if (straight && bottom - top === poolHeight) {
      const p = x + top * width + from * strideWidth - paddingLeft;
      if (poolWidth === 2) averages2x2(f32, to - from, p, width, strideWidth, row + from);
      else averages3x3(f32, to - from, p, width, strideWidth, row + from);
      done = to;
    }
    averages(f32, 0, from, x, width, top, bottom, row, poolWidth, strideWidth, paddingLeft, divisor);
    averages(f32, done, outputWidth, x, width, top, bottom, row, poolWidth, strideWidth, paddingLeft, divisor);
  }
}

/** The averages of windows [from, to) of a row of outputs, clipped to the plane; divisor 0 counts the elements. */
function averages(
  f32: Float32Array,
  from: number,
  to: number,
  x: number,
  width: number,
  top: number,
  bottom: number,
  y: number,
  poolWidth: number,
  strideWidth: number,
  paddingLeft: number,
  divisor: number,
): void {
  for (let j = from; j < to; j++) {
    const start = j * strideWidth - paddingLeft;
    const left = Math.max(start, 0);
    const right = Math.min(start + poolWidth, width);
    let sum = 0;
    for (let r = top; r < bottom; r++) {
      for (let c = left; c < right; c++) sum += f32[(x + r * width + c) | 0];
    }
    const empty = top >= bottom || left >= right;
    const count = divisor === 0 ? (bottom - top) * (right - left) : divisor;
    f32[y + j] = empty ? 0 : sum / count;
  }
}

/** The averages of n windows of 2 × 2 from x on, `step` columns apart. */
function averages2x2(f32: Float32Array, n: number, x: number, width: number, step: number, y: number): void {
  let p = x | 0;
  for (let j = 0; j < n; j++) {
    const q = (p + width) | 0;
    f32[(y + j) | 0] = (f32[p] + f32[p + 1] + (f32[q] + f32[q + 1])) / 4;
    p = (p + step) | 0;
  }
}

/** The same of 3 × 3. */
function averages3x3(f32: Float32Array, n: number, x: number, width: number, step: number, y: number): void {
  let p = x | 0;
  for (let j = 0; j < n; j++) {
    const q = (p + width) | 0;
    const r = (q + width) | 0;
    const a = f32[p] + f32[p + 1] + f32[p + 2];
    const b = f32[q] + f32[q + 1] + f32[q + 2];
    const c = f32[r] + f32[r + 1] + f32[r + 2];
    f32[(y + j) | 0] = (a + b + c) / 9;
    p = (p + step) | 0;
  }
}
