import type { Memory } from '../../tensor/memory.ts';
import type { ResizeKernels } from '../table.ts';
import { copyRun } from './pointwise.ts';

/** Resizing of one plane. */
export function scalarResize(memory: Memory): ResizeKernels {
  return {
    resizeNearest: (height, width, x, outputHeight, outputWidth, y) =>
      resizeNearest(memory.f32, height, width, x, outputHeight, outputWidth, y),
    resizeBilinear: (height, width, x, outputHeight, outputWidth, y, alignCorners) =>
      resizeBilinear(memory.f32, height, width, x, outputHeight, outputWidth, y, alignCorners),
  };
}

/**
 * Nearest: y(i, j) = x(⌊i · height / outputHeight⌋, ⌊j · width / outputWidth⌋).
 *
 * A row of outputs that has the source row of the one before is a copy of it. Along a row the quotient and remainder of
 * j · width / outputWidth are carried from j to j + 1, in integers, so that no division and no rounding occurs:
 *
 *     width = whole · outputWidth + part
 *     remainder ← remainder + part;   carry = [remainder ≥ outputWidth];   column ← column + whole + carry
 */
function resizeNearest(
  f32: Float32Array,
  height: number,
  width: number,
  x: number,
  outputHeight: number,
  outputWidth: number,
  y: number,
): void {
  // x is (height, width), y is (outputHeight, outputWidth)
  const whole = Math.floor(width / outputWidth);
  const part = width % outputWidth;
  let before = -1;
  for (let i = 0; i < outputHeight; i++) {
    const source = Math.floor((i * height) / outputHeight);
    const row = y + i * outputWidth;
    if (source === before) {
      copyRun(f32, outputWidth, row - outputWidth, row);
    } else {
      nearestColumns(f32, outputWidth, x + source * width, whole, part, row);
    }
    before = source;
  }
}

function nearestColumns(f32: Float32Array, outputWidth: number, x: number, whole: number, part: number, y: number) {
  let p = x | 0;
  let remainder = 0;
  for (let j = 0; j < outputWidth; j++) {
    f32[(y + j) | 0] = f32[p];
    remainder = (remainder + part) | 0;
    const carry = +(remainder >= outputWidth);
    remainder = (remainder - (outputWidth & -carry)) | 0;
    p = (p + whole + carry) | 0;
  }
}

/** Columns are done in blocks of at most this many, whose neighbours and weights are found once for all rows. */
const COLUMN_BLOCK = 256;
const lefts = new Int32Array(COLUMN_BLOCK);
const rights = new Int32Array(COLUMN_BLOCK);
const weights = new Float64Array(COLUMN_BLOCK);

/**
 * Bilinear: with output (i, j) at (r, c) among the input's samples, t, l = ⌊r⌋, ⌊c⌋, b, r = the next ones,
 *
 *     y = (1 − u) · ((1 − v) · x_tl + v · x_tr) + u · ((1 − v) · x_bl + v · x_br),   u, v = the fractions of r, c
 *
 * in double, rounded once. All four samples count, also with weight zero: 0 · NaN and 0 · ∞ are NaN.
 */
function resizeBilinear(
  f32: Float32Array,
  height: number,
  width: number,
  x: number,
  outputHeight: number,
  outputWidth: number,
  y: number,
  alignCorners: number,
): void {
  // x is (height, width), y is (outputHeight, outputWidth)
  for (let j = 0; j < outputWidth; j += COLUMN_BLOCK) {
    const n = Math.min(COLUMN_BLOCK, outputWidth - j);
    for (let k = 0; k < n; k++) {
      const column = samplePlace(j + k, width, outputWidth, alignCorners);
      lefts[k] = Math.floor(column);
      rights[k] = Math.min(lefts[k] + 1, width - 1);
      weights[k] = column - lefts[k];
    }
    for (let i = 0; i < outputHeight; i++) {
      const row = samplePlace(i, height, outputHeight, alignCorners);
      const top = Math.floor(row);
      const bottom = Math.min(top + 1, height - 1);
      bilinearColumns(f32, n, x + top * width, x + bottom * width, row - top, y + i * outputWidth + j);
    }
  }
}

/** Where output i of an axis lies among the input's samples 0 … size − 1. */
function samplePlace(i: number, size: number, outputSize: number, alignCorners: number): number {
  if (alignCorners !== 0) return outputSize === 1 ? 0 : (i * (size - 1)) / (outputSize - 1);
  // Half-pixel centres: (place + ½) / size = (i + ½) / outputSize
  const place = ((i + 0.5) * size) / outputSize - 0.5;
  return Math.min(Math.max(place, 0), size - 1);
}

function bilinearColumns(f32: Float32Array, n: number, top: number, bottom: number, u: number, y: number): void {
  for (let k = 0; k < n; k++) {
    const left = lefts[k];
    const right = rights[k];
    const v = weights[k];
    const above = (1 - v) * f32[(top + left) | 0] + v * f32[(top + right) | 0];
    const below = (1 - v) * f32[(bottom + left) | 0] + v * f32[(bottom + right) | 0];
    f32[(y + k) | 0] = (1 - u) * above + u * below;
  }
}
