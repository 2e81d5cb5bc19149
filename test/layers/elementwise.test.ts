/** ReLU, addition, softmax and the two normalisations, each against its formula in double. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  additionOutput,
  batchNormalisationOutput,
  type Context,
  createContext,
  localResponseNormalisationOutput,
  reluOutput,
  softmaxOutput,
  type TensorLike,
} from '../../src/index.ts';
import { runActivation } from '../../src/layers/relu.ts';
import { arenaOffset } from '../../src/layers/staging.ts';
import { isEmitted, roundingsOf } from '../support/roundings.ts';
import {
  type Argument,
  argumentOf,
  checkLayer,
  contextsForFile,
  DENSE,
  EPSILON,
  extent,
  layoutOf,
  runs,
  sizeOf,
  spice,
  TINY,
  valuesOf,
} from './support.ts';

const contexts = contextsForFile();

const shapeOfRank = (least: number, most: number, max = 6) =>
  fc.integer({ min: least, max: most }).chain((rank) => fc.array(extent(max), { minLength: rank, maxLength: rank }));

/** A shape as N × C planes of pixels; rank 1 and 3 have no batch. */
function planes(shape: readonly number[]): { batch: number; channels: number; pixels: number } {
  const [batch, channels, ...rest] = shape.length === 1 || shape.length === 3 ? [1, ...shape] : shape;
  return { batch, channels, pixels: sizeOf(rest) };
}

/** A case of one input, elementwise: the output apart, or the input itself. */
const unary = (least: number, most: number) =>
  fc
    .tuple(shapeOfRank(least, most), spice)
    .chain(([shape, kind]) =>
      fc.record({ x: argumentOf(shape, kind), outputLayout: layoutOf(shape.length), inPlace: fc.boolean() }),
    );

describe('reluOutput', () => {
  const slopes = fc.constantFrom(undefined, 0, 0.2, 1, 3);

  it('is x where x ≥ 0, else x · negativeSlope, for every rank and layout, and in place', () => {
    fc.assert(
      fc.property(unary(1, 5), slopes, ({ x, outputLayout, inPlace }, negativeSlope) => {
        const slope = negativeSlope ?? 0;
        const expected = x.values.map((v) => (v >= 0 ? v : slope === 0 && v < 0 ? 0 : v * slope));
        checkLayer(contexts, {
          inputs: [x],
          outputShape: x.shape,
          outputLayout,
          inPlace: inPlace ? 0 : undefined,
          expected,
          // Exact; emitted kernels take the slope as a float32, and are exact for that.
          bound: (i, { kernels }) => {
            if (!isEmitted(kernels) || !(x.values[i] < 0)) return 0;
            return Math.abs(Math.fround(x.values[i] * Math.fround(slope)) - expected[i]);
          },
          run: ([input], output, context) => reluOutput({ input, output, context, negativeSlope }),
        });
      }),
      { numRuns: runs(150) },
    );
  });

  it('works on large tensors in items shared by threads', () => {
    const shape = [3, 70_001];
    const x = { shape, values: valuesOf(sizeOf(shape), 1, 'special'), layout: DENSE(2, true) };
    const expected = x.values.map((v) => (v > 0 ? v : v < 0 ? Math.fround(v * 0.5) : v));
    checkLayer(contexts, {
      inputs: [x],
      outputShape: shape,
      outputLayout: DENSE(2, true),
      expected,
      run: ([input], output, context) => reluOutput({ input, output, context, negativeSlope: 0.5 }),
    });
  });
});

describe('runActivation', () => {
  it('applies a slope, then bounds, on offsets into the memory, in place or apart', () => {
    const [context] = contexts;
    const tensors = [context.allocate([6]), context.allocate([6])];
    const [x, y] = tensors.map(arenaOffset);
    const values = [-8, -1, 0, 1, 8, NaN];
    const read = (start: number) => [...context.arena.f32.subarray(start, start + 6)];
    context.arena.f32.set(values, x);
    runActivation(context, 6, x, y, { slope: 0.5, low: -2, high: 3 });
    expect(read(y)).toEqual([-2, -0.5, 0, 1, 3, NaN]);
    expect(read(x)).toEqual(values);
    runActivation(context, 6, x, x, { slope: 0.5, low: -2, high: 3 });
    expect(read(x)).toEqual(read(y));
    for (const tensor of tensors) context.free(tensor);
  });
});

