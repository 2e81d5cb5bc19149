/**
 * What must hold of a convolution whatever computes it: linearity, shifts, impulses, batches, groups. None of these
 * needs the right answer to be known; all bounds are sums of the algorithm's own error bounds.
 */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { type Context, convolutionOutput, createContext } from '../../src/index.ts';
import { type ConvolutionShape, multiplyAdds } from '../../src/tensor/convolution-shape.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import {
  convolutionProblem,
  errorBound,
  expectWithin,
  outputShapeOf,
  type Problem,
  shapeOf,
} from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';

const EPSILON = 2 ** -24;
let context: Context;

beforeAll(async () => {
  context = await createContext({ threads: 1 });
});

afterAll(() => context.dispose());

function convolve(
  problem: Problem,
  algorithm: AlgorithmName,
  x: Float32Array,
  w: Float32Array,
  b: Float32Array | null = null,
): Float32Array {
  const outputShape = outputShapeOf(problem);
  const data = new Float32Array(sizeOf(outputShape)).fill(Number.NaN);
  const { padding, stride, dilation, groups } = problem;
  convolutionOutput({
    padding,
    stride,
    dilation,
    groups,
    algorithm,
    context,
    input: ndarray(x, [...problem.inputShape]),
    kernel: ndarray(w, [...problem.kernelShape]),
    ...(b === null ? {} : { bias: ndarray(b, [b.length]) }),
    output: ndarray(data, outputShape),
  });
  return data;
}

/** The greatest error that the algorithm may make at each output. */
function allowed(problem: Problem, algorithm: AlgorithmName, x: Float32Array, w: Float32Array): Float64Array {
  return errorBound(problem, { input: x, kernel: w, bias: null }, algorithm);
}

/** Multiples of 2⁻⁸ in [−1, 1): sums and differences of a few of them are exact in float32. */
function exact(size: number, next: () => number): Float32Array {
  return randomArray(size, () => Math.floor(next() * 256) / 256);
}

function combine(p: number, a: ArrayLike<number>, q: number, b: ArrayLike<number>): Float32Array {
  return Float32Array.from(a, (value, i) => p * value + q * b[i]);
}

/** The same numbers; 0 and −0 count as equal. */
function expectEqual(actual: Float32Array, expected: Float32Array): void {
  expectWithin(actual, expected, new Float64Array(expected.length));
}

/** Small problems that the algorithm serves, without an activation. */
function served(name: AlgorithmName): fc.Arbitrary<Problem> {
  return convolutionProblem({ algorithm: name })
    .filter((problem) => algorithmNamed(name).supports(shapeOf(problem), 'forward') === null && isSmall(problem))
    .map((problem) => ({ ...problem, activation: 'identity' as const }));
}

/** Bounds are made by naive loops. */
function isSmall(problem: Problem): boolean {
  return sizeOf(problem.inputShape) < 6000 && multiplyAdds(shapeOf(problem)) < 1_500_000;
}

/** The largest tiles are slow, and are asked less often. */
const TIMES: Partial<Record<AlgorithmName, number>> = { ft64x64: 8, ft128x128: 2, ft256x256: 1 };
const times = (name: AlgorithmName, usual: number): { numRuns: number } => ({
  numRuns: runs(Math.min(usual, TIMES[name] ?? usual)),
});

