/**
 * Numbers near both ends of float32, by every algorithm on every table: those too small to be rounded by a factor err by no
 * more than the bound's part for them, and up to the largest input that a bound allows nothing overflows.
 */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName, inputLimit } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  explainConvolution,
  planConvolution,
} from '../../src/index.ts';
import { planNetwork } from '../../src/networks/index.ts';
import { convolveHere } from '../../src/testing/check.ts';
import {
  type ConvolutionData,
  convolutionData,
  convolutionProblem,
  convolutionReference,
  errorBound,
  expectWithin,
  outputShapeOf,
  type Problem,
  shapeOf,
} from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';
import { EMITTED } from '../support/tables.ts';
import { tensor } from '../support/tensors.ts';

const TABLES = ['scalar', ...EMITTED, 'reference'] as const;
const contexts: Context[] = [];

beforeAll(async () => {
  for (const kernels of TABLES) contexts.push(await createContext({ threads: 1, kernels }));
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

const scaled = (values: Float32Array, factor: number): Float32Array => values.map((value) => value * factor);
const greatest = (values: Float32Array | null): number =>
  Array.from(values ?? []).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const identity = (problem: Problem): Problem => ({ ...problem, activation: 'identity' });
const FEW: Partial<Record<AlgorithmName, number>> = { ft64x64: 6, ft128x128: 2, ft256x256: 1 };

describe.each(ALGORITHM_NAMES)('%s', (algorithm) => {
  const { supports, errorBound: boundOf } = algorithmNamed(algorithm);
  const problems = convolutionProblem({ algorithm, imageSize: 15, channels: 9, batch: 2 })
    .map(identity)
    .filter((problem) => supports(shapeOf(problem), 'forward') === null);
  const numRuns = runs(FEW[algorithm] ?? 40);
  // Naive transforms of large tiles are slow, and in double.
  const tables = () => (/ft(16|32|64|128|256)/.test(algorithm) ? contexts.slice(0, -1) : contexts);

  it('errs within its bound where numbers underflow', () => {
    const exponents = fc.tuple(fc.integer({ min: -150, max: 40 }), fc.integer({ min: -150, max: 40 }));
    const property = fc.property(problems, exponents, fc.boolean(), (problem, [p, q], isMixed) => {
      const drawn = convolutionData(problem);
      // Some kernels are much smaller than others.
      const kernel = drawn.kernel.map((w, i) => w * 2 ** q * (isMixed && i % 3 === 0 ? 2 ** -40 : 1));
      const data: ConvolutionData = {
        input: scaled(drawn.input, 2 ** p),
        kernel,
        bias: drawn.bias === null ? null : scaled(drawn.bias, 2 ** Math.max(p + q, -149)),
      };
      for (const context of tables()) {
        const allowed = errorBound(problem, data, boundOf(shapeOf(problem), 'forward', context));
        const result = convolveHere(problem, data, algorithm, context);
        expectWithin(result, convolutionReference(problem, data), allowed, outputShapeOf(problem));
      }
    });
    fc.assert(property, { numRuns });
  });

  it('overflows for no input up to its limit', () => {
    const property = fc.property(problems, fc.integer({ min: -100, max: 100 }), fc.boolean(), (problem, q, isFlat) => {
      const drawn = convolutionData(problem);
      // The greatest everywhere, of either sign, is the worst that there is.
      const worst = (values: Float32Array) => (isFlat ? values.map((value) => (value < 0 ? -1 : 1)) : values);
      const kernel = scaled(worst(drawn.kernel), 2 ** q);
      const bias = drawn.bias === null ? null : scaled(drawn.bias, 2 ** 90);
      for (const context of tables()) {
        const bound = boundOf(shapeOf(problem), 'forward', context);
        const limit = inputLimit(bound.range!, { kernel: greatest(kernel), bias: greatest(bias) });
        const input = scaled(worst(drawn.input), (limit / greatest(worst(drawn.input))) * (1 - 2 ** -20));
        const data = { input, kernel, bias };
        const result = convolveHere(problem, data, algorithm, context);
        const allowed = errorBound(problem, data, bound);
        expectWithin(result, convolutionReference(problem, data), allowed, outputShapeOf(problem));
      }
    });
    fc.assert(property, { numRuns });
  });
});

describe('auto', () => {
  const tiles = (name: AlgorithmName) => /^(wt|ft)/.test(name);
  const shapes = { input: { shape: [1, 32, 28, 28] }, kernel: { shape: [32, 32, 3, 3] } };
  const of = (shape: readonly number[], factor: number) => {
    const made = tensor(shape, 3);
    for (let i = 0; i < made.size; i++) made.data[i] *= factor;
    return made;
  };

  it('leaves a tile where its weights make overflow likely, in plans, calls and networks', () => {
    for (const context of contexts) {
      for (const [factor, isSafe] of [
        [1, true],
        [1e10, true],
        [1e30, false],
        [Infinity, false],
      ] as const) {
        const kernel = of(shapes.kernel.shape, factor === Infinity ? 1 : factor);
        if (factor === Infinity) kernel.data[7] = -Infinity;
        const plan = planConvolution({ ...shapes, kernel, padding: 1, context });
        const explained = explainConvolution({ ...shapes, kernel, padding: 1, context });
        const node = { name: 'y', op: 'convolution' as const, inputs: ['x'], kernel, padding: 1 };
        const inputs = [{ name: 'x', shape: [32, 28, 28] }];
        const network = planNetwork({ name: 'one layer', inputs, nodes: [node], outputs: ['y'] }, { context });
        const isTile = tiles(explainConvolution({ ...shapes, padding: 1, context }).algorithm);
        const names = [plan.algorithm, explained.algorithm, network.report()[0].algorithm as AlgorithmName];
        expect(names.map(tiles)).toEqual(names.map(() => isTile && isSafe));
        expect(explained.candidates.some(({ refusal }) => /may overflow beyond/.test(refusal ?? ''))).toBe(!isSafe);
        plan.dispose();
        network.dispose();
      }
    }
  });

  it('gives finite sums where inputs are huge, in a call; by name an algorithm stays what it is', () => {
    for (const context of contexts) {
      const [input, kernel] = [of([1, 32, 28, 28], 1e38), of([32, 32, 3, 3], 1e-37)];
      const call = { input, kernel, padding: 1, context };
      expect(convolutionInference(call).data.every(Number.isFinite)).toBe(true);
      expect(explainConvolution({ ...call, of: 'call' }).algorithm).toBe('implicit-gemm');
      const isTile = tiles(explainConvolution({ ...shapes, padding: 1, context }).algorithm);
      expect(tiles(explainConvolution(call).algorithm)).toBe(isTile);
      const forced = convolutionInference({ ...call, algorithm: 'wt8x8' });
      expect(explainConvolution({ ...call, algorithm: 'wt8x8', of: 'call' }).algorithm).toBe('wt8x8');
      if (context.kernels.name.startsWith('simd')) expect(forced.data.every(Number.isFinite)).toBe(false);
    }
  });

  it('leaves a tile for an infinite input, which then spoils what it reaches and no more', () => {
    for (const context of contexts) {
      const [input, kernel] = [of([1, 32, 28, 28], 1), of([32, 32, 3, 3], 1)];
      input.data[5 * 28 + 9] = Infinity;
      const { data } = convolutionInference({ input, kernel, padding: 1, context });
      expect(data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0)).toBe(9 * 32);
    }
  });

  it('finds the greatest of any view, in the context or not, dense or not', () => {
    const kernel = of([32, 32, 3, 3], 1e-37);
    for (const context of contexts) {
      const huge = of([1, 28, 28, 32], 1e37);
      const view = ndarray(huge.data, [1, 28, 28, 32]).transpose(0, 3, 1, 2);
      const held = context.allocate([1, 32, 28, 28]);
      for (let i = 0; i < held.size; i++) held.data[held.offset + i] = huge.data[i];
      for (const input of [view, held]) {
        expect(convolutionInference({ input, kernel, padding: 1, context }).data.every(Number.isFinite)).toBe(true);
      }
      context.free(held);
    }
  });
});