describe('additionOutput', () => {
  it('is the rounded sum with its activation, in place of either', () => {
    const cases = fc.tuple(shapeOfRank(1, 5), spice).chain(([shape, kind]) =>
      fc.record({
        a: argumentOf(shape, kind),
        b: argumentOf(shape, kind),
        outputLayout: layoutOf(shape.length),
        inPlace: fc.constantFrom(undefined, 0, 1),
        activation: fc.constantFrom(undefined, 'relu' as const, { type: 'clamp' as const, min: -1, max: 2 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ a, b, outputLayout, inPlace, activation }) => {
        const [low, high] =
          activation === undefined ? [-Infinity, Infinity] : activation === 'relu' ? [0, Infinity] : [-1, 2];
        const expected = a.values.map((v, i) => Math.min(Math.max(v + b.values[i], low), high));
        checkLayer(contexts, {
          inputs: [a, b],
          outputShape: a.shape,
          outputLayout,
          inPlace,
          expected,
          run: ([x, y], output, context) => additionOutput({ inputs: [x, y], output, context, activation }),
        });
      }),
      { numRuns: runs(120) },
    );
  });

  it('adds a tensor to itself, and large ones in items', () => {
    const shape = [1, 3, 211, 223];
    const x = { shape, values: valuesOf(sizeOf(shape), 7), layout: DENSE(4) };
    checkLayer(contexts, {
      inputs: [x],
      outputShape: shape,
      outputLayout: DENSE(4),
      expected: x.values.map((v) => 2 * v),
      run: ([input], output, context) => additionOutput({ inputs: [input, input], output, context }),
    });
  });
});

describe('softmaxOutput', () => {
  function naiveSoftmax(shape: readonly number[], x: Float32Array): Float64Array {
    const { batch, channels, pixels } = planes(shape);
    const y = new Float64Array(x.length);
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < pixels; p++) {
        const at = Array.from({ length: channels }, (_, c) => (n * channels + c) * pixels + p);
        const greatest = Math.max(...at.map((i) => x[i]));
        const hasValue = Number.isFinite(greatest) && at.every((i) => x[i] < Infinity);
        const sum = at.reduce((total, i) => total + Math.exp(x[i] - greatest), 0);
        for (const i of at) y[i] = hasValue ? Math.exp(x[i] - greatest) / sum : NaN;
      }
    }
    return y;
  }

  it('is exp(x − M) / Σ over the channels of each image and pixel, and in place', () => {
    fc.assert(
      fc.property(unary(1, 4), ({ x, outputLayout, inPlace }) => {
        const expected = naiveSoftmax(x.shape, x.values);
        checkLayer(contexts, {
          inputs: [x],
          outputShape: x.shape,
          outputLayout,
          inPlace: inPlace ? 0 : undefined,
          expected,
          // The exponential is rounded, and the quotient: the kernel's own statement.
          bound: (i) => 2.001 * EPSILON * expected[i] + 2 * TINY,
          run: ([input], output, context) => softmaxOutput({ input, output, context }),
        });
      }),
      { numRuns: runs(120) },
    );
  });

  it.each([[[40, 1000]], [[2, 21, 64, 65]]])('shares large ones among threads: %j', (shape) => {
    const x = { shape, values: valuesOf(sizeOf(shape), 3), layout: DENSE(shape.length, true) };
    const expected = naiveSoftmax(shape, x.values);
    checkLayer(contexts, {
      inputs: [x],
      outputShape: shape,
      outputLayout: DENSE(shape.length, true),
      expected,
      bound: (i) => 2.001 * EPSILON * expected[i] + 2 * TINY,
      run: ([input], output, context) => softmaxOutput({ input, output, context }),
    });
  });
});

