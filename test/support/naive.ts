/**
 * The tests' own oracle: convolution by its definition in double precision, written apart from everything in `src`, and
 * the same sum over absolute values, from which error bounds come.
 */
import type { ConvolutionShape } from '../../src/tensor/convolution-shape.ts';

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

/** The greatest |x| of the same plane within the given rows and columns of each element. */
export function windowMaximum(
  shape: ConvolutionShape,
  x: ArrayLike<number>,
  reachHeight: number,
  reachWidth: number,
): Float64Array {
  const { inputHeight: H, inputWidth: W } = shape;
  const planes = shape.batch * shape.inputChannels;
  const result = new Float64Array(planes * H * W);
  for (let plane = 0; plane < planes; plane++) {
    for (let h = 0; h < H; h++) {
      for (let v = 0; v < W; v++) {
        let greatest = 0;
        for (let i = Math.max(0, h - reachHeight); i <= Math.min(H - 1, h + reachHeight); i++) {
          for (let j = Math.max(0, v - reachWidth); j <= Math.min(W - 1, v + reachWidth); j++) {
            greatest = Math.max(greatest, Math.abs(x[(plane * H + i) * W + j]));
          }
        }
        result[(plane * H + h) * W + v] = greatest;
      }
    }
  }
  return result;
}

/**
 * X ∗ |w| + |b| for every output. A tap that falls on padding still counts the greatest |x| of its tile: the zeros there
 * go through the same transforms as the pixels beside them. So the image is widened by the reach, where X is that of the
 * nearest pixels.
 */
export function errorScale(
  shape: ConvolutionShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null,
  reachHeight: number,
  reachWidth: number,
): Float64Array {
  const absoluteW = Array.from(w, Math.abs);
  const absoluteB = b === null ? null : Array.from(b, Math.abs);
  if (reachHeight === 0 && reachWidth === 0)
    return naiveConvolution(shape, Array.from(x, Math.abs), absoluteW, absoluteB);
  const padded = padImage(shape, x);
  return naiveConvolution(
    padded.shape,
    windowMaximum(padded.shape, padded.x, reachHeight, reachWidth),
    absoluteW,
    absoluteB,
  );
}

/** The same problem with its padding written out as zeros of the image. */
function padImage(shape: ConvolutionShape, x: ArrayLike<number>): { shape: ConvolutionShape; x: Float64Array } {
  const H = shape.inputHeight + shape.paddingTop + shape.paddingBottom;
  const W = shape.inputWidth + shape.paddingLeft + shape.paddingRight;
  const planes = shape.batch * shape.inputChannels;
  const padded = new Float64Array(planes * H * W);
  for (let plane = 0; plane < planes; plane++) {
    for (let h = 0; h < shape.inputHeight; h++) {
      for (let v = 0; v < shape.inputWidth; v++) {
        padded[(plane * H + h + shape.paddingTop) * W + v + shape.paddingLeft] =
          x[(plane * shape.inputHeight + h) * shape.inputWidth + v];
      }
    }
  }
  const none = { paddingTop: 0, paddingRight: 0, paddingBottom: 0, paddingLeft: 0 };
  return { shape: { ...shape, ...none, inputHeight: H, inputWidth: W }, x: padded };
}

/** y after an activation, in double. */
export function naiveActivation(y: Float64Array, slope: number, low: number, high: number): Float64Array {
  return y.map((value) => Math.min(Math.max(value < 0 ? value * slope : value, low), high));
}

/** The greatest |y − ŷ| / bound, with its place; NaN on either side is infinitely wrong. */
export function worstError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (index: number) => number,
): { ratio: number; index: number; text: string } {
  let worst = { ratio: 0, index: -1, text: '' };
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    const allowed = bound(i);
    const ratio = error === 0 ? 0 : error / allowed;
    if (!(ratio <= worst.ratio)) {
      worst = {
        ratio: Number.isNaN(ratio) ? Infinity : ratio,
        index: i,
        text: `at ${i}: got ${actual[i]}, expected ${expected[i]}, error ${error}, allowed ${allowed}`,
      };
      if (worst.ratio === Infinity) break;
    }
  }
  return worst;
}