describe.each(ALGORITHM_NAMES)('%s', (name) => {
  it('is linear in the input and in the kernel', () => {
    fc.assert(
      fc.property(served(name), fc.constantFrom(1, -1, 2, 3), fc.constantFrom(1, -1, 0.5), (problem, p, q) => {
        const next = uniform(problem.seed);
        const [x, x2] = [0, 1].map(() => exact(sizeOf(problem.inputShape), next));
        const [w, w2] = [0, 1].map(() => exact(sizeOf(problem.kernelShape), next));
        const y = convolve(problem, name, x, w);
        const error = allowed(problem, name, x, w);
        const cases = [
          [combine(p, x, q, x2), w, convolve(problem, name, x2, w), allowed(problem, name, x2, w)],
          [x, combine(p, w, q, w2), convolve(problem, name, x, w2), allowed(problem, name, x, w2)],
        ] as const;
        for (const [xSum, wSum, y2, error2] of cases) {
          const whole = allowed(problem, name, xSum, wSum);
          const parts = Array.from(y, (value, i) => p * value + q * y2[i]);
          const bound = whole.map((value, i) => value + Math.abs(p) * error[i] + Math.abs(q) * error2[i]);
          expectWithin(convolve(problem, name, xSum, wSum), parts, bound);
        }
      }),
      times(name, 25),
    );
  });

  it('scales by powers of two and changes sign exactly, bit for bit', () => {
    fc.assert(
      fc.property(served(name), fc.constantFrom(-1, 2, -0.5, 2 ** 20, 2 ** -20), (problem, factor) => {
        const next = uniform(problem.seed);
        const x = randomArray(sizeOf(problem.inputShape), next);
        const w = randomArray(sizeOf(problem.kernelShape), next);
        const b = randomArray(problem.kernelShape[0], next);
        const scaled = convolve(problem, name, x, w, b).map((value) => value * factor);
        const times = (data: Float32Array) => data.map((value) => value * factor);
        // A sum that cancels is +0 on either side.
        expectEqual(convolve(problem, name, times(x), w, times(b)), scaled);
        expectEqual(convolve(problem, name, x, times(w), times(b)), scaled);
      }),
      times(name, 15),
    );
  });

  it('moves with its input', () => {
    const shift = fc.record({ rows: fc.integer({ min: 0, max: 9 }), columns: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(served(name), shift, (problem, { rows, columns }) => {
        // The image in a larger one of zeros, at two places: outputs move by as much where the stride lets them.
        const shape = shapeOf(problem);
        const [n, c, h, v] = problem.inputShape;
        const [dy, dx] = [rows * shape.strideHeight, columns * shape.strideWidth];
        const larger = { ...problem, inputShape: [n, c, h + dy, v + dx] };
        const next = uniform(problem.seed);
        const image = randomArray(sizeOf(problem.inputShape), next);
        const w = randomArray(sizeOf(problem.kernelShape), next);
        const placed = (top: number, left: number): Float32Array => {
          const x = new Float32Array(sizeOf(larger.inputShape));
          image.forEach((value, i) => {
            const plane = Math.floor(i / (h * v));
            const row = Math.floor((i % (h * v)) / v);
            x[(plane * (h + dy) + row + top) * (v + dx) + (i % v) + left] = value;
          });
          return x;
        };
        const [before, after] = [placed(0, 0), placed(dy, dx)];
        const [y, moved] = [convolve(larger, name, before, w), convolve(larger, name, after, w)];
        const [error, errorMoved] = [allowed(larger, name, before, w), allowed(larger, name, after, w)];
        const { outputHeight, outputWidth } = shapeOf(larger);
        // Compared where both windows see the whole of what the other sees: away from the padding on either side.
        const [top, left] = [
          Math.ceil(shape.paddingTop / shape.strideHeight),
          Math.ceil(shape.paddingLeft / shape.strideWidth),
        ];
        const pairs: { from: number; to: number }[] = [];
        for (let plane = 0; plane < n * shape.outputChannels; plane++) {
          for (let i = top; i + rows < outputHeight; i++) {
            for (let j = left; j + columns < outputWidth; j++) {
              const from = (plane * outputHeight + i) * outputWidth + j;
              pairs.push({ from, to: from + rows * outputWidth + columns });
            }
          }
        }
        const isReached = sees(shape, h + dy, v + dx, dy, dx);
        const kept = pairs.filter(({ from }) =>
          isReached(Math.floor(from / outputWidth) % outputHeight, from % outputWidth),
        );
        expectWithin(
          kept.map(({ to }) => moved[to]),
          kept.map(({ from }) => y[from]),
          kept.map(({ from, to }) => error[from] + errorMoved[to]),
        );
      }),
      times(name, 25),
    );
  });

  it('gives the kernel for an impulse in the input', () => {
    fc.assert(
      fc.property(served(name), fc.nat(), (problem, place) => {
        const shape = shapeOf(problem);
        const x = new Float32Array(sizeOf(problem.inputShape));
        const at = place % x.length;
        x[at] = 1;
        const w = randomArray(sizeOf(problem.kernelShape), uniform(problem.seed));
        const error = allowed(problem, name, x, w);
        expectWithin(convolve(problem, name, x, w), responseToInput(shape, at, w), error);
      }),
      times(name, 25),
    );
  });

  it('gives the input, shifted, for an impulse in the kernel', () => {
    fc.assert(
      fc.property(served(name), fc.nat(), (problem, place) => {
        const shape = shapeOf(problem);
        const w = new Float32Array(sizeOf(problem.kernelShape));
        const at = place % w.length;
        w[at] = 1;
        const x = randomArray(sizeOf(problem.inputShape), uniform(problem.seed));
        const error = allowed(problem, name, x, w);
        expectWithin(convolve(problem, name, x, w), responseToKernel(shape, at, x), error);
      }),
      times(name, 25),
    );
  });

  it('computes a batch as it computes each image, bit for bit', () => {
    fc.assert(
      fc.property(served(name), fc.integer({ min: 2, max: 5 }), (drawn, batch) => {
        const single = { ...drawn, inputShape: [1, ...drawn.inputShape.slice(1)] };
        const problem = { ...drawn, inputShape: [batch, ...drawn.inputShape.slice(1)] };
        const next = uniform(problem.seed);
        const x = randomArray(sizeOf(problem.inputShape), next);
        const w = randomArray(sizeOf(problem.kernelShape), next);
        const b = randomArray(problem.kernelShape[0], next);
        const y = convolve(problem, name, x, w, b);
        const size = x.length / batch;
        const outputs = y.length / batch;
        for (let n = 0; n < batch; n++) {
          const alone = convolve(single, name, x.slice(n * size, (n + 1) * size), w, b);
          expectEqual(y.subarray(n * outputs, (n + 1) * outputs), alone);
        }
      }),
      times(name, 20),
    );
  });

  it('computes groups as convolutions of their own', () => {
    fc.assert(
      fc.property(served(name), fc.integer({ min: 2, max: 4 }), (drawn, groups) => {
        const [, perGroup, r, s] = drawn.kernelShape;
        const outputs = drawn.kernelShape[0] / drawn.groups;
        const [h, v] = drawn.inputShape.slice(2);
        const problem = {
          ...drawn,
          groups,
          inputShape: [1, groups * perGroup, h, v],
          kernelShape: [groups * outputs, perGroup, r, s],
        };
        fc.pre(isSmall(problem));
        const alone = { ...drawn, groups: 1, inputShape: [1, perGroup, h, v], kernelShape: [outputs, perGroup, r, s] };
        const next = uniform(problem.seed);
        const x = randomArray(sizeOf(problem.inputShape), next);
        const w = randomArray(sizeOf(problem.kernelShape), next);
        const b = randomArray(groups * outputs, next);
        const y = convolve(problem, name, x, w, b);
        const error = allowed(problem, name, x, w);
        const ofBias = constantOf(alone, name) * EPSILON;
        for (let g = 0; g < groups; g++) {
          const part = <T extends Float32Array | Float64Array>(data: T): T => {
            const size = data.length / groups;
            return data.slice(g * size, (g + 1) * size) as T;
          };
          const [bound, bias] = [part(error), part(b)];
          const plane = bound.length / outputs;
          // Both sums are of the same terms; the bias adds its own rounding to either.
          const bounds = bound.map((value, i) => 2 * (value + ofBias * Math.abs(bias[Math.floor(i / plane)])));
          expectWithin(part(y), convolve(alone, name, part(x), part(w), bias), bounds);
        }
      }),
      times(name, 20),
    );
  });

  it('is a matrix product where the kernel is 1×1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        (k, c, h, v) => {
          const problem = pointwise(k, c, h, v);
          if (algorithmNamed(name).supports(shapeOf(problem), 'forward') !== null) return;
          const next = uniform(k * 1000 + c);
          const x = randomArray(c * h * v, next);
          const w = randomArray(k * c, next);
          const product = Float64Array.from({ length: k * h * v }, (_, i) => {
            let sum = 0;
            for (let j = 0; j < c; j++) sum += w[Math.floor(i / (h * v)) * c + j] * x[j * h * v + (i % (h * v))];
            return sum;
          });
          const error = allowed(problem, name, x, w);
          expectWithin(convolve(problem, name, x, w), product, error);
        },
      ),
      times(name, 25),
    );
    const inputs = name === 'depthwise' ? 1 : 2;
    const isFlat = algorithmNamed(name).supports(shapeOf(pointwise(2, inputs, 4, 4)), 'forward');
    expect(isFlat === null || name.startsWith('wt'), 'all but Winograd tiles serve 1×1 kernels').toBe(true);
  });
});

