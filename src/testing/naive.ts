/**
 * The oracle: convolution by its definition in double precision, written apart from everything else in `src`, so that
 * nothing but a shape is shared with what it judges.
 */
import { allocated } from '../check/memory.ts';
import type { ActivationOption } from '../layers/activation.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { type ConvolutionData, type Problem, readData, readProblem } from './problems.ts';

/**
 * What a convolution must give, in double: activation(bias + input ∗ kernel), a cross-correlation as everywhere in the
 * field.
 *
 * @returns N, K, H′, W′, dense and row-major
 * @example
 * const expected = convolutionReference(problem, convolutionData(problem));
 */
export function convolutionReference(problem: Problem, data: ConvolutionData): Float64Array {
  const who = 'convolutionReference';
  const read = readProblem(who, problem);
  const { input, kernel, bias } = readData(who, read, data);
  const y = allocated(who, 'the output', () => naiveConvolution(read.shape, input, kernel, bias));
  return y.map((value) => naiveActivation(read.activation, value));
}

/**
 * y = b + x ∗ w in double. x is (N, C, H, W), w is (K, C / groups, R, S), all dense. One tap after the other is added to all
 * outputs that read it, so that each output is its sum in the order of the taps, and the innermost loop neither asks nor divides.
 */
export function naiveConvolution(
  shape: ConvolutionShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null,
): Float64Array {
  const { batch, groups, inputChannels: C, outputChannels: K, inputHeight: H, inputWidth: W } = shape;
  const { kernelHeight: R, kernelWidth: S, outputHeight, outputWidth } = shape;
  const perGroup = C / groups;
  const rows = Array.from({ length: R }, (_, r) =>
    readersOf(r * shape.dilationHeight - shape.paddingTop, shape.strideHeight, H, outputHeight),
  );
  const columns = Array.from({ length: S }, (_, s) =>
    readersOf(s * shape.dilationWidth - shape.paddingLeft, shape.strideWidth, W, outputWidth),
  );
  const y = new Float64Array(batch * K * outputHeight * outputWidth);
  // One type of array, for which the loop is compiled once.
  const [inputs, weights] = [new Float64Array(x), new Float64Array(w)];
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < K; k++) {
      const group = Math.floor((k * groups) / K);
      const to = (n * K + k) * outputHeight * outputWidth;
      if (b !== null) y.fill(b[k], to, to + outputHeight * outputWidth);
      for (let c = 0; c < perGroup; c++) {
        const plane = (n * C + group * perGroup + c) * H * W;
        for (let r = 0; r < R; r++) {
          for (let s = 0; s < S; s++) {
            const weight = weights[((k * perGroup + c) * R + r) * S + s];
            addTap(y, to, outputWidth, inputs, plane, W, weight, rows[r], columns[s]);
          }
        }
      }
    }
  }
  return y;
}

/** Outputs from `first` to before `end`, along an axis; output o reads input o · stride + offset. */
interface Readers {
  readonly first: number;
  readonly end: number;
  readonly stride: number;
  readonly offset: number;
}

/** Those whose input is none of the padding. */
function readersOf(offset: number, stride: number, inputs: number, outputs: number): Readers {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const end = Math.min(outputs, Math.floor((inputs - 1 - offset) / stride) + 1);
  return { first, end, stride, offset };
}

/** Adds weight · x to every output of a plane that reads it by this tap. */
function addTap(
  y: Float64Array,
  to: number,
  outputWidth: number,
  x: Float64Array,
  plane: number,
  inputWidth: number,
  weight: number,
  rows: Readers,
  columns: Readers,
): void {
  for (let i = rows.first; i < rows.end; i++) {
    const yRow = to + i * outputWidth;
    const xRow = plane + (i * rows.stride + rows.offset) * inputWidth + columns.offset;
    for (let j = columns.first; j < columns.end; j++) y[yRow + j] += x[xRow + j * columns.stride] * weight;
  }
}

function naiveActivation(activation: ActivationOption, y: number): number {
  if (activation === 'identity') return y;
  if (activation === 'relu') return Math.max(y, 0);
  if (activation.type === 'leaky') return y < 0 ? y * activation.slope : y;
  return Math.min(Math.max(y, activation.min), activation.max);
}
