/**
 * A convolution with strides and dilations as one whose taps and outputs are neighbours: the kernel falls apart into
 * phases, the output into grids.
 *
 *   y[i] = Σ_u g[u] · x[s·i + d·u − p]           s stride, d dilation, p padding, L = lcm(s, d)
 *
 *   y_a[j] = Σ_q Σ_v g_q[v] · x_aq[j + v]        i = (L/s)·j + a,   u = (L/d)·v + q
 *
 *   y_a[j]  = y[(L/s)·j + a]                     grid a of the output, a < L/s
 *   g_q[v]  = g[(L/d)·v + q]                     phase q of the kernel, q < L/d, with zeros up to ⌈r / (L/d)⌉ taps
 *   x_aq[j] = x[L·j + s·a + d·q − p]             what both read of the padded input, L apart
 *
 * and the same along the other axis. Phases are more channels, and grids more images:
 *
 *   stride s     C channels become s²·C under kernels of ⌈r / s⌉ taps each way, which is what a fast algorithm needs: it
 *                multiplies once for each channel and position of a tile, however many taps there are
 *   dilation d   N images become d²·N, of outputs ⌈H′ / d⌉ each way; the kernel stays as it is
 *   both         L/d phases and L/s grids each way: a dilation that the stride divides has no phases
 *
 *   stride 2, tile 8×8    taps   in phases    multiplications for an output
 *   3×3                      9   4 of 2×2     4 · 64 / 49 = 5.2
 *   5×5                     25   4 of 3×3     4 · 64 / 36 = 7.1
 *   7×7                     49   4 of 4×4     4 · 64 / 25 = 10.2
 *
 * Phase (a, b) of channel c is channel (c · phases + a · phaseWidth + b) of the phased shape, and grid (a, b) of image n is
 * its image (n · grids + a · gridWidth + b). A phase that no tap reads (a kernel smaller than the stride) is left out, and
 * so is a grid without outputs. Where the output does not divide, the last grids have a row or a column less than the
 * phased shape says: those outputs are computed and dropped.
 *
 * TensorFlow's atrous convolution moves the whole input into such grids and back (Chen et al., DeepLab, 2016); here each
 * transform gathers what it reads, and scatters what it writes.
 */
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Thread } from '../threads/step.ts';

/** The parts of one axis. */
export interface AxisParts {
  /** s and d; d is 1 where there is one tap, which is apart from nothing. */
  readonly stride: number;
  readonly dilation: number;
  /** L: neighbours in a part of the input are so far apart. */
  readonly step: number;
  /** L/d: neighbours in a phase of the kernel are so many taps apart; and how many phases have a tap. */
  readonly tapStep: number;
  readonly phases: number;
  /** L/s: neighbours in a grid are so many outputs apart; and how many grids have an output. */
  readonly outputStep: number;
  readonly grids: number;
}

function partsOf(taps: number, stride: number, dilation: number, outputs: number): AxisParts {
  const d = taps === 1 ? 1 : dilation;
  const step = (stride * d) / greatestDivisor(stride, d);
  const [tapStep, outputStep] = [step / d, step / stride];
  const [phases, grids] = [Math.min(tapStep, taps), Math.min(outputStep, outputs)];
  return { stride, dilation: d, step, tapStep, phases, outputStep, grids };
}

/** The greatest common divisor. */
function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The parts along both axes. */
export interface Parts {
  readonly rows: AxisParts;
  readonly columns: AxisParts;
}

export function convolutionParts(shape: ConvolutionShape): Parts {
  const { kernelHeight, strideHeight, dilationHeight, outputHeight } = shape;
  const { kernelWidth, strideWidth, dilationWidth, outputWidth } = shape;
  return {
    rows: partsOf(kernelHeight, strideHeight, dilationHeight, outputHeight),
    columns: partsOf(kernelWidth, strideWidth, dilationWidth, outputWidth),
  };
}

/** The convolution of stride 1 and dilation 1 over phases and grids; the shape itself where nothing is apart. */
export function phasedShape(shape: ConvolutionShape): ConvolutionShape {
  const { rows, columns } = convolutionParts(shape);
  if (rows.step === 1 && columns.step === 1) return shape;
  const kernelHeight = Math.ceil(shape.kernelHeight / rows.tapStep);
  const kernelWidth = Math.ceil(shape.kernelWidth / columns.tapStep);
  const outputHeight = Math.ceil(shape.outputHeight / rows.outputStep);
  const outputWidth = Math.ceil(shape.outputWidth / columns.outputStep);
  return Object.freeze({
    ...shape,
    batch: shape.batch * rows.grids * columns.grids,
    inputChannels: shape.inputChannels * rows.phases * columns.phases,
    // The taps of all outputs reach so far, with the padding written out.
    inputHeight: outputHeight + kernelHeight - 1,
    inputWidth: outputWidth + kernelWidth - 1,
    kernelHeight,
    kernelWidth,
    outputHeight,
    outputWidth,
    paddingTop: 0,
    paddingRight: 0,
    paddingBottom: 0,
    paddingLeft: 0,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
  });
}

