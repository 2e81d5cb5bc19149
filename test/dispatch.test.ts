/** The choice of an algorithm: the documented conditions, NNPACK's own rule, accuracy, and what an explanation says of it. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../src/algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../src/algorithms/list.ts';
import { estimateCost } from '../src/dispatch/cost.ts';
import { nnpackChoice } from '../src/dispatch/nnpack-rule.ts';
import {
  type Context,
  ConvolutionExplanation,
  type ConvolutionGeometry,
  convolutionInference,
  convolutionOutput,
  createContext,
  explainConvolution,
  NnpackError,
  planConvolution,
  type SelectionOptions,
} from '../src/index.ts';
import { convolutionShape, multiplyAdds } from '../src/tensor/convolution-shape.ts';
import { sizeOf, type Tensor } from '../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';
import { errorScale } from '../src/testing/bounds.ts';
import { convolutionProblem, expectWithin, type Problem } from '../src/testing/index.ts';
import { naiveConvolution } from '../src/testing/naive.ts';
import { runs } from './support/runs.ts';

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

function tensor(shape: readonly number[], seed: number): Tensor {
  return ndarray(randomArray(sizeOf(shape), uniform(seed)), [...shape]);
}

interface Call extends ConvolutionGeometry {
  input: number[];
  kernel: number[];
  bias?: boolean;
}

const CONDITIONS = [
  '2-D',
  'no-bias = false',
  'dilate = (1,1)',
  'num_group = 1',
  'batch = 1, or batch > 1 and stride = (1,1)',
] as const;

describe('the documented conditions', () => {
  const met: Call = { input: [1, 32, 26, 26], kernel: [32, 32, 3, 3], padding: 1, bias: true };
  const flat: Call = { ...met, input: [2, 32, 1, 300], kernel: [32, 32, 1, 5], padding: { left: 2, right: 2 } };

  /** What a call with this eligibility does. */
  function choose(call: Call, eligibility: 'all' | 'documented', extra: SelectionOptions = {}): ConvolutionExplanation {
    const { input, kernel, bias, ...geometry } = call;
    return explainConvolution({
      ...geometry,
      ...extra,
      input: { shape: input },
      kernel: { shape: kernel },
      ...(bias ? { bias: { shape: [kernel[0]] } } : {}),
      eligibility,
      context,
    });
  }

  const VIOLATED: readonly (readonly [(typeof CONDITIONS)[number], string, Call])[] = [
    ['2-D', 'input 1×300, kernel 1×5', flat],
    ['no-bias = false', 'no bias', { ...met, bias: false }],
    ['dilate = (1,1)', '(2,2)', { ...met, dilation: 2 }],
    ['dilate = (1,1)', '(1,2)', { ...met, dilation: { height: 1, width: 2 } }],
    ['num_group = 1', '4', { ...met, kernel: [32, 8, 3, 3], groups: 4 }],
    [
      'batch = 1, or batch > 1 and stride = (1,1)',
      'batch 2, stride (2,2)',
      { ...met, input: [2, 32, 26, 26], stride: 2 },
    ],
    [
      'batch = 1, or batch > 1 and stride = (1,1)',
      'batch 3, stride (1,2)',
      { ...met, input: [3, 32, 26, 26], stride: { height: 1, width: 2 } },
    ],
  ];

  it.each(VIOLATED)('%s, alone violated (%s), means the default implementation', (condition, value, call) => {
    const { algorithm, why, rules, candidates } = choose(call, 'documented');
    expect(rules.map((rule) => rule.condition)).toEqual(CONDITIONS);
    expect(rules.filter((rule) => !rule.passed)).toEqual([{ condition, passed: false, value }]);
    expect(algorithm).toBe('implicit-gemm');
    expect(why).toBe(`default implementation: ${condition} does not hold (${value})`);
    for (const { algorithm: name, refusal } of candidates) {
      if (name === 'implicit-gemm' || name === 'reference') expect(refusal, name).toBeNull();
      else expect(refusal, name).toMatch(/^not by the documented rules: .* does not hold|expected/);
    }
    // NNPACK's own rule is not asked either, and the rules say the same whoever asks.
    expect(choose(call, 'documented', { rule: 'nnpack' }).algorithm).toBe('implicit-gemm');
    expect(choose(call, 'all').rules).toEqual(rules);
  });

  it.each(VIOLATED)('%s violated (%s) changes the implementation, not the result', (_condition, _value, call) => {
    const { input, kernel, bias, ...geometry } = call;
    const [x, w, b] = [tensor(input, 1), tensor(kernel, 2), bias ? tensor([kernel[0]], 3) : undefined];
    const options = { ...geometry, input: x, kernel: w, ...(b ? { bias: b } : {}), context };
    const documented = convolutionInference({ ...options, eligibility: 'documented' });
    const all = convolutionInference(options);
    const shape = convolutionShape('test', input, kernel, geometry);
    const bounds = (['documented', 'all'] as const).map((eligibility) => {
      const { constant, reachHeight, reachWidth } = algorithmNamed(choose(call, eligibility).algorithm).errorBound(
        shape,
        context,
      );
      const scale = errorScale(shape, x.data, w.data, b?.data ?? null, reachHeight, reachWidth);
      return scale.map((value) => value * constant * EPSILON);
    });
    const bound = bounds[0].map((value, i) => value + bounds[1][i]);
    expectWithin(all.data, documented.data, bound, all.shape);
  });

  it.each([
    ['all of them', met],
    ['a stride at batch 1', { ...met, stride: 2 }],
    ['a batch without stride', { ...met, input: [2, 32, 26, 26] }],
    ['a column of pixels', { ...met, input: [1, 32, 40, 1], kernel: [32, 32, 3, 1], padding: 0 }],
  ] as const)('that hold leave the choice free: %s', (_name, call) => {
    const { algorithm, rules, why } = choose(call as Call, 'documented');
    expect(rules.filter((rule) => !rule.passed)).toEqual([]);
    expect(why).not.toMatch(/default implementation/);
    expect(algorithm).toBe(choose(call as Call, 'all').algorithm);
  });

  it('move calls that would otherwise be faster', () => {
    expect(choose(met, 'documented').algorithm).not.toBe('implicit-gemm');
    expect(choose({ ...met, bias: false }, 'all').algorithm).not.toBe('implicit-gemm');
    expect(choose({ ...met, bias: false }, 'all').rules[1].passed).toBe(false);
  });

  it('give way to a name', () => {
    expect(choose({ ...met, bias: false }, 'documented', { algorithm: 'wt8x8' }).algorithm).toBe('wt8x8');
  });
});

