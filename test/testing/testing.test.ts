/** `nnpack-ts/testing`: what it offers to those who test kernels of their own, and the property that the suite is built on. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName, type ErrorBound } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { Context, createContext } from '../../src/index.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { KERNEL_TABLES } from '../../src/kernels/table.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import {
  type ConvolutionData,
  type Convolve,
  checkConvolution,
  convolutionData,
  convolutionProblem,
  convolutionReference,
  describeProblem,
  errorBound,
  expectWithin,
  type OwnConvolve,
  outputShapeOf,
  type Problem,
  type ProblemOptions,
  shapeOf,
} from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';

const EPSILON = 2 ** -24;
const RUNNABLE = KERNEL_TABLES.filter((name) => name === 'reference' || name === 'scalar' || refuseSimd(name) === null);
const NO_PADDING = { top: 0, right: 0, bottom: 0, left: 0 };

/** A problem with what is usual filled in. */
function problemOf(inputShape: number[], kernelShape: number[], rest: Partial<Problem> = {}): Problem {
  const one = { height: 1, width: 1 };
  const usual = { hasBias: false, padding: NO_PADDING, stride: one, dilation: one, groups: 1, seed: 1 };
  return { inputShape, kernelShape, ...usual, activation: 'identity', ...rest };
}

const floats = (...values: number[]) => Float32Array.from(values);
const upTo = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

describe('convolutionProblem', () => {
  it.each(ALGORITHM_NAMES)('draws convolutions that %s mostly serves', (algorithm) => {
    let served = 0;
    const property = fc.property(convolutionProblem({ algorithm }), (problem) => {
      expect(sizeOf(outputShapeOf(problem))).toBeGreaterThan(0);
      if (algorithmNamed(algorithm).supports(shapeOf(problem), 'forward') === null) served++;
    });
    fc.assert(property, { numRuns: 200 });
    expect(served).toBeGreaterThan(150);
  });

  const LIMITS: readonly ProblemOptions[] = [
    { batch: 1, groups: 1, channels: 2, imageSize: 5, kernelSize: [1, 5], padding: 0, stride: 1, dilation: 1 },
    { batch: 2, groups: 5, channels: 1, imageSize: 40, kernelSize: [3, 3], padding: 1, stride: 4, dilation: 2 },
    { algorithm: 'wt8x8', kernelSize: [3, 3], groups: 1, batch: 5 },
  ];

  it.each(LIMITS)('keeps within %j, and reaches them', (options) => {
    const ofTile =
      options.algorithm === 'wt8x8' ? { channels: 19, imageSize: 33, padding: 5, stride: 1, dilation: 3 } : {};
    const limits = { ...ofTile, ...options };
    const greatest: Record<string, number> = {};
    const see = (what: string, ...values: number[]) => {
      greatest[what] = Math.max(greatest[what] ?? 0, ...values);
    };
    const property = fc.property(convolutionProblem(options), (problem) => {
      const [batch, , height, width] = problem.inputShape;
      const [outputs, inputs, r, s] = problem.kernelShape;
      const { groups, padding, stride, dilation } = problem;
      see('batch', batch);
      see('groups', groups);
      see('channels', inputs, outputs / groups);
      // More only where the kernel would not fit.
      see('imageSize', Math.min(height, Math.max(limits.imageSize!, (r - 1) * dilation.height + 1)));
      see('imageSize', Math.min(width, Math.max(limits.imageSize!, (s - 1) * dilation.width + 1)));
      see('kernelSize', r, s);
      expect(Math.min(r, s)).toBeGreaterThanOrEqual(limits.kernelSize![0]);
      see('padding', ...Object.values(padding));
      see('stride', stride.height, stride.width);
      see('dilation', dilation.height, dilation.width);
    });
    fc.assert(property, { numRuns: 1000 });
    const { kernelSize, algorithm: _, ...numbers } = limits;
    expect(greatest).toEqual({ ...numbers, kernelSize: kernelSize![1] });
  });

  it.each([
    [{ algorithm: 'wt8' }, 'invalid-algorithm', "algorithm is 'wt8', expected one of direct, "],
    [{ channels: 0 }, 'invalid-argument', 'channels is 0, expected a whole number of at least 1'],
    [{ padding: -1 }, 'invalid-argument', 'padding is -1, expected a whole number of at least 0'],
    [{ kernelSize: [5, 3] }, 'invalid-argument', 'kernelSize is 3, expected a whole number of at least 5'],
    [{ stride: 1.5 }, 'invalid-argument', 'stride is 1.5, expected a whole number of at least 1'],
    [{ batch: '2' }, 'invalid-argument', "batch is '2', expected a whole number of at least 1"],
  ])('refuses %j', (options, code, text) => {
    const draw = () => convolutionProblem(options as ProblemOptions);
    expect(draw).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`convolutionProblem: ${text}`) }),
    );
  });

  it('shrinks what fails to the smallest that fails', () => {
    const fails = ({ kernelShape, padding }: Problem) => kernelShape[0] >= 3 && padding.left >= 2;
    const details = fc.check(
      fc.property(convolutionProblem(), (problem) => !fails(problem)),
      { numRuns: 1000, seed: 4 },
    );
    expect(details.counterexample).toEqual([
      problemOf([1, 1, 1, 1], [3, 1, 1, 1], { padding: { ...NO_PADDING, left: 2 } }),
    ]);
  });
});