describe('batchNormalisationOutput', () => {
  const cases = fc.tuple(shapeOfRank(1, 4), spice).chain(([shape, kind]) => {
    const vector = argumentOf([planes(shape).channels]);
    return fc.record({
      x: argumentOf(shape, kind),
      gamma: fc.option(vector, { nil: undefined }),
      beta: fc.option(vector, { nil: undefined }),
      mean: vector,
      variance: vector.map((v) => ({ ...v, values: v.values.map((value) => Math.abs(value)) })),
      epsilon: fc.constantFrom(1e-5, 1e-3, 0.5),
      outputLayout: layoutOf(shape.length),
      inPlace: fc.boolean(),
    });
  });

  interface Statistics {
    readonly gamma?: Argument;
    readonly beta?: Argument;
    readonly mean: Argument;
    readonly variance: Argument;
    readonly epsilon: number;
  }

  /**
   * y = x · s + h with s = gamma / √(variance + epsilon) and h = beta − mean · s, and what may be wrong with it: a rounding
   * of s, of h and of y, and where a table has one, that of the product.
   */
  function naiveNormalisation({ shape, values }: Argument, { gamma, beta, mean, variance, epsilon }: Statistics) {
    const { channels, pixels } = planes(shape);
    const expected = new Float64Array(values.length);
    const [product, others] = [new Float64Array(values.length), new Float64Array(values.length)];
    values.forEach((value, i) => {
      const c = Math.floor(i / pixels) % channels;
      const factor = (gamma?.values[c] ?? 1) / Math.sqrt(variance.values[c] + epsilon);
      expected[i] = factor * (value - mean.values[c]) + (beta?.values[c] ?? 0);
      product[i] = Math.abs(factor * value);
      others[i] = Math.abs(beta?.values[c] ?? 0) + Math.abs(factor * mean.values[c]) + Math.abs(expected[i]);
    });
    const bound = (i: number, { kernels }: Context): number =>
      1.001 * EPSILON * (roundingsOf(kernels).scaleShift * product[i] + others[i]) + 8 * TINY;
    return { expected, bound };
  }

  it('is gamma · (x − mean) / √(variance + epsilon) + beta, and in place', () => {
    fc.assert(
      fc.property(cases, ({ x, outputLayout, inPlace, ...statistics }) => {
        const { gamma, beta, mean, variance, epsilon } = statistics;
        const vectors = [gamma, beta, mean, variance].filter((vector) => vector !== undefined);
        checkLayer(contexts, {
          inputs: [x, ...vectors],
          outputShape: x.shape,
          outputLayout,
          inPlace: inPlace ? 0 : undefined,
          ...naiveNormalisation(x, statistics),
          run: (tensors, output, context) => {
            const given = [...tensors];
            const next = (vector: unknown): TensorLike | undefined =>
              vector === undefined ? undefined : given.shift();
            const input = given.shift()!;
            const options = {
              input,
              gamma: next(gamma),
              beta: next(beta),
              mean: next(mean)!,
              variance: next(variance)!,
            };
            return batchNormalisationOutput({ ...options, epsilon, output, context });
          },
        });
      }),
      { numRuns: runs(120) },
    );
  });

  it.each([[[2, 3, 200, 401]], [[2, 70, 40, 30]], [[700, 300]]])('shares large ones among threads: %j', (shape) => {
    const { channels } = planes(shape);
    const x = { shape, values: valuesOf(sizeOf(shape), 5), layout: DENSE(shape.length, true) };
    const vector = (s: number) => ({
      shape: [channels],
      values: valuesOf(channels, s).map(Math.abs),
      layout: DENSE(1),
    });
    const [mean, variance, epsilon] = [vector(6), vector(7), 0.25];
    checkLayer(contexts, {
      inputs: [x, mean, variance],
      outputShape: shape,
      outputLayout: DENSE(shape.length, true),
      ...naiveNormalisation(x, { mean, variance, epsilon }),
      run: ([input, m, v], output, context) =>
        batchNormalisationOutput({ input, mean: m, variance: v, epsilon, output, context }),
    });
  });
});