function pointwise(k: number, c: number, height: number, width: number): Problem {
  return {
    inputShape: [1, c, height, width],
    kernelShape: [k, c, 1, 1],
    hasBias: false,
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    stride: { height: 1, width: 1 },
    dilation: { height: 1, width: 1 },
    groups: 1,
    activation: 'identity',
    seed: 1,
  };
}

function constantOf(problem: Problem, name: AlgorithmName): number {
  return algorithmNamed(name).errorBound(shapeOf(problem), 'forward', context).constant;
}

/** Whether the window of output (i, j) ends at least (dy, dx) before the end of an image of height × width. */
function sees(shape: ConvolutionShape, height: number, width: number, dy: number, dx: number) {
  const reachHeight = (shape.kernelHeight - 1) * shape.dilationHeight;
  const reachWidth = (shape.kernelWidth - 1) * shape.dilationWidth;
  return (i: number, j: number): boolean =>
    i * shape.strideHeight - shape.paddingTop + reachHeight < height - dy &&
    j * shape.strideWidth - shape.paddingLeft + reachWidth < width - dx;
}

/** y[n, k, i, j] = w[k, c, r, s] where tap (r, s) of output (i, j) falls on the impulse at x[n, c, h, v], else 0. */
function responseToInput(shape: ConvolutionShape, at: number, w: Float32Array): Float64Array {
  const {
    inputHeight: H,
    inputWidth: W,
    inputChannels: C,
    outputChannels: K,
    outputHeight,
    outputWidth,
    groups,
  } = shape;
  const [v, h] = [at % W, Math.floor(at / W) % H];
  const c = Math.floor(at / (H * W)) % C;
  const n = Math.floor(at / (C * H * W));
  const perGroup = C / groups;
  return Float64Array.from({ length: shape.batch * K * outputHeight * outputWidth }, (_, index) => {
    const k = Math.floor(index / (outputHeight * outputWidth)) % K;
    if (Math.floor(index / (K * outputHeight * outputWidth)) !== n) return 0;
    if (Math.floor(k / (K / groups)) !== Math.floor(c / perGroup)) return 0;
    const i = Math.floor(index / outputWidth) % outputHeight;
    const j = index % outputWidth;
    const r = (h + shape.paddingTop - i * shape.strideHeight) / shape.dilationHeight;
    const s = (v + shape.paddingLeft - j * shape.strideWidth) / shape.dilationWidth;
    const isTap =
      Number.isInteger(r) && Number.isInteger(s) && r >= 0 && s >= 0 && r < shape.kernelHeight && s < shape.kernelWidth;
    return isTap ? w[((k * perGroup + (c % perGroup)) * shape.kernelHeight + r) * shape.kernelWidth + s] : 0;
  });
}