describe('convolutionData', () => {
  it('is the same for a seed, of the sizes of the problem, in [−1, 1)', () => {
    const property = fc.property(convolutionProblem({ imageSize: 9 }), (problem) => {
      const data = convolutionData(problem);
      expect(convolutionData({ ...problem })).toEqual(data);
      expect([data.input.length, data.kernel.length]).toEqual([problem.inputShape, problem.kernelShape].map(sizeOf));
      expect(data.bias?.length ?? null).toBe(problem.hasBias ? problem.kernelShape[0] : null);
      for (const values of [data.input, data.kernel, data.bias ?? []]) {
        for (const value of values) expect(value >= -1 && value < 1).toBe(true);
      }
    });
    fc.assert(property, { numRuns: runs(50) });
  });
});

/** Worked by hand on x = 1 … 9 in 3×3 and w = 1 2 / 3 4. */
const WORKED: readonly (readonly [string, Problem, ConvolutionData, number[]])[] = [
  [
    'as it is',
    problemOf([1, 1, 3, 3], [1, 1, 2, 2]),
    { input: upTo(9), kernel: upTo(4), bias: null },
    [1 + 4 + 12 + 20, 2 + 6 + 15 + 24, 4 + 10 + 21 + 32, 5 + 12 + 24 + 36],
  ],
  [
    'with a bias, padding above and left, and stride 2',
    problemOf([1, 1, 3, 3], [1, 1, 2, 2], {
      padding: { ...NO_PADDING, top: 1, left: 1 },
      stride: { height: 2, width: 2 },
    }),
    { input: upTo(9), kernel: upTo(4), bias: floats(100) },
    [100 + 4, 100 + 6 + 12, 100 + 8 + 28, 100 + 5 + 12 + 24 + 36],
  ],
  [
    'with dilation',
    problemOf([1, 1, 3, 3], [1, 1, 2, 2], { dilation: { height: 2, width: 2 } }),
    { input: upTo(9), kernel: upTo(4), bias: null },
    [1 + 6 + 21 + 36],
  ],
  [
    'two images, two groups of one channel, two outputs each',
    problemOf([2, 2, 1, 1], [4, 1, 1, 1], { groups: 2 }),
    { input: floats(1, 2, 3, 4), kernel: floats(1, 10, 100, 1000), bias: null },
    [1, 10, 200, 2000, 3, 30, 400, 4000],
  ],
  [
    'leaky',
    problemOf([1, 1, 1, 2], [1, 1, 1, 1], { activation: { type: 'leaky', slope: 0.25 } }),
    { input: floats(-8, 8), kernel: floats(1), bias: null },
    [-2, 8],
  ],
  [
    'clamped',
    problemOf([1, 1, 1, 3], [1, 1, 1, 1], { activation: { type: 'clamp', min: -1, max: 2 } }),
    { input: floats(-8, 1, 8), kernel: floats(1), bias: null },
    [-1, 1, 2],
  ],
  [
    'rectified',
    problemOf([1, 1, 1, 2], [1, 1, 1, 1], { activation: 'relu' }),
    { input: floats(-8, 8), kernel: floats(1), bias: null },
    [0, 8],
  ],
];

it.each(WORKED)('convolutionReference %s', (_what, problem, data, expected) => {
  expect([...convolutionReference(problem, data)]).toEqual(expected);
});