describe('localResponseNormalisationOutput', () => {
  interface Response {
    readonly size: number;
    readonly alpha: number;
    readonly beta: number;
    readonly bias: number;
  }

  function naiveResponse(
    shape: readonly number[],
    x: Float32Array,
    { size, alpha, beta, bias }: Response,
  ): Float64Array {
    const { batch, channels, pixels } = planes(shape);
    const y = new Float64Array(x.length);
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < pixels; p++) {
          let squares = 0;
          for (let k = c - Math.ceil(size / 2) + 1; k <= c + Math.floor(size / 2); k++) {
            if (k >= 0 && k < channels) squares += x[(n * channels + k) * pixels + p] ** 2;
          }
          const at = (n * channels + c) * pixels + p;
          y[at] = x[at] * (bias + (alpha / size) * squares) ** -beta;
        }
      }
    }
    return y;
  }

  /** The power's own error in double is far below the margin. */
  const responseBound =
    ({ size, beta }: Response, y: Float64Array) =>
    (i: number, { kernels }: Context): number =>
      1.001 * roundingsOf(kernels).localResponse(size, beta) * EPSILON * Math.abs(y[i]) + TINY;

  const response = fc.record({
    size: fc.integer({ min: 1, max: 9 }),
    alpha: fc.constantFrom(1e-4, 0.5, 1),
    beta: fc.constantFrom(0.5, 0.75, 1, 0.6),
    bias: fc.constantFrom(1, 2),
  });

  it('is x · (bias + alpha / size · Σ x²)^(−beta) over neighbouring channels', () => {
    const cases = fc
      .tuple(shapeOfRank(3, 4, 7), spice)
      .chain(([shape, kind]) => fc.record({ x: argumentOf(shape, kind), outputLayout: layoutOf(shape.length) }));
    fc.assert(
      fc.property(cases, response, ({ x, outputLayout }, options) => {
        const expected = naiveResponse(x.shape, x.values, options);
        checkLayer(contexts, {
          inputs: [x],
          outputShape: x.shape,
          outputLayout,
          expected,
          bound: responseBound(options, expected),
          run: ([input], output, context) => localResponseNormalisationOutput({ input, output, context, ...options }),
        });
      }),
      { numRuns: runs(120) },
    );
  });

  it('shares large ones among threads', () => {
    const shape = [2, 48, 53, 54];
    const options = { size: 5, alpha: 1, beta: 0.75, bias: 1 };
    const x = { shape, values: valuesOf(sizeOf(shape), 9), layout: DENSE(4, true) };
    const expected = naiveResponse(shape, x.values, options);
    checkLayer(contexts, {
      inputs: [x],
      outputShape: shape,
      outputLayout: DENSE(4, true),
      expected,
      bound: responseBound(options, expected),
      run: ([input], output, context) => localResponseNormalisationOutput({ input, output, context, ...options }),
    });
  });
});

describe('tensors of the context', () => {
  it('are read and written where they are: no byte is allocated', async () => {
    const context = await createContext({ threads: 1 });
    const [x, y] = [context.allocate([2, 8, 6, 5]), context.allocate([2, 8, 6, 5])];
    const peak = context.describe().peakBytes;
    expect(peak).toBe(context.describe().usedBytes);
    reluOutput({ input: x, output: y, context });
    additionOutput({ inputs: [x, y], output: y, context });
    softmaxOutput({ input: x, output: x, context });
    localResponseNormalisationOutput({ input: x, output: y, context, size: 5, alpha: 1, beta: 1, bias: 1 });
    expect(context.describe().peakBytes).toBe(peak);
    context.dispose();
  });
});

it('special values are among the draws that the tests rely on', () => {
  const special = valuesOf(2000, 11, 'special');
  for (const kind of [
    Number.isNaN,
    (v: number) => v === Infinity,
    (v: number) => v === -Infinity,
    (v: number) => v === 0,
  ]) {
    expect([...special].filter(kind).length).toBeGreaterThan(20);
  }
});