/** y[n, k, i, j] = x[n, c, i·stride + r·dilation − top, …] for the one tap (k, c, r, s) that is 1; 0 outside the image. */
function responseToKernel(shape: ConvolutionShape, at: number, x: Float32Array): Float64Array {
  const {
    inputHeight: H,
    inputWidth: W,
    inputChannels: C,
    outputChannels: K,
    outputHeight,
    outputWidth,
    groups,
  } = shape;
  const { kernelHeight: R, kernelWidth: S } = shape;
  const [s, r] = [at % S, Math.floor(at / S) % R];
  const perGroup = C / groups;
  const tapChannel = Math.floor(at / (R * S)) % perGroup;
  const tapOutput = Math.floor(at / (perGroup * R * S));
  const c = Math.floor(tapOutput / (K / groups)) * perGroup + tapChannel;
  return Float64Array.from({ length: shape.batch * K * outputHeight * outputWidth }, (_, index) => {
    const k = Math.floor(index / (outputHeight * outputWidth)) % K;
    if (k !== tapOutput) return 0;
    const n = Math.floor(index / (K * outputHeight * outputWidth));
    const h =
      (Math.floor(index / outputWidth) % outputHeight) * shape.strideHeight +
      r * shape.dilationHeight -
      shape.paddingTop;
    const v = (index % outputWidth) * shape.strideWidth + s * shape.dilationWidth - shape.paddingLeft;
    return h < 0 || h >= H || v < 0 || v >= W ? 0 : x[((n * C + c) * H + h) * W + v];
  });
}
