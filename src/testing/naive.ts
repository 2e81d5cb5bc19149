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

/** y = b + x ∗ w in double. x is (N, C, H, W), w is (K, C / groups, R, S), all dense. */
export function naiveConvolution(
  shape: ConvolutionShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null,
): Float64Array {
  const { batch, groups, inputChannels: C, outputChannels: K, inputHeight: H, inputWidth: W } = shape;
  const { kernelHeight: R, kernelWidth: S, outputHeight, outputWidth } = shape;
  const y = new Float64Array(batch * K * outputHeight * outputWidth);
  const perGroup = C / groups;
  let o = 0;
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < K; k++) {
      const group = Math.floor((k * groups) / K);
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          let sum = b === null ? 0 : b[k];
          for (let tap = 0; tap < perGroup * R * S; tap++) {
            const c = Math.floor(tap / (R * S));
            const h =
              i * shape.strideHeight - shape.paddingTop + Math.floor((tap % (R * S)) / S) * shape.dilationHeight;
            const v = j * shape.strideWidth - shape.paddingLeft + (tap % S) * shape.dilationWidth;
            if (h < 0 || h >= H || v < 0 || v >= W) continue;
            sum += x[((n * C + group * perGroup + c) * H + h) * W + v] * w[k * perGroup * R * S + tap];
          }
          y[o++] = sum;
        }
      }
    }
  }
  return y;
}

function naiveActivation(activation: ActivationOption, y: number): number {
  if (activation === 'identity') return y;
  if (activation === 'relu') return Math.max(y, 0);
  if (activation.type === 'leaky') return y < 0 ? y * activation.slope : y;
  return Math.min(Math.max(y, activation.min), activation.max);
}