interface Plane {
  readonly height: number;
  readonly width: number;
  readonly stepHeight: number;
  readonly stepWidth: number;
}

/** How many of `count` places from `first`, `step` apart, are before 0, and how many others are before `end`. */
function inside(first: number, step: number, count: number, end: number): readonly [skipped: number, number] {
  const skipped = first < 0 ? Math.ceil(-first / step) : 0;
  return [skipped, Math.min(count, Math.ceil((end - first) / step)) - skipped];
}

/**
 * Copies rows × columns of a plane from (y, x) on, every step-th of each, with zeros outside the plane: what a phase and a
 * grid read, or a part of the padded plane itself where the steps are 1.
 */
export function copyPhase(
  thread: Thread,
  { height, width, stepHeight, stepWidth }: Plane,
  plane: number,
  y: number,
  x: number,
  rows: number,
  columns: number,
  to: number,
): void {
  const [top, copiedRows] = inside(y, stepHeight, rows, height);
  const [left, copiedColumns] = inside(x, stepWidth, columns, width);
  if (copiedRows < rows || copiedColumns < columns) thread.kernels.fill(rows * columns, to, 0);
  if (copiedRows <= 0 || copiedColumns <= 0) return;
  const from = plane + (y + top * stepHeight) * width + x + left * stepWidth;
  const into = to + top * columns + left;
  thread.kernels.copyRows(copiedRows, copiedColumns, from, stepHeight * width, stepWidth, into, columns);
}

interface PhasedPlane extends Plane {
  readonly phaseHeight: number;
  readonly phaseWidth: number;
  /** The distance from a phase to the next. */
  readonly dilationHeight: number;
  readonly dilationWidth: number;
}

/**
 * Copies `count` phases of channels from phase c on in the same way, with their padded rows side by side: row v of
 * phase c + n goes to `to` + (v · count + n) · columns. The planes of an image begin at `planes`, and (y, x) is where the
 * first phase begins.
 */
export function copyPhases(
  thread: Thread,
  plane: PhasedPlane,
  planes: number,
  c: number,
  count: number,
  y: number,
  x: number,
  rows: number,
  columns: number,
  to: number,
): void {
  const { height, width, stepHeight, stepWidth, phaseHeight, phaseWidth, dilationHeight, dilationWidth } = plane;
  const phases = phaseHeight * phaseWidth;
  thread.kernels.fill(rows * count * columns, to, 0);
  for (let phase = 0; phase < phases; phase++) {
    const a = Math.floor(phase / phaseWidth);
    const top = y + a * dilationHeight;
    const first = x + (phase - a * phaseWidth) * dilationWidth;
    // The channels that have this phase among the `count`.
    const channel = Math.max(0, Math.ceil((c - phase) / phases));
    const channels = Math.ceil((c + count - phase) / phases) - channel;
    const [left, copied] = inside(first, stepWidth, columns, width);
    if (channels <= 0 || copied <= 0) continue;
    const from = planes + channel * height * width + first + left * stepWidth;
    const into = to + (channel * phases + phase - c) * columns + left;
    for (let v = 0; v < rows; v++) {
      const row = top + v * stepHeight;
      if (row < 0 || row >= height) continue;
      const at = into + v * count * columns;
      thread.kernels.copyRows(channels, copied, from + row * width, height * width, stepWidth, at, phases * columns);
    }
  }
}

interface Kernel {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly phaseHeight: number;
  readonly phaseWidth: number;
  readonly tapStepHeight: number;
  readonly tapStepWidth: number;
}

/** Splits `count` kernels, gStep apart, into the kernels of their phases, r × s each and all dense. */
export function splitKernels(
  thread: Thread,
  { kernelHeight, kernelWidth, phaseHeight, phaseWidth, tapStepHeight, tapStepWidth }: Kernel,
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
      const phase = (u % tapStepHeight) * phaseWidth + (v % tapStepWidth);
      const tap = Math.floor(u / tapStepHeight) * s + Math.floor(v / tapStepWidth);
      thread.kernels.copyRows(count, 1, g + u * kernelWidth + v, gStep, 1, to + phase * r * s + tap, splitTaps);
    }
  }
}
