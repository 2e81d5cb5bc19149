import type { Memory } from '../../tensor/memory.ts';
import type { PointwiseKernels } from '../table.ts';
import { localResponse, softmax } from './softmax.ts';

/**
 * Passes over runs of elements: filling, copying and y = f(x).
 *
 * A pass runs at the speed of its loads and stores (half a nanosecond an element) as long as nothing depends on the
 * data: where y is one of several values, a mispredicted branch costs ten times as much as the element itself, and
 * `Math.max` is such branches. So the values lie side by side in a small array, and the comparison is the index:
 *
 *     choices = [x, low, high],   y = choices[(x ≤ low) + 2 · (x ≥ high)]
 *
 * A comparison with NaN is false, which chooses x itself.
 */
export function scalarPointwise(memory: Memory): PointwiseKernels {
  return {
    fill: (n, y, value) => fill(memory.f32, n, y, value),
    copyRows: (rows, columns, x, xPitch, xStep, y, yPitch) =>
      copyRows(memory.f32, rows, columns, x, xPitch, xStep, y, yPitch),
    clampRows: (rows, columns, x, xPitch, y, yPitch, yStep, slope, low, high) =>
      clampRows(memory.f32, rows, columns, x, xPitch, y, yPitch, yStep, slope, low, high),
    clamp: (n, x, y, low, high) => clamp(memory.f32, n, x, y, low, high),
    leakyRelu: (n, x, y, slope) => leakyRelu(memory.f32, n, x, y, slope),
    scaleShift: (n, x, y, scale, shift) => scaleShift(memory.f32, n, x, y, scale, shift),
    softmax: (n, step, x, y) => softmax(memory.f32, n, step, x, y),
    localResponse: (channels, pixels, pitch, x, y, size, alpha, beta, bias) =>
      localResponse(memory.f32, channels, pixels, pitch, x, y, size, alpha, beta, bias),
  };
}

function fill(f32: Float32Array, n: number, y: number, value: number): void {
  f32.fill(value, y, y + n);
}

function copyRows(
  f32: Float32Array,
  rows: number,
  columns: number,
  x: number,
  xPitch: number,
  xStep: number,
  y: number,
  yPitch: number,
): void {
  // x is (rows, columns) with pitch and step, y is (rows, columns) with a pitch
  if (xStep === 1 && xPitch === columns && yPitch === columns) {
    copyRun(f32, rows * columns, x, y);
  } else if (xStep === 1) {
    for (let i = 0; i < rows; i++) copyRun(f32, columns, x + i * xPitch, y + i * yPitch);
  } else {
    for (let i = 0; i < rows; i++) copyStepped(f32, columns, x + i * xPitch, xStep, y + i * yPitch);
  }
}

/** The shortest run for which calling `copyWithin` is worth it. */
const SHORT_RUN = 32;

/** y[i] = x[i]. */
export function copyRun(f32: Float32Array, n: number, x: number, y: number): void {
  // In shared memory the engine copies word by word, but byte by byte when x and y differ in their place in a word.
  if (n >= SHORT_RUN && ((x ^ y) & 1) === 0) {
    f32.copyWithin(y, x, x + n);
    return;
  }
  let i = 0;
  for (; i <= n - 4; i += 4) {
    const p = (x + i) | 0;
    const q = (y + i) | 0;
    f32[q] = f32[p];
    f32[q + 1] = f32[p + 1];
    f32[q + 2] = f32[p + 2];
    f32[q + 3] = f32[p + 3];
  }
  for (; i < n; i++) f32[(y + i) | 0] = f32[(x + i) | 0];
}

/** y[i] = x[i · step]. */
function copyStepped(f32: Float32Array, n: number, x: number, step: number, y: number): void {
  let p = x | 0;
  for (let i = 0; i < n; i++) {
    f32[(y + i) | 0] = f32[p];
    p = (p + step) | 0;
  }
}

function clampRows(
  f32: Float32Array,
  rows: number,
  columns: number,
  x: number,
  xPitch: number,
  y: number,
  yPitch: number,
  yStep: number,
  slope: number,
  low: number,
  high: number,
): void {
  for (let i = 0; i < rows; i++) {
    const to = y + i * yPitch;
    let from = x + i * xPitch;
    if (yStep !== 1) {
      clampToStep(f32, columns, from, to, yStep, slope, low, high);
      continue;
    }
    if (slope !== 1) {
      leakyRelu(f32, columns, from, to, slope);
      from = to;
    }
    clamp(f32, columns, from, to, low, high);
  }
}

const choices = new Float64Array(4);

function clamp(f32: Float32Array, n: number, x: number, y: number, low: number, high: number): void {
  choices[1] = low;
  choices[2] = high;
  choices[3] = high; // x = low = high
  for (let i = 0; i < n; i++) {
    const value = f32[(x + i) | 0];
    choices[0] = value;
    f32[(y + i) | 0] = choices[+(value <= low) | (+(value >= high) << 1)];
  }
}

const slopes = new Float64Array(2);

/** y[i · step] = min(max(v, low), high), v = x[i] or x[i] · slope. */
function clampToStep(
  f32: Float32Array,
  n: number,
  x: number,
  y: number,
  step: number,
  slope: number,
  low: number,
  high: number,
): void {
  slopes[0] = 1;
  slopes[1] = slope;
  choices[1] = low;
  choices[2] = high;
  choices[3] = high; // x = low = high
  let to = y | 0;
  for (let i = 0; i < n; i++) {
    const value = f32[(x + i) | 0];
    const v = value * slopes[+(value < 0)];
    choices[0] = v;
    f32[to] = choices[+(v <= low) | (+(v >= high) << 1)];
    to = (to + step) | 0;
  }
}

function leakyRelu(f32: Float32Array, n: number, x: number, y: number, slope: number): void {
  slopes[0] = 1;
  slopes[1] = slope;
  for (let i = 0; i < n; i++) {
    const value = f32[(x + i) | 0];
    f32[(y + i) | 0] = value * slopes[+(value < 0)];
  }
}

function scaleShift(f32: Float32Array, n: number, x: number, y: number, scale: number, shift: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = f32[(x + i) | 0] * scale + shift;
}
