/** What decides without a cost: the documented conditions, and NNPACK's own rule. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { nnpackChoice } from '../../src/dispatch/nnpack-rule.ts';
import {
  type Context,
  type ConvolutionExplanation,
  type ConvolutionGeometry,
  convolutionInference,
  convolutionOutput,
  createContext,
  explainConvolution,
  planConvolution,
  type SelectionOptions,
} from '../../src/index.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { errorScale } from '../../src/testing/bounds.ts';
import { expectWithin } from '../../src/testing/index.ts';
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
        'forward',
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
      "NNPACK's rule for inference has no choice here",
    ]);
  });
});

describe('NNPACK’s own choices', () => {
  type Row = readonly [entry: 'inference' | 'output', ...sizes: number[], chosen: string];
  const file = new URL('../fixtures/nnpack-choices.json', import.meta.url);
  const [, ...rows]: Row[] = JSON.parse(readFileSync(file, 'utf8'));

  /** A layer as the options of a call, and the algorithms that NNPACK's bits are those of. */
  const layers = rows.map(([entry, ...row]) => {
    const [batch, C, K, H, W, R, S, top, bottom, left, right, strideHeight, strideWidth] = row as number[];
    return {
      entry,
      input: [batch, C, H, W],
      kernel: [K, C, R, S],
      geometry: {
        padding: { top, right, bottom, left },
        stride: { height: strideHeight, width: strideWidth },
      },
      chosen: String(row.at(-1)).split(' '),
    };
  });

  it('are 600, half by each entry, a hundred of them batches of one by `output`', () => {
    const count = (entry: string, isOne: boolean): number =>
      layers.filter((layer) => layer.entry === entry && (layer.input[0] === 1) === isOne).length;
    expect([count('inference', true), count('output', true), count('output', false)]).toEqual([300, 98, 202]);
    expect(new Set(layers.flatMap(({ chosen }) => chosen)).size).toBe(5);
  });

  it('are those of the rule, entry by entry', () => {
    const others = layers.filter(({ entry, input, kernel, geometry, chosen }) => {
      const choice = nnpackChoice(entry, convolutionShape('test', input, kernel, geometry));
      return choice === null || !chosen.includes(choice);
    });
    expect(others).toEqual([]);
  });

  it('are what the function of each entry runs with `rule: nnpack`, bit for bit', () => {
    const others = layers.filter(({ entry, input, kernel, geometry, chosen }) => {
      const convolve = entry === 'inference' ? convolutionInference : convolutionOutput;
      const options = { ...geometry, input: tensor(input, 1), kernel: tensor(kernel, 2), context };
      const [byRule, ...byName] = [
        { rule: 'nnpack' as const },
        ...chosen.map((algorithm) => ({ algorithm: algorithm as AlgorithmName })),
      ].map((choice) => Buffer.from(convolve({ ...options, ...choice }).data.buffer));
      return !byName.some((bits) => bits.equals(byRule));
    });
    expect(others).toEqual([]);
  });
});
