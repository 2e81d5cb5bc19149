import type { Memory } from '../../tensor/memory.ts';
import type { DepthwiseKernels, DepthwiseNumbers } from '../table.ts';
import { copyRun, scalarPointwise } from './pointwise.ts';

/** Sums in double, rounded once. */
export const SCALAR_DEPTHWISE: DepthwiseNumbers = {
  depthwiseUnits: { multiplyAdd: 1.1, call: 200 },
  depthwiseRoundings: () => 0,
};

/**
 * Convolution of one channel on typed arrays: 3×3 taps from variables, other kernels by a loop over taps for four rows of outputs
 * at a time, or one, whose sums share each weight.
 */
export function scalarDepthwise(memory: Memory): DepthwiseKernels {
  const { clampRows } = scalarPointwise(memory);
  return {
    padRows: (rows, columns, x, height, width, top, left, y) =>
      padRows(memory.f32, rows, columns, x, height, width, top, left, y),
    depthwise(rows, columns, x, xPitch, w, r, s, strideHeight, strideWidth, dilationHeight, dilationWidth, ...rest) {
      const [bias, y, yPitch, low, high] = rest;
      const [below, tapBelow] = [strideHeight * xPitch, dilationHeight * xPitch];
      const isSmall = r === 3 && s === 3;
      for (let i = 0; i < rows; ) {
        const kernel = isSmall ? threeByThree : rows - i < 4 ? oneRow : fourRows;
        const [from, to] = [x + i * below, y + i * yPitch];
        kernel(memory.f32, columns, from, below, strideWidth, w, r, s, tapBelow, dilationWidth, bias, to, yPitch);
        i += kernel === fourRows ? 4 : 1;
      }
      // A pass of its own takes no branch where a clamp in the loop would (pointwise.ts).
      if (low !== -Infinity || high !== Infinity) clampRows(rows, columns, y, yPitch, y, yPitch, 1, 1, low, high);
    },
  };
}

function padRows(
  f32: Float32Array,
  rows: number,
  columns: number,
  x: number,
  height: number,
  width: number,
  top: number,
  left: number,
  y: number,
): void {
  const before = Math.max(0, -left);
  const copied = Math.min(columns, width - left) - before;
  f32.fill(0, y, y + rows * columns);
  if (copied <= 0) return;
  for (let i = Math.max(0, -top); i < Math.min(rows, height - top); i++) {
    copyRun(f32, copied, x + (top + i) * width + left + before, y + i * columns + before);
  }
}

/** A row of outputs of a 3×3 kernel; r and s are not looked at. */
function threeByThree(
  f32: Float32Array,
  columns: number,
  x: number,
  _below: number,
  stride: number,
  w: number,
  _r: number,
  _s: number,
  tapBelow: number,
  dilation: number,
  bias: number,
  y: number,
  _yPitch: number,
): void {
  // One by one: a view of them would be made for every row.
  const [w00, w01, w02] = [f32[w], f32[w + 1], f32[w + 2]];
  const [w10, w11, w12] = [f32[w + 3], f32[w + 4], f32[w + 5]];
  const [w20, w21, w22] = [f32[w + 6], f32[w + 7], f32[w + 8]];
  const second = 2 * dilation;
  for (let j = 0; j < columns; j++) {
    const top = x + j * stride;
    const middle = top + tapBelow;
    const bottom = middle + tapBelow;
    const above = f32[top | 0] * w00 + f32[(top + dilation) | 0] * w01 + f32[(top + second) | 0] * w02;
    const centre = f32[middle | 0] * w10 + f32[(middle + dilation) | 0] * w11 + f32[(middle + second) | 0] * w12;
    const below = f32[bottom | 0] * w20 + f32[(bottom + dilation) | 0] * w21 + f32[(bottom + second) | 0] * w22;
    f32[(y + j) | 0] = bias + above + centre + below;
  }
}

/** @param below elements between the x of two rows of outputs; @param tapBelow between the x of two rows of taps */
function oneRow(
  f32: Float32Array,
  columns: number,
  x: number,
  _below: number,
  stride: number,
  w: number,
  r: number,
  s: number,
  tapBelow: number,
  dilation: number,
  bias: number,
  y: number,
  _yPitch: number,
): void {
  for (let j = 0; j < columns; j++) {
    let sum = bias;
    for (let u = 0; u < r; u++) {
      let at = x + j * stride + u * tapBelow;
      const end = w + (u + 1) * s;
      for (let weight = end - s; weight < end; weight++) {
        sum += f32[at | 0] * f32[weight | 0];
        at += dilation;
      }
    }
    f32[(y + j) | 0] = sum;
  }
}

/** The same for four rows. */
function fourRows(
  f32: Float32Array,
  columns: number,
  x: number,
  below: number,
  stride: number,
  w: number,
  r: number,
  s: number,
  tapBelow: number,
  dilation: number,
  bias: number,
  y: number,
  yPitch: number,
): void {
  const [below2, below3] = [2 * below, 3 * below];
  for (let j = 0; j < columns; j++) {
    let [a, b, c, d] = [bias, bias, bias, bias];
    for (let u = 0; u < r; u++) {
      let at = x + j * stride + u * tapBelow;
      const end = w + (u + 1) * s;
      for (let tap = end - s; tap < end; tap++) {
        const weight = f32[tap | 0];
        a += f32[at | 0] * weight;
        b += f32[(at + below) | 0] * weight;
        c += f32[(at + below2) | 0] * weight;
        d += f32[(at + below3) | 0] * weight;
        at += dilation;
      }
    }
    const to = y + j;
    f32[to | 0] = a;
    f32[(to + yPitch) | 0] = b;
    f32[(to + 2 * yPitch) | 0] = c;
    f32[(to + 3 * yPitch) | 0] = d;
  }
}
