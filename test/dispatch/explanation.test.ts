import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import {
  type Context,
  ConvolutionExplanation,
  convolutionInference,
  createContext,
  explainConvolution,
  NnpackError,
  planConvolution,
} from '../../src/index.ts';
import { multiplyAdds } from '../../src/tensor/convolution-shape.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const contexts = new Map<number, Context>();
let context: Context;

beforeAll(async () => {
  for (const threads of [1, 2, 3]) contexts.set(threads, await createContext({ threads }));
  context = contexts.get(1)!;
});

afterAll(() => {
  for (const made of contexts.values()) made.dispose();
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
      { algorithm: 'ft8x8', dilation: 2, stride: 2 },
      'unsupported-algorithm',
      /ft8x8 cannot compute this: stride is 2×2, expected 1×1$/,
    ],
  ])('refused in words: %j', (options, code, text) => {
    const error = refusal(options);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });

  it.each(ALGORITHM_NAMES)('%s, asked for, is what runs', (name) => {
    const groups = name === 'depthwise' ? 4 : 1;
    const kernel = { shape: name === 'direct' ? [4, 4, 1, 1] : [4, 4 / groups, 3, 3] };
    const stride = name.endsWith('-strided') ? 2 : 1;
    const explanation = explainConvolution({ ...base, kernel, stride, groups, algorithm: name, context });
    expect([explanation.algorithm, explanation.why]).toEqual([name, 'asked for by name']);
  });
});

const explanationOptions = { input: { shape: [1, 4, 12, 12] }, kernel: { shape: [4, 4, 3, 3] } };

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
    const transformed = 4 * (context.kernels.tileNumbers('wt8x8', 3, 2).wholeRows ? 4 : 2);
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
    expect(head).toMatch(
      /^algorithm +tiles +mul\/output +run ms +pack ms +workspace kB +packed kB +error ≤ +\|x\| · \|w\| ≤$/,
    );
    const rows = lines.slice(12, 12 + ALGORITHM_NAMES.length);
    rows.forEach((row, index) => {
      const name = ALGORITHM_NAMES[index];
      expect(row).toMatch(new RegExp(`^(→| ) ${name} `));
      expect(row.startsWith('→')).toBe(name === explanation().algorithm);
      if (name === 'direct') expect(row).toMatch(/ {20}kernel is 3×2, expected 1×1$/);
      else if (name === 'depthwise') expect(row).toMatch(/ {20}a group has 3 input channels, expected 1$/);
      else if (name === 'wt9x9' || name === 'wt10x10') expect(row).toMatch(/ {20}kernel is 3×2, expected 3×3$/);
      else if (name.endsWith('-strided')) expect(row).toMatch(/ {20}stride is 1×1, expected more on one side$/);
      else expect(row).toMatch(/ \d+ +\d+\.\d{3} +\d+\.\d{3} +\d+ +\d+ +\d\.\de-\d +\d\.\de\+\d+ {2}eligible$/);
    });
    expect(rows[ALGORITHM_NAMES.indexOf('wt8x8')]).toContain(' 8 ');
    expect(lines.slice(12 + rows.length)).toEqual([
      '',
      'This is of a plan, which packs the kernel once: the time of a run counts.',
      expect.stringMatching(
        /^Error ≤ \S+ · \(\|x\| ∗ \|w\| \+ \|b\|\) \+ \S+ · Σ\|x\| \+ \S+ · Σ\|w\| \+ \S+; the last/,
      ),
      expect.stringMatching(/^Nothing overflows as long as the greatest \|x\| · \|w\| ≤ \d\.\de\+\d+\.$/),
      '',
      `${explanation().algorithm}: ${explanation().why}`,
    ]);
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
    // But for the limits of |x|, which need the weights.
    const data = (found: ConvolutionExplanation) => ({
      ...found,
      weights: null,
      candidates: found.candidates.map((candidate) => ({ ...candidate, inputLimit: 0 })),
    });
    expect(data(plan.explain())).toEqual(data(explanation()));
    plan.dispose();
  });

  it('of a plan whose weights are given says what it says itself', () => {
    const options = { input: { shape: [2, 6, 9, 10] }, kernel: tensor([8, 6, 3, 2], 1), bias: tensor([8], 2), context };
    const plan = planConvolution(options);
    expect(String(plan.explain())).toBe(String(explainConvolution(options)));
    expect(String(plan.explain())).toContain('  |x| ≤');
    expect(plan.explain().weights).toEqual({
      kernel: Math.max(...options.kernel.data.map(Math.abs)),
      bias: Math.max(...options.bias.data.map(Math.abs)),
    });
    plan.dispose();
  });

  it('refuses to speak of anything else than a plan or a call', () => {
    expect(() => explainConvolution({ ...explanationOptions, of: 'calls' } as never)).toThrow(
      "explainConvolution: of is 'calls', expected one of plan, call, did you mean 'call'?",
    );
  });

  it('names what runs, of a plan and of a call', () => {
    const counts = { drawn: 0, differ: 0 };
    const sizes = fc.record({
      channels: fc.constantFrom(3, 8, 16, 32, 64),
      outputs: fc.constantFrom(8, 16, 32, 64),
      size: fc.constantFrom(7, 14, 28, 56),
      r: fc.constantFrom(1, 3, 3, 5, 7),
      stride: fc.constantFrom(1, 1, 2),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    const property = fc.property(sizes, ({ channels, outputs, size, r, stride, seed }) => {
      const call = {
        input: tensor([1, channels, size, size], seed),
        kernel: tensor([outputs, channels, r, r], seed + 1),
        padding: (r - 1) / 2,
        stride,
        context,
      };
      const plan = planConvolution(call);
      const [ofPlan, ofCall] = (['plan', 'call'] as const).map((of) => explainConvolution({ ...call, of }));
      expect([ofPlan.of, ofPlan.algorithm, ofCall.of]).toEqual(['plan', plan.algorithm, 'call']);
      expect(String(ofCall)).toContain('This is of a call, which packs the kernel each time');
      // Bits are an algorithm's own, so that they say which has run.
      const bits = (algorithm: AlgorithmName | 'auto') => convolutionInference({ ...call, algorithm }).data;
      expect(bits('auto')).toEqual(bits(ofCall.algorithm));
      counts.drawn++;
      if (ofPlan.algorithm !== ofCall.algorithm) {
        counts.differ++;
        expect(bits('auto')).not.toEqual(bits(ofPlan.algorithm));
      }
      plan.dispose();
    });
    fc.assert(property, { numRuns: runs(30) });
    console.log(`plan and call differ in ${counts.differ} of ${counts.drawn} layers`);
    expect(counts.differ).toBeGreaterThan(0);
  });
});