describe('errorBound', () => {
  const problem = problemOf([1, 1, 1, 4], [1, 1, 1, 2], { hasBias: true });
  const data = { input: floats(1, -2, 3, -4), kernel: floats(1, -1), bias: floats(-10) };

  it('is none of an algorithm that cannot compute the problem', () => {
    const [large] = fc.sample(convolutionProblem({ kernelSize: [9, 9] }), { numRuns: 1, seed: 1 });
    for (const name of ['direct', 'wt8x8'] as const) {
      expect(() => errorBound(large, convolutionData(large), name)).toThrow(
        `errorBound: ${name} cannot compute this problem: kernel is 9×9, expected`,
      );
    }
  });

  it('is constant · 2⁻²⁴ · (|x| ∗ |w| + |b|) without reach', () => {
    const bound = errorBound(problem, data, { constant: 5, reachHeight: 0, reachWidth: 0 });
    expect([...bound]).toEqual([13, 15, 17].map((scale) => 5 * EPSILON * scale));
  });

  it('takes the greatest |x| within the reach', () => {
    const bound = errorBound(problem, data, { constant: 5, reachHeight: 0, reachWidth: 1 });
    expect([...bound]).toEqual([2 + 3 + 10, 3 + 4 + 10, 4 + 4 + 10].map((scale) => 5 * EPSILON * scale));
  });

  it('counts a tap on padding as what is in reach of it', () => {
    const padded = { ...problem, padding: { ...NO_PADDING, left: 1 } };
    const bound = errorBound(padded, data, { constant: 1, reachHeight: 0, reachWidth: 1 });
    expect(bound[0]).toBe(EPSILON * (1 + 2 + 10));
  });

  it.each(ALGORITHM_NAMES)('of %s is that of the algorithm', async (algorithm) => {
    const context = await createContext({ threads: 1 });
    const property = fc.property(convolutionProblem({ algorithm, imageSize: 7, channels: 2 }), (drawn) => {
      fc.pre(algorithmNamed(algorithm).supports(shapeOf(drawn), 'forward') === null);
      const own = algorithmNamed(algorithm).errorBound(shapeOf(drawn), 'forward', context);
      const values = convolutionData(drawn);
      expect(errorBound(drawn, values, algorithm)).toEqual(errorBound(drawn, values, own));
    });
    fc.assert(property, { numRuns: runs(10) });
    context.dispose();
  });
});

describe('errorBound of an algorithm', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const problem = problemOf([1, 3, 9, 8], [2, 3, 3, 3]);
  const data = convolutionData(problem);
  const boundIn = (context: Context) =>
    errorBound(problem, data, algorithmNamed('wt8x8').errorBound(shapeOf(problem), 'forward', context));

  it('is the same as in a context that names no kernels, whichever NNPACK_KERNELS does', () => {
    const seen = new Set<number>();
    for (const kernels of ['', 'auto', ...RUNNABLE]) {
      vi.stubEnv('NNPACK_KERNELS', kernels);
      const context = new Context({ threads: 1 });
      const bound = errorBound(problem, data, 'wt8x8');
      expect(bound, kernels).toEqual(boundIn(context));
      seen.add(bound[0]);
      context.dispose();
    }
    // Emitted kernels round what typed arrays compute in double.
    if (refuseSimd('simd') === null) expect(seen.size).toBeGreaterThan(1);
  });

  it('names what NNPACK_KERNELS may be, as a context does', () => {
    vi.stubEnv('NNPACK_KERNELS', 'scaler');
    expect(() => errorBound(problem, data, 'wt8x8')).toThrow(
      /^environment: NNPACK_KERNELS is 'scaler', expected one of/,
    );
  });
});

describe('expectWithin', () => {
  it('gives the greatest error as a fraction of the bound, and its place', () => {
    const worst = expectWithin([1, 2, 3, 4.5, 5, 6], [1, 2, 3.5, 4, 5, 6], [1, 1, 1, 2, 0, 0], [1, 2, 3]);
    expect(worst).toEqual({
      ratio: 0.5,
      place: [0, 0, 2],
      text: 'at [0, 0, 2]: got 3, expected 3.5, error 0.5, allowed 1',
    });
    expect(expectWithin([1, 2], [1, 2], [0, 0])).toEqual({ ratio: 0, place: [], text: 'exact everywhere' });
    expect(expectWithin([1, 3], [1, 2], [0, 1])).toMatchObject({ ratio: 1, place: [1] });
  });

  it.each([
    ['beyond the bound', [1, 2.5], [1, 2], [1, 0.25], 'at [1]: got 2.5, expected 2, error 0.5, allowed 0.25'],
    ['where nothing is allowed', [1, 2.5], [1, 2], [1, 0], 'at [1]: got 2.5, expected 2, error 0.5, allowed 0'],
    ['a NaN', [Number.NaN, 9], [1, 2], [1, 1], 'at [0]: got NaN, expected 1'],
    ['a NaN after an error', [1.5, Number.NaN], [1, 2], [1, 1], 'at [1]: got NaN'],
    ['a NaN in the reference', [1, 2], [1, Number.NaN], [1, 1], 'at [1]: got 2, expected NaN'],
    ['a NaN in the bound', [1, 2.5], [1, 2], [1, Number.NaN], 'at [1]: got 2.5'],
    ['∞', [Infinity], [1], [1], 'at [0]: got Infinity'],
    ['∞ on either side', [Infinity], [Infinity], [1], 'at [0]: got Infinity'],
    ['too few', [1], [1, 2], [1, 1], 'got 1 elements, and 2 in the shape, expected 2'],
  ])('throws for %s', (_what, actual, expected, bound, text) => {
    expect(() => expectWithin(actual, expected, bound)).toThrow(text);
  });

  it('throws for a shape of another size', () => {
    expect(() => expectWithin([1, 2], [1, 2], [1, 1], [3])).toThrow('got 2 elements, and 3 in the shape, expected 2');
  });
});

