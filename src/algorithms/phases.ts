/**
 * A strided convolution as one of stride 1: input and kernel are split into phases, every stride-th element apart.
 *
 *   y[i] = Σ_u g[u] · x[s·i + u − p] = Σ_a Σ_v g_a[v] · x_a[i + v]        u = s·v + a, a < s
 *
 *   x_a[j] = x[s·j + a − p]      phase a of the padded input
 *   g_a[v] = g[s·v + a]          phase a of the kernel: ⌈(r − a) / s⌉ taps, and zeros up to ⌈r / s⌉ for all phases alike
 *
 * and the same along the other axis. So C channels of an image under an r × r kernel become s²·C channels under a kernel
 * of ⌈r / s⌉ taps each way, which is what a fast algorithm needs: it multiplies once for each channel and position of a
 * tile, however many taps there are.
 *
 *   stride 2, tile 8×8    taps   in phases    multiplications for an output
 *   3×3                      9   4 of 2×2     4 · 64 / 49 = 5.2
 *   5×5                     25   4 of 3×3     4 · 64 / 36 = 7.1
 *   7×7                     49   4 of 4×4     4 · 64 / 25 = 10.2
 *
 * Phase (a, b) of channel c is channel (c · phases + a · phaseWidth + b) of the phased shape. A phase that no tap reads
 * (a kernel smaller than the stride) is left out.
 */
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Thread } from '../threads/step.ts';

/** How many phases some tap reads, along each axis. */
export interface Phases {
  readonly phaseHeight: number;
  readonly phaseWidth: number;
}

export function phasesOf(shape: ConvolutionShape): Phases {
  return {
    phaseHeight: Math.min(shape.strideHeight, (shape.kernelHeight - 1) * shape.dilationHeight + 1),
    phaseWidth: Math.min(shape.strideWidth, (shape.kernelWidth - 1) * shape.dilationWidth + 1),
  };
}

/** The convolution of stride 1 over phases that has the same outputs; for stride 1 it is the shape itself. */
export function phasedShape(shape: ConvolutionShape): ConvolutionShape {
  const { strideHeight, strideWidth } = shape;
  if (strideHeight === 1 && strideWidth === 1) return shape;
  const { phaseHeight, phaseWidth } = phasesOf(shape);
  const kernelHeight = Math.ceil(shape.kernelHeight / strideHeight);
  const kernelWidth = Math.ceil(shape.kernelWidth / strideWidth);
  return Object.freeze({
    ...shape,
    inputChannels: shape.inputChannels * phaseHeight * phaseWidth,
    // The taps of all outputs reach so far, with the padding written out.
    inputHeight: shape.outputHeight + kernelHeight - 1,
    inputWidth: shape.outputWidth + kernelWidth - 1,
    kernelHeight,
    kernelWidth,
    paddingTop: 0,
    paddingRight: 0,
    paddingBottom: 0,
    paddingLeft: 0,
    strideHeight: 1,
    strideWidth: 1,
  });
}

interface Plane {
  readonly height: number;
  readonly width: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
}

/** How many of `count` places from `first`, `stride` apart, are before 0, and how many others are before `end`. */
function inside(first: number, stride: number, count: number, end: number): readonly [skipped: number, number] {
  const skipped = first < 0 ? Math.ceil(-first / stride) : 0;
  return [skipped, Math.min(count, Math.ceil((end - first) / stride)) - skipped];
}

/**
 * Copies rows × columns of a plane from (y, x) on, every stride-th of each, with zeros outside the plane: a part of a
 * phase, or of the padded plane itself where the strides are 1.
 */
export function copyPhase(
  thread: Thread,
  { height, width, strideHeight, strideWidth }: Plane,
  plane: number,
  y: number,
  x: number,
  rows: number,
  columns: number,
  to: number,
): void {
  const [top, copiedRows] = inside(y, strideHeight, rows, height);
  const [left, copiedColumns] = inside(x, strideWidth, columns, width);
  if (copiedRows < rows || copiedColumns < columns) thread.kernels.fill(rows * columns, to, 0);
  if (copiedRows <= 0 || copiedColumns <= 0) return;
  const from = plane + (y + top * strideHeight) * width + x + left * strideWidth;
  const into = to + top * columns + left;
  thread.kernels.copyRows(copiedRows, copiedColumns, from, strideHeight * width, strideWidth, into, columns);
}

/**
 * Copies `count` phases of channels from phase c on in the same way, with their padded rows side by side: row v of
 * phase c + n goes to `to` + (v · count + n) · columns. The planes of an image begin at `planes`.
 */
export function copyPhases(
  thread: Thread,
  plane: Plane & Phases,
  planes: number,
  c: number,
  count: number,
  y: number,
  x: number,
  rows: number,
  columns: number,
  to: number,
): void {
  const { height, width, strideHeight, strideWidth, phaseHeight, phaseWidth } = plane;
  const phases = phaseHeight * phaseWidth;
  thread.kernels.fill(rows * count * columns, to, 0);
  for (let phase = 0; phase < phases; phase++) {
    const a = Math.floor(phase / phaseWidth);
    const b = phase - a * phaseWidth;
    // The channels that have this phase among the `count`.
    const channel = Math.max(0, Math.ceil((c - phase) / phases));
    const channels = Math.ceil((c + count - phase) / phases) - channel;
    const [left, copied] = inside(x + b, strideWidth, columns, width);
    if (channels <= 0 || copied <= 0) continue;
    const from = planes + channel * height * width + x + b + left * strideWidth;
    const into = to + (channel * phases + phase - c) * columns + left;
    for (let v = 0; v < rows; v++) {
      const row = y + a + v * strideHeight;
      if (row < 0 || row >= height) continue;
      const at = into + v * count * columns;
      thread.kernels.copyRows(channels, copied, from + row * width, height * width, strideWidth, at, phases * columns);
    }
  }
}

interface Kernel extends Phases {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
}

/** Splits `count` kernels, gStep apart, into the kernels of their phases, r × s each and all dense. */
export function splitKernels(
  thread: Thread,
  { kernelHeight, kernelWidth, strideHeight, strideWidth, phaseHeight, phaseWidth }: Kernel,
  count: number,
  g: number,
  gStep: number,
  r: number,
  s: number,
  to: number,
): void {
  const splitTaps = phaseHeight * phaseWidth * r * s;
  thread.kernels.fill(count * splitTaps, to, 0);
  for (let u = 0; u < kernelHeight; u++) {
    for (let v = 0; v < kernelWidth; v++) {
      const phase = (u % strideHeight) * phaseWidth + (v % strideWidth);
      const tap = Math.floor(u / strideHeight) * s + Math.floor(v / strideWidth);
      thread.kernels.copyRows(count, 1, g + u * kernelWidth + v, gStep, 1, to + phase * r * s + tap, splitTaps);
    }
  }
}
