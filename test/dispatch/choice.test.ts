/** The choice by cost: it always ends in what can serve, accuracy bounds it, threads do not change it. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../../src/algorithms/list.ts';
import { estimateCost } from '../../src/dispatch/cost.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  explainConvolution,
  type SelectionOptions,
} from '../../src/index.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { errorScale } from '../../src/testing/bounds.ts';
import { convolutionProblem, expectWithin, type Problem } from '../../src/testing/index.ts';
import { naiveConvolution } from '../../src/testing/naive.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const EPSILON = 2 ** -24;
const contexts = new Map<number, Context>();
let context: Context;

beforeAll(async () => {
  for (const threads of [1, 2, 3]) contexts.set(threads, await createContext({ threads }));
  context = contexts.get(1)!;
});

afterAll(() => {
  for (const made of contexts.values()) made.dispose();
});

describe('no choice ends in an error', () => {
  const options = fc.record({
    eligibility: fc.constantFrom('all' as const, 'documented' as const),
    rule: fc.constantFrom('fastest' as const, 'nnpack' as const),
    accuracy: fc.constantFrom('default' as const, 'relaxed' as const),
    maxError: fc.option(fc.constantFrom(2 ** -23, 1e-6, 1e-4, 1, Infinity), { nil: undefined }),
  });
  const problem = fc
    .constantFrom<AlgorithmName>(
      'direct',
      'wt6x6',
      'wt8x8',
      'wt9x9',
      'wt8x8-strided',
      'ft8x8',
      'ft16x16',
      'ft32x32',
      'reference',
    )
    .chain((algorithm) => convolutionProblem({ algorithm }));

  const shapesOf = ({ inputShape, kernelShape, hasBias, seed: _, ...rest }: Problem) => ({
    ...rest,
    activation: undefined,
    input: { shape: inputShape },
    kernel: { shape: kernelShape },
    ...(hasBias ? { bias: { shape: [kernelShape[0]] } } : {}),
  });

  it('and every choice can compute the shape, is not refused, and meets the accuracy that any other would meet', () => {
    fc.assert(
      fc.property(problem, options, (drawn, selection) => {
        const { algorithm, shape, candidates } = explainConvolution({ ...shapesOf(drawn), ...selection, context });
        expect(algorithmNamed(algorithm).supports(shape, 'forward')).toBeNull();
        const chosen = candidates.find((candidate) => candidate.algorithm === algorithm)!;
        expect(chosen.refusal).toBeNull();
        const { maxError } = selection;
        if (maxError === undefined) return;
        const met = candidates.filter(({ bound }) => bound !== null && bound.constant * EPSILON <= maxError);
        if (met.length > 0) {
          const error = chosen.bound!.constant * EPSILON;
          expect(error, `${algorithm}; ${met.map((one) => one.algorithm)} would do`).toBeLessThanOrEqual(maxError);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('does not depend on the number of threads', () => {
    fc.assert(
      fc.property(problem, options, (drawn, selection) => {
        const choices = [...contexts.values()].map((one) => {
          const { algorithm, why, candidates } = explainConvolution({ ...shapesOf(drawn), ...selection, context: one });
          return { algorithm, why, refusals: candidates.map((candidate) => candidate.refusal) };
        });
        for (const choice of choices) expect(choice).toEqual(choices[0]);
      }),
      { numRuns: runs(150) },
    );
  });

  it('nor does any estimate, at the sizes of networks', () => {
    const channels = fc.integer({ min: 1, max: 512 });
    const size = fc.integer({ min: 7, max: 128 });
    const sizes = fc.record({ batch: fc.integer({ min: 1, max: 8 }), c: channels, k: channels, size });
    const geometry = fc.record({ kernel: fc.constantFrom(1, 2, 3, 5, 7), stride: fc.integer({ min: 1, max: 3 }) });
    const standIns = [1, 2, 64].map((threadsCount) =>
      Object.create(context, { pool: { value: { threadsCount } }, kernels: { value: context.kernels } }),
    );
    const property = fc.property(sizes, geometry, ({ batch, c, k, size }, { kernel, stride }) => {
      const shape = convolutionShape('test', [batch, c, size, size], [k, c, kernel, kernel], { stride, padding: 1 });
      for (const algorithm of ALGORITHMS) {
        if (algorithm.supports(shape, 'forward') !== null) continue;
        const [one, ...others] = standIns.map((each) =>
          estimateCost(context.kernels, algorithm.name, algorithm.workload(shape, 'forward', each)),
        );
        for (const other of others) expect(other, algorithm.name).toEqual(one);
      }
    });
    fc.assert(property, { numRuns: runs(300) });
  });

  it('runs', () => {
    fc.assert(
      fc.property(problem, options, (drawn, selection) => {
        const { inputShape, kernelShape, hasBias, activation: _, seed, ...geometry } = drawn;
        const x = tensor(inputShape, seed);
        const w = tensor(kernelShape, seed + 1);
        const b = hasBias ? tensor([kernelShape[0]], 3) : undefined;
        const y = convolutionInference({
          ...geometry,
          ...selection,
          input: x,
          kernel: w,
          ...(b ? { bias: b } : {}),
          context,
        });
        // Which algorithm it was is seen in the tests above; here the coarsest bound of those that serve must hold.
        const shape = convolutionShape('test', inputShape, kernelShape, geometry);
        const bounds = ALGORITHMS.filter((one) => one.supports(shape, 'forward') === null).map((one) =>
          one.errorBound(shape, 'forward', context),
        );
        const reach = Math.min(24, Math.max(...bounds.map((bound) => bound.reachHeight)));
        const constant = Math.max(...bounds.map((bound) => bound.constant));
        const scale = errorScale(shape, x.data, w.data, b?.data ?? null, reach, reach);
        const bound = scale.map((value) => constant * EPSILON * value);
        expectWithin(y.data, naiveConvolution(shape, x.data, w.data, b?.data ?? null), bound, y.shape);
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('accuracy', () => {
  const call = (c: number, r: number, extra: SelectionOptions & { stride?: number } = {}) =>
    explainConvolution({ input: { shape: [1, c, 60, 60] }, kernel: { shape: [64, c, r, r] }, context, ...extra });

  it('is by default never worse than NNPACK’s own, that of its 8×8 Winograd tile', () => {
    for (const c of [1, 3, 16, 64, 256]) {
      for (const r of [2, 3, 4, 5, 6, 7, 9, 12, 20, 31]) {
        const shape = convolutionShape('test', [1, c, 60, 60], [64, c, 3, 3]);
        const own = convolutionShape('test', [1, c, 60, 60], [64, c, Math.min(r, 7), Math.min(r, 7)]);
        const ofTile = [shape, own].map(
          (some) => algorithmNamed('wt8x8').errorBound(some, 'forward', context).constant,
        );
        const ofNnpack = Math.max(...ofTile);
        const { algorithm, candidates } = call(c, r);
        const chosen = candidates.find((candidate) => candidate.algorithm === algorithm)!;
        expect(chosen.bound!.constant).toBeLessThanOrEqual(ofNnpack);
        for (const { bound, refusal } of candidates) {
          if (bound !== null && bound.constant > ofNnpack)
            expect(refusal).toMatch(/^error bound \d+ ε, allowed \d+ ε$/);
        }
        const relaxed = call(c, r, { accuracy: 'relaxed' });
        for (const { refusal } of relaxed.candidates) expect(refusal ?? '').not.toMatch(/error bound/);
      }
    }
  });

  it('allows the 8×8 tile in phases what the more terms of its sums make of it, and nothing else more for it', () => {
    for (const c of [3, 64]) {
      for (const r of [2, 3, 5, 7, 11, 14, 15, 31]) {
        const { candidates } = call(c, r, { stride: 2 });
        const named = (name: AlgorithmName) => candidates.find((candidate) => candidate.algorithm === name)!;
        const isServed = r > 2 && r <= 14;
        expect(named('wt8x8-strided').refusal === null, `${r}×${r}`).toBe(isServed);
        const others = candidates.filter(({ algorithm, bound }) => bound !== null && !algorithm.endsWith('-strided'));
        expect(others.map(({ algorithm }) => algorithm)).toEqual(['implicit-gemm', 'reference']);
      }
    }
    const phased = convolutionShape('test', [1, 4 * 64, 31, 31], [64, 4 * 64, 2, 2]);
    const { constant, underflow, range } = algorithmNamed('wt8x8').errorBound(phased, 'forward', context);
    const strided = call(64, 3, { stride: 2 }).candidates.find(({ algorithm }) => algorithm === 'wt8x8-strided')!;
    expect(strided.bound).toEqual({ constant, reachHeight: 14, reachWidth: 14, underflow, range });
  });

  it.each(ALGORITHM_NAMES.filter((name) => name !== 'direct' && name !== 'depthwise'))(
    'asked for as a number shuts out what does not meet it: %s',
    (name) => {
      const stride = name.endsWith('-strided') ? 2 : 1;
      const named = (maxError?: number) =>
        call(64, 3, { stride, maxError }).candidates.find((candidate) => candidate.algorithm === name)!;
      const bound = named().bound!.constant * EPSILON;
      const refusalAt = (maxError: number) => named(maxError).refusal;
      expect(refusalAt(bound)).toBeNull();
      if (name === 'implicit-gemm' || name === 'reference') return;
      expect(refusalAt(bound * 0.999)).toMatch(/^error bound/);
      expect(call(64, 3, { stride, maxError: bound * 0.999, accuracy: 'relaxed' }).algorithm).not.toBe(name);
    },
  );

  it('keeps to the smaller tiles, unless a call allows what F(7×7, 3×3) and F(8×8, 3×3) err by', () => {
    const large = ['wt9x9', 'wt10x10'] as const;
    const layer = (extra: SelectionOptions = {}) =>
      explainConvolution({
        input: { shape: [1, 256, 56, 56] },
        kernel: { shape: [256, 256, 3, 3] },
        padding: 1,
        context,
        ...extra,
      });
    const bounds = layer().candidates.map(
      ({ algorithm, bound }) => [algorithm, (bound?.constant ?? 0) * EPSILON] as const,
    );
    const boundOf = new Map(bounds);
    for (const name of large) {
      const { refusal } = layer().candidates.find((candidate) => candidate.algorithm === name)!;
      expect(refusal).toMatch(/^error bound \d+ ε, allowed \d+ ε$/);
      expect(layer({ algorithm: name }).algorithm).toBe(name);
    }
    // 56 is eight tiles of seven, and the fewest multiplications but for those of F(8×8, 3×3).
    expect(large).not.toContain(layer().algorithm);
    expect(large).toContain(layer({ accuracy: 'relaxed' }).algorithm);
    expect(large).toContain(layer({ maxError: boundOf.get('wt10x10')! }).algorithm);
    expect(layer({ maxError: boundOf.get('wt9x9')! }).algorithm).toBe('wt9x9');
    expect(large).not.toContain(layer({ maxError: boundOf.get('wt9x9')! * 0.999, accuracy: 'relaxed' }).algorithm);
  });

  it.each([
    [1, 1],
    [1, 3],
    [3, 1],
    [2, 2],
    [3, 5],
    [5, 5],
    [9, 9],
  ])('has the tiles of 9 and 10 for 3×3 alone, not for %i×%i', (r, s) => {
    const { candidates } = explainConvolution({
      input: { shape: [1, 4, 30, 30] },
      kernel: { shape: [4, 4, r, s] },
      accuracy: 'relaxed',
      context,
    });
    for (const name of ['wt9x9', 'wt10x10']) {
      const { refusal } = candidates.find((candidate) => candidate.algorithm === name)!;
      expect(refusal).toBe(`kernel is ${r}×${s}, expected 3×3`);
    }
  });

  it('is met by the reference where nothing else meets it', () => {
    expect(call(64, 3, { maxError: 2 ** -23 }).algorithm).toBe('reference');
  });

  it('does not bind a name', () => {
    expect(call(64, 3, { maxError: 1e-7, algorithm: 'wt8x8' }).algorithm).toBe('wt8x8');
  });
});