describe('checkConvolution', () => {
  const contexts: Context[] = [];
  const problem = problemOf([1, 2, 6, 5], [3, 2, 3, 3], { hasBias: true });
  const exact = (drawn: Problem, data: ConvolutionData) => Float32Array.from(convolutionReference(drawn, data));

  beforeAll(async () => {
    for (const threads of [1, 2]) contexts.push(await createContext({ threads }));
  });
  afterAll(() => {
    for (const context of contexts) context.dispose();
  });

  it('gives the worst error of the library', () => {
    const worst = checkConvolution(problem, 'wt8x8', contexts)!;
    expect(worst.ratio).toBeGreaterThan(0);
    expect(worst.ratio).toBeLessThanOrEqual(1);
    expect(worst.place).toHaveLength(4);
  });

  it('gives null where the algorithm does not serve', () => {
    expect(checkConvolution({ ...problem, stride: { height: 2, width: 1 } }, 'wt8x8', contexts)).toBeNull();
  });

  it('sees a wrong element, with its place', () => {
    const wrong: Convolve = (drawn, data) => exact(drawn, data).map((y, i) => (i === 17 ? y + 1e-3 : y));
    expect(() => checkConvolution(problem, 'implicit-gemm', contexts, exact)).not.toThrow();
    expect(() => checkConvolution(problem, 'implicit-gemm', contexts, wrong)).toThrow(/^at \[0, 1, 1, 2\]: got /);
  });

  it('sees what differs between numbers of threads, a sign of zero too', () => {
    const zeros = { ...problem, activation: { type: 'clamp', min: 0, max: 0 } } as const;
    const differs: Convolve = (drawn, data, _algorithm, context) =>
      exact(drawn, data).map((y, i) => (i === 4 && context === contexts[1] ? -y : y));
    const text = 'at [0, 0, 1, 1]: got 0 on 1 and -0 on 2 threads, expected the same bits';
    expect(() => checkConvolution(zeros, 'implicit-gemm', contexts, differs)).toThrow(text);
  });

  it.each<[string, AlgorithmName | ErrorBound]>([
    ['a bound by its name', 'implicit-gemm'],
    ['constants of one’s own', { constant: 2, reachHeight: 0, reachWidth: 0 }],
  ])('holds a kernel of one’s own to %s', (_, bound) => {
    expect(checkConvolution(problem, bound, exact)?.ratio).toBeLessThan(1);
    const wrong: OwnConvolve = (drawn, data) => exact(drawn, data).map((y, i) => (i === 17 ? y * 1.0001 : y));
    expect(() => checkConvolution(problem, bound, wrong)).toThrow(/^at \[0, 1, 1, 2\]: got /);
    const short: OwnConvolve = (drawn, data) => exact(drawn, data).subarray(1);
    expect(() => checkConvolution(problem, bound, short)).toThrow(/^checkConvolution: convolve gave \d+ elements/);
  });

  it('gives null for a kernel of one’s own where the bound’s algorithm does not serve, and refuses what is no bound', () => {
    expect(checkConvolution({ ...problem, stride: { height: 2, width: 1 } }, 'wt8x8', exact)).toBeNull();
    const none = { constant: Number.NaN, reachHeight: 0, reachWidth: 0 };
    expect(() => checkConvolution(problem, none, exact)).toThrow("checkConvolution: the bound's constant is NaN");
    expect(() => checkConvolution(problem, 'wt8' as AlgorithmName, exact)).toThrow("checkConvolution: bound is 'wt8'");
  });

  it('leaves nothing but NaN in memory, and refuses to where there is something', () => {
    const reads: Convolve = (_problem, _data, _algorithm, { arena }) => arena.f32.slice(16, 16 + 36);
    expect(() => checkConvolution(problem, 'implicit-gemm', contexts, reads)).toThrow(/^at \[0, 0, 0, 0\]: got NaN/);
    const tensor = contexts[1].allocate([5]);
    const refusal = 'checkConvolution: the context holds 64 bytes of tensors or plans, expected none';
    expect(() => checkConvolution(problem, 'implicit-gemm', contexts)).toThrow(refusal);
    contexts[1].free(tensor);
    expect(() => checkConvolution(problem, 'implicit-gemm', contexts)).not.toThrow();
  });
});