describe('NNPACK’s own rule', () => {
  /** Whole numbers in ranges such as '1–12, 15'. */
  function numbers(text: string): number[] {
    return text.split(', ').flatMap((part) => {
      const [first, last = first] = part.split('–').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
  }

  function choice(
    pass: 'inference' | 'output',
    output: number | [number, number],
    r: number,
    s = r,
    stride = 1,
  ): AlgorithmName | null {
    const [height, width] = typeof output === 'number' ? [output, output] : output;
    const input = [1, 2, (height - 1) * stride + r, (width - 1) * stride + s];
    const shape = convolutionShape('test', input, [2, 2, r, s], { stride });
    expect([shape.outputHeight, shape.outputWidth]).toEqual([height, width]);
    return nnpackChoice(pass, shape);
  }

  /** Kernel, outputs that take the 8 × 8 tile in `output`, what that tile is called. All others take ft16x16. */
  const TILE8: readonly (readonly [number, string, AlgorithmName])[] = [
    [3, '1–12, 15–24, 29–36, 43–48, 57–60, 71–72', 'wt8x8'],
    [5, '1–8, 13–16', 'ft8x8'],
    [7, '1–4', 'ft8x8'],
    // Outputs of ⌈H′ / 8⌉ and ⌈H′ / 16⌉ tiles: never more than twice as many on a side.
    [1, '1–300', 'ft8x8'],
  ];

  it.each(TILE8)(
    'for a batch, with a square kernel of %i, takes the 8×8 tile for outputs of %s alone',
    (r, sizes, name) => {
      const found = Array.from({ length: 300 }, (_, i) => i + 1).filter(
        (output) => choice('output', output, r) === name,
      );
      expect(found).toEqual(numbers(sizes));
      for (let output = 1; output <= 300; output++) {
        if (!found.includes(output)) expect(choice('output', output, r)).toBe('ft16x16');
      }
    },
  );

  it.each([
    // One image: 3×3 is wt8x8 whatever the size.
    ['inference', [1, 1], 3, 3, 1, 'wt8x8'],
    ['inference', [14, 14], 3, 3, 1, 'wt8x8'],
    ['inference', [224, 224], 3, 3, 1, 'wt8x8'],
    ['inference', [14, 14], 1, 1, 1, 'direct'],
    ['inference', [14, 14], 1, 1, 2, 'implicit-gemm'],
    ['inference', [8, 8], 5, 5, 1, 'ft8x8'],
    ['inference', [9, 9], 5, 5, 1, 'ft16x16'],
    ['inference', [27, 27], 5, 5, 1, 'ft16x16'],
    ['inference', [4, 4], 7, 7, 1, 'ft8x8'],
    ['inference', [5, 5], 7, 7, 1, 'ft16x16'],
    ['inference', [1, 1], 8, 8, 1, 'ft8x8'],
    ['inference', [3, 3], 8, 8, 1, 'ft16x16'],
    ['inference', [1, 1], 9, 9, 1, 'ft16x16'],
    ['inference', [20, 20], 16, 16, 1, 'ft16x16'],
    ['inference', [20, 20], 2, 16, 1, 'ft16x16'],
    ['inference', [20, 20], 17, 17, 1, 'implicit-gemm'],
    ['inference', [20, 20], 2, 17, 1, 'implicit-gemm'],
    ['inference', [20, 20], 1, 3, 1, 'implicit-gemm'],
    ['inference', [20, 20], 3, 1, 1, 'implicit-gemm'],
    ['inference', [20, 20], 1, 17, 1, 'implicit-gemm'],
    ['inference', [20, 20], 3, 3, 2, 'implicit-gemm'],
    ['inference', [20, 20], 11, 11, 4, 'implicit-gemm'],
    // 2×3 is no Winograd case: 2 · 2 tiles against 1 of 14 × 12 outputs, 2 · 3 against 1 of 14 × 13.
    ['inference', [14, 12], 2, 3, 1, 'ft8x8'],
    ['inference', [14, 13], 2, 3, 1, 'ft16x16'],
    // A tie, t8 = 4 · t16, goes to the 8×8 tile; one tile more to the other.
    ['output', [12, 12], 3, 3, 1, 'wt8x8'],
    ['output', [13, 12], 3, 3, 1, 'ft16x16'],
    ['output', [14, 12], 3, 3, 1, 'ft16x16'],
    ['output', [15, 12], 3, 3, 1, 'wt8x8'],
    ['output', [8, 8], 5, 5, 1, 'ft8x8'],
    ['output', [8, 9], 5, 5, 1, 'ft16x16'],
    ['output', [1, 1], 9, 9, 1, 'ft16x16'],
    ['output', [30, 30], 16, 16, 1, 'ft16x16'],
    ['output', [6, 6], 1, 3, 1, 'ft8x8'],
    ['output', [6, 6], 2, 3, 1, 'ft8x8'],
    // Where NNPACK would fail with a status.
    ['output', [30, 30], 17, 17, 1, null],
    ['output', [30, 30], 3, 17, 1, null],
    ['output', [6, 6], 3, 3, 2, null],
    ['output', [6, 6], 1, 1, 2, null],
  ] as const)('in %s, %j outputs, kernel %i×%i, stride %i: %s', (pass, output, r, s, stride, expected) => {
    expect(choice(pass, [output[0], output[1]], r, s, stride)).toBe(expected);
  });

  it('counts tiles by the formula of its header for every kernel and output', () => {
    const edge = fc.integer({ min: 1, max: 8 });
    const output = fc.integer({ min: 1, max: 260 });
    fc.assert(
      fc.property(edge, edge, output, output, (r, s, height, width) => {
        const tiles = (tile: number) => Math.ceil(height / (tile + 1 - r)) * Math.ceil(width / (tile + 1 - s));
        const small = tiles(8) <= 4 * tiles(16);
        const expected = !small ? 'ft16x16' : r === 3 && s === 3 ? 'wt8x8' : 'ft8x8';
        expect(choice('output', [height, width], r, s)).toBe(expected);
      }),
      { numRuns: runs(300) },
    );
  });

  /** One pixel of padding, so that 3×3 kernels keep the size. */
  const call = (batch: number, size: number, r = 3, extra: object = {}) => ({
    input: tensor([batch, 2, size, size], 1),
    kernel: tensor([2, 2, r, r], 2),
    padding: (r - 1) / 2,
    rule: 'nnpack' as const,
    context,
    ...extra,
  });

  it('is what `rule: nnpack` runs: the inference rule for one image, the output rule for batches and convolutionOutput', () => {
    for (const size of [12, 13, 14, 15, 28]) {
      const ofBatch = size === 12 || size === 15 ? 'wt8x8' : 'ft16x16';
      expect(explainConvolution(call(1, size)).algorithm).toBe('wt8x8');
      expect(explainConvolution(call(2, size)).algorithm).toBe(ofBatch);
      const plan = planConvolution(call(3, size));
      expect([plan.algorithm, plan.explain().why]).toEqual([ofBatch, "NNPACK's rule for output"]);
      plan.dispose();
      const [single, batch] = [convolutionInference(call(1, size)), convolutionOutput(call(1, size))];
      expect([...single.data]).toEqual([
        ...convolutionInference(call(1, size, 3, { rule: undefined, algorithm: 'wt8x8' })).data,
      ]);
      expect([...batch.data]).toEqual([
        ...convolutionInference(call(1, size, 3, { rule: undefined, algorithm: ofBatch })).data,
      ]);
    }
  });

  it('falls back, and says so, where NNPACK has no choice or one that cannot be had', () => {
    const strided = explainConvolution(call(2, 14, 3, { stride: 2 }));
    expect([strided.algorithm, strided.why]).toEqual(['implicit-gemm', "NNPACK's rule for output has no choice here"]);
    const large = explainConvolution(call(2, 30, 17));
    expect([large.algorithm, large.why]).toEqual(['implicit-gemm', "NNPACK's rule for output has no choice here"]);
    const dilated = explainConvolution(call(1, 20, 3, { dilation: 2, padding: 2 }));
    expect([dilated.algorithm, dilated.why]).toEqual([
      'implicit-gemm',
      "NNPACK's rule for inference says wt8x8, which is not eligible",
    ]);
  });
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

  const shapesOf = ({ inputShape, kernelShape, hasBias, ...rest }: Problem) => ({
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
        expect(algorithmNamed(algorithm).supports(shape)).toBeNull();
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
    const standIns = [1, 2, 64].map((threadsCount) => Object.create(context, { pool: { value: { threadsCount } } }));
    const property = fc.property(sizes, geometry, ({ batch, c, k, size }, { kernel, stride }) => {
      const shape = convolutionShape('test', [batch, c, size, size], [k, c, kernel, kernel], { stride, padding: 1 });
      for (const algorithm of ALGORITHMS) {
        if (algorithm.supports(shape) !== null) continue;
        const [one, ...others] = standIns.map((each) =>
          estimateCost(context.kernels, algorithm.name, algorithm.workload(shape, each)),
        );
        for (const other of others) expect(other, algorithm.name).toEqual(one);
      }
    });
    fc.assert(property, { numRuns: runs(300) });
  });

  it('runs', () => {
    fc.assert(
      fc.property(problem, options, (drawn, selection) => {
        const { inputShape, kernelShape, hasBias, activation: _, ...geometry } = drawn;
        const x = tensor(inputShape, drawn.seed);
        const w = tensor(kernelShape, drawn.seed + 1);
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
        const bounds = ALGORITHMS.filter((one) => one.supports(shape) === null).map((one) =>
          one.errorBound(shape, context),
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
        const ofTile = [shape, own].map((some) => algorithmNamed('wt8x8').errorBound(some, context).constant);
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
    const { constant } = algorithmNamed('wt8x8').errorBound(phased, context);
    const strided = call(64, 3, { stride: 2 }).candidates.find(({ algorithm }) => algorithm === 'wt8x8-strided')!;
    expect(strided.bound).toEqual({ constant, reachHeight: 14, reachWidth: 14 });
  });

  it.each(ALGORITHM_NAMES.filter((name) => name !== 'direct'))(
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

describe('names', () => {
  const base = { input: { shape: [1, 4, 12, 12] }, kernel: { shape: [4, 4, 3, 3] } };

  function refusal(options: object): NnpackError {
    try {
      explainConvolution({ ...base, context, ...options } as Parameters<typeof explainConvolution>[0]);
    } catch (error) {
      if (error instanceof NnpackError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  }

  it.each([
    ['wt8x9', 'wt8x8'],
    ['WT6X6', 'wt6x6'],
    ['ft16x6', 'ft16x16'],
    ['ft16×16', 'ft16x16'],
    ['implicit_gemm', 'implicit-gemm'],
    ['implicitgemm', 'implicit-gemm'],
    ['refrence', 'reference'],
    ['Direct', 'direct'],
    ['Auto', 'auto'],
  ])('algorithm %s suggests %s', (name, nearest) => {
    const error = refusal({ algorithm: name });
    expect(error.code).toBe('invalid-algorithm');
    const list = ['auto', ...ALGORITHM_NAMES].join(', ');
    expect(error.message).toBe(
      `explainConvolution: algorithm is '${name}', expected one of ${list}, did you mean '${nearest}'?`,
    );
  });

  it.each([
    [{ algorithm: 'something else entirely' }, 'invalid-algorithm', /reference$/],
    [{ algorithm: '' }, 'invalid-algorithm', /^explainConvolution: algorithm is '', expected one of/],
    [{ algorithm: 5 }, 'invalid-algorithm', /algorithm is 5,/],
    [{ algorithm: null }, 'invalid-algorithm', /algorithm is null,/],
    [{ algorithm: 'toString' }, 'invalid-algorithm', /'toString'/],
    [{ rule: 'fast' }, 'invalid-argument', /^explainConvolution: rule is 'fast', expected one of fastest, nnpack/],
    [{ rule: 'fastst' }, 'invalid-argument', /did you mean 'fastest'\?$/],
    [
      { eligibility: 'documentd' },
      'invalid-argument',
      /eligibility is 'documentd', expected one of all, documented, did you mean 'documented'\?$/,
    ],
    [
      { accuracy: 'relax' },
      'invalid-argument',
      /accuracy is 'relax', expected one of default, relaxed, did you mean 'relaxed'\?$/,
    ],
    [{ maxError: 0 }, 'invalid-argument', /maxError is 0, expected a number /],
    [{ maxError: -1 }, 'invalid-argument', /maxError is -1/],
    [{ maxError: Number.NaN }, 'invalid-argument', /maxError is NaN/],
    [{ maxError: '1e-3' }, 'invalid-argument', /maxError is '1e-3'/],
    [{ maxError: null }, 'invalid-argument', /maxError is null/],
    [
      { algorithm: 'direct' },
      'unsupported-algorithm',
      /^explainConvolution: direct cannot compute this: kernel is 3×3, expected 1×1$/,
    ],
    [
      { algorithm: 'wt8x8', stride: 2 },
      'unsupported-algorithm',
      /wt8x8 cannot compute this: stride is 2×2, expected 1×1$/,
    ],
    [
      { algorithm: 'ft8x8', dilation: 2 },
      'unsupported-algorithm',
      /ft8x8 cannot compute this: dilation is 2×2, expected 1×1$/,
    ],
  ])('refused in words: %j', (options, code, text) => {
    const error = refusal(options);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });

  it.each(ALGORITHM_NAMES)('%s, asked for, is what runs', (name) => {
    const kernel = name === 'direct' ? [4, 4, 1, 1] : [4, 4, 3, 3];
    const stride = name.endsWith('-strided') ? 2 : 1;
    const explanation = explainConvolution({ ...base, kernel: { shape: kernel }, stride, algorithm: name, context });
    expect([explanation.algorithm, explanation.why]).toEqual([name, 'asked for by name']);
  });
});

describe('an explanation', () => {
  const explanation = () =>
    explainConvolution({
      input: { shape: [2, 6, 9, 10] },
      kernel: { shape: [8, 3, 3, 2] },
      bias: { shape: [8] },
      padding: { top: 1, left: 2 },
      groups: 2,
      context,
    });

  it('is data: the shape, the rules with their values, every algorithm with its counts or its reason', () => {
    const found = explanation();
    expect(found).toBeInstanceOf(ConvolutionExplanation);
    expect(found.shape).toMatchObject({
      batch: 2,
      groups: 2,
      outputHeight: 8,
      outputWidth: 11,
      paddingTop: 1,
      paddingRight: 0,
    });
    expect(found.rules).toEqual([
      { condition: '2-D', passed: true, value: 'input 9×10, kernel 3×2' },
      { condition: 'no-bias = false', passed: true, value: 'bias' },
      { condition: 'dilate = (1,1)', passed: true, value: '(1,1)' },
      { condition: 'num_group = 1', passed: false, value: '2' },
      { condition: 'batch = 1, or batch > 1 and stride = (1,1)', passed: true, value: 'batch 2, stride (1,1)' },
    ]);
    expect(found.candidates.map((candidate) => candidate.algorithm)).toEqual(ALGORITHM_NAMES);
    const named = (name: AlgorithmName) => found.candidates.find((candidate) => candidate.algorithm === name)!;
    expect(named('direct')).toEqual({
      algorithm: 'direct',
      refusal: 'kernel is 3×2, expected 1×1',
      work: null,
      cost: null,
      bound: null,
    });
    // Rows of two tiles, which emitted transforms do as four.
    const transformed = 4 * (context.kernels.tile('wt8x8', 3, 2).wholeRows ? 4 : 2);
    // ⌈8 / 6⌉ · ⌈11 / 7⌉ tiles of each image, 64 positions each, every input channel with each output of its group.
    expect(named('wt8x8').work).toMatchObject({
      tiles: 8,
      multiplyAdds: 64 * 8 * 3 * 8,
      inputTiles: transformed * 6,
      outputTiles: transformed * 8,
      kernelTiles: 3 * 8,
    });
    expect(named('wt6x6').work).toMatchObject({ tiles: 2 * 2 * 3, multiplyAdds: 36 * 12 * 3 * 8 });
    // 4 real positions, and 30 complex ones of three products each.
    expect(named('ft8x8').work).toMatchObject({ tiles: 8, multiplyAdds: (4 + 3 * 30) * 8 * 3 * 8 });
    expect(named('ft16x16').work).toMatchObject({ tiles: 2, multiplyAdds: (4 + 3 * 126) * 2 * 3 * 8 });
    expect(named('reference').work).toMatchObject({
      tiles: 0,
      multiplyAdds: multiplyAdds(found.shape),
      workspaceBytes: 0,
    });
    expect(multiplyAdds(found.shape)).toBe(2 * 8 * 3 * 3 * 2 * 8 * 11);
    for (const { work, cost, bound, algorithm } of found.candidates.filter(({ work }) => work !== null)) {
      expect(Math.min(cost!.run, bound!.constant), algorithm).toBeGreaterThan(0);
      expect(Math.min(cost!.pack, work!.workspaceBytes), algorithm).toBeGreaterThanOrEqual(0);
      expect(work!.packedBytes % 4, algorithm).toBe(0);
    }
    const eligible = found.candidates.filter(({ refusal, algorithm }) => refusal === null && algorithm !== 'reference');
    const least = Math.min(...eligible.map((candidate) => candidate.cost!.run));
    expect(named(found.algorithm).cost!.run).toBe(least);
    expect(found.why).toMatch(
      new RegExp(`^least estimated time of ${eligible.length} eligible \\(\\d+\\.\\d\\d ms\\)$`),
    );
  });

  it('prints as a table', () => {
    const lines = String(explanation()).split('\n');
    expect(lines.slice(0, 9)).toMatchInlineSnapshot(`
      [
        "convolution 2×6×9×10 * 8×3×3×2 → 2×8×8×11, padding 1 0 0 2, 2 groups",
        "",
        "documented  condition                                   here",
        "──────────  ──────────────────────────────────────────  ──────────────────────",
        "  holds     2-D                                         input 9×10, kernel 3×2",
        "  holds     no-bias = false                             bias",
        "  holds     dilate = (1,1)                              (1,1)",
        "  fails     num_group = 1                                                    2",
        "  holds     batch = 1, or batch > 1 and stride = (1,1)  batch 2, stride (1,1)",
      ]
    `);
    // Head, rule, and a row for each algorithm with its columns under those of the head.
    const head = lines[10];
    expect(head).toMatch(/^algorithm +tiles +mul\/output +run ms +pack ms +workspace kB +packed kB +error ≤$/);
    const rows = lines.slice(12, 12 + ALGORITHM_NAMES.length);
    rows.forEach((row, index) => {
      const name = ALGORITHM_NAMES[index];
      expect(row).toMatch(new RegExp(`^(→| ) ${name} `));
      expect(row.startsWith('→')).toBe(name === explanation().algorithm);
      if (name === 'direct') expect(row).toMatch(/ {20}kernel is 3×2, expected 1×1$/);
      else if (name === 'wt9x9' || name === 'wt10x10') expect(row).toMatch(/ {20}kernel is 3×2, expected 3×3$/);
      else if (name.endsWith('-strided')) expect(row).toMatch(/ {20}stride is 1×1, expected more on one side$/);
      else expect(row).toMatch(/ \d+ +\d+\.\d{3} +\d+\.\d{3} +\d+ +\d+ +\d\.\de-\d {2}eligible$/);
    });
    expect(rows[1]).toContain(' 8 ');
    expect(lines.slice(12 + rows.length)).toEqual(['', `${explanation().algorithm}: ${explanation().why}`]);
  });

  it('describes what else there is to a shape', () => {
    const describe = (options: object) =>
      String(
        explainConvolution({
          input: { shape: [3, 9, 9] },
          kernel: { shape: [3, 1, 3, 3] },
          groups: 3,
          context,
          ...options,
        }),
      ).split('\n')[0];
    expect(describe({})).toBe('convolution 1×3×9×9 * 3×1×3×3 → 1×3×7×7, 3 groups');
    expect(describe({ stride: 2, dilation: { height: 2, width: 1 }, padding: 2 })).toBe(
      'convolution 1×3×9×9 * 3×1×3×3 → 1×3×5×6, padding 2, stride 2×2, dilation 2×1, 3 groups',
    );
  });

  it('of a plan is that of the same shapes', () => {
    const plan = planConvolution({
      input: { shape: [2, 6, 9, 10] },
      kernel: tensor([8, 3, 3, 2], 1),
      bias: tensor([8], 2),
      padding: { top: 1, left: 2 },
      groups: 2,
      context,
    });
    expect(String(plan.explain())).toBe(String(explanation()));
    plan.dispose();
  });
});