describe('a kernel of one’s own', () => {
  /** Direct convolution with every product and every sum rounded to float32; stride, dilation, groups are not known. */
  function ownKernel(problem: Problem, { input, kernel, bias }: ConvolutionData, isRight: boolean): Float32Array {
    const [batch, channels, height, width] = problem.inputShape;
    const [outputs, , r, s] = problem.kernelShape;
    const [, , rows, columns] = outputShapeOf(problem);
    const { top, left } = problem.padding;
    const output = new Float32Array(batch * outputs * rows * columns);
    output.forEach((_, o) => {
      const [j, i] = [o % columns, Math.floor(o / columns) % rows];
      const k = Math.floor(o / (rows * columns)) % outputs;
      const n = Math.floor(o / (outputs * rows * columns));
      let sum = bias?.[k] ?? 0;
      for (let c = 0; c < channels; c++) {
        for (let tap = 0; tap < r * s; tap++) {
          const [h, v] = [i + Math.floor(tap / s) - top, j + (tap % s) - left];
          // The mistake: the last column is taken for padding.
          if (h < 0 || v < 0 || h >= height || v >= (isRight ? width : width - 1)) continue;
          const x = input[((n * channels + c) * height + h) * width + v];
          sum = Math.fround(sum + Math.fround(x * kernel[(k * channels + c) * r * s + tap]));
        }
      }
      output[o] = sum;
    });
    return output;
  }

  const problems = convolutionProblem({ groups: 1, stride: 1, dilation: 1 }).map((problem) => ({
    ...problem,
    activation: 'identity' as const,
  }));
  const property = (isRight: boolean) =>
    fc.property(problems, (problem) => {
      const data = convolutionData(problem);
      const output = ownKernel(problem, data, isRight);
      const [, channels, r, s] = problem.kernelShape;
      const bound = { constant: 1.01 * (channels * r * s + 2), reachHeight: 0, reachWidth: 0 };
      expectWithin(
        output,
        convolutionReference(problem, data),
        errorBound(problem, data, bound),
        outputShapeOf(problem),
      );
    });

  it('that is right passes, with the bound of its roundings', () => {
    fc.assert(property(true), { numRuns: runs(100) });
  });

  it('that is wrong fails, with the smallest problem', () => {
    const { counterexample, errorInstance } = fc.check(property(false), { numRuns: 100, seed: 3 });
    const [problem] = counterexample!;
    expect(problem).toEqual({ ...problemOf([1, 1, 1, 1], [1, 1, 1, 1]), seed: problem.seed });
    expect((errorInstance as Error).message).toMatch(/^at \[0, 0, 0, 0\]: got 0, expected /);
  });
});

it.each([
  [problemOf([1, 2, 5, 5], [3, 2, 3, 3]), 'input 1×2×5×5, kernel 3×2×3×3, seed 1'],
  [
    problemOf([1, 4, 9, 9], [6, 2, 3, 1], {
      hasBias: true,
      padding: { top: 1, right: 0, bottom: 0, left: 2 },
      stride: { height: 2, width: 1 },
      dilation: { height: 1, width: 3 },
      groups: 2,
      activation: { type: 'clamp', min: -0.5, max: 0.75 },
      seed: 17,
    }),
    'input 1×4×9×9, kernel 6×2×3×1, bias, padding 1 0 0 2 (top right bottom left), stride 2×1, dilation 1×3, 2 groups, clamp -0.5 … 0.75, seed 17',
  ],
  [problemOf([1, 1, 1, 1], [1, 1, 1, 1], { activation: 'relu' }), 'input 1×1×1×1, kernel 1×1×1×1, relu, seed 1'],
])('describeProblem %#', (problem, text) => {
  expect(describeProblem(problem)).toBe(text);
});
