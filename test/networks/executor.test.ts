/** The executor against the naive interpreter in double, whole, in batches and in slices. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  createContext,
  localResponseNormalisationOutput,
  NnpackError,
  softmaxOutput,
} from '../../src/index.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { networkBytes, planNetwork } from '../../src/networks/plan.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { makeTensor, type Tensor } from '../../src/tensor/ndarray.ts';
import { type Drawn, drawnNetwork, RUNS, randomNumbers } from './arbitrary.ts';
import { magnitudesOf, runNaive, tensor } from './naive.ts';

const EPSILON = 2 ** -24;
/** All that are linear but for clipping, so that magnitudes bound how errors grow. */
const OPS: NetworkNode['op'][] = [
  'convolution',
  'convolution',
  'convolution',
  'fully-connected',
  'max-pooling',
  'average-pooling',
  'global-average-pooling',
  'relu',
  'clamp',
  'batch-normalisation',
  'scale-shift',
  'concatenation',
  'addition',
  'resize',
  'pad',
  'dropout',
  'identity',
  'flatten',
];
/** The greatest constant of an algorithm's error bound here: F(6×6, 3×3) over at most 576 products, doubled for folding. */
const WORST_CONSTANT = 2 * 1.01 * (4 * 1565 + 1);
/** What a node that is no convolution may round: a few operations for each output. */
const PLAIN_CONSTANT = 8;

let contexts: Context[];

beforeAll(async () => {
  contexts = await Promise.all([1, 2].map((threads) => createContext({ threads })));
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

function inputsOf({ inputs }: Drawn): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, makeTensor(Float32Array.from(data), shape)]),
  );
}

function shapesOf({ inputs }: Drawn): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape.slice(1)]));
}

/** Error allowed to every output: each node's own, grown by the magnitudes of all that follow it. */
function allowedErrors({ network, inputs }: Drawn, constant: number): Map<string, number> {
  const absolute = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => {
      const greatest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      return [
        name,
        tensor(
          shape,
          data.map(() => greatest),
        ),
      ];
    }),
  );
  const magnitudes = runNaive(magnitudesOf(network), absolute);
  const total = network.nodes.reduce(
    (sum, { op }) => sum + (op === 'convolution' || op === 'fully-connected' ? constant : PLAIN_CONSTANT),
    0,
  );
  return new Map(
    network.outputs.map((name) => {
      const greatest = magnitudes.get(name)!.data.reduce((most, value) => Math.max(most, value), 0);
      return [name, total * EPSILON * greatest];
    }),
  );
}

function expectNear(drawn: Drawn, outputs: Record<string, Tensor>, constant: number): void {
  const expected = runNaive(drawn.network, drawn.inputs);
  const allowed = allowedErrors(drawn, constant);
  expect(Object.keys(outputs).sort()).toEqual([...new Set(drawn.network.outputs)].sort());
  for (const [name, output] of Object.entries(outputs)) {
    const { shape, data } = expected.get(name)!;
    expect(output.shape).toEqual([...shape]);
    // Math.max keeps a NaN, which no bound allows.
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - output.data[i])), 0);
    expect(worst, `${name} of ${drawn.network.nodes.map(({ op }) => op).join(' ')}`).toBeLessThanOrEqual(
      allowed.get(name)!,
    );
  }
}

describe('planNetwork', () => {
  it('equals the naive interpreter, with the same bits on one thread and two', () => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 9, nodes: 7 }), (drawn) => {
        const results = contexts.map((context) => {
          context.arena.f32.fill(Number.NaN, 16, Math.min(context.arena.f32.length, 400_000));
          const plan = planNetwork(drawn.network, { context, batch: drawn.batch, inputs: shapesOf(drawn) });
          try {
            return plan.run(inputsOf(drawn));
          } finally {
            plan.dispose();
          }
        });
        expectNear(drawn, results[0], WORST_CONSTANT);
        for (const name of drawn.network.outputs) expect(results[1][name].data).toEqual(results[0][name].data);
      }),
      { numRuns: 150 * RUNS },
    );
    for (const context of contexts) expect(context.arena.usedBytes).toBe(0);
  });

  it.each(['documented', 'all'] as const)("equals it with %s eligibility and NNPACK's rule", (eligibility) => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 8, nodes: 5 }), (drawn) => {
        const options = {
          context: contexts[0],
          batch: drawn.batch,
          inputs: shapesOf(drawn),
          eligibility,
          rule: 'nnpack',
        } as const;
        const plan = planNetwork(drawn.network, options);
        expectNear(drawn, plan.run(inputsOf(drawn)), WORST_CONSTANT);
        plan.dispose();
      }),
      { numRuns: 40 * RUNS },
    );
  });

  it('runs softmax and local response normalisation to the bits of their layers', () => {
    const context = contexts[0];
    const x = makeTensor(randomNumbers(3, 2 * 6 * 5 * 4), [2, 6, 5, 4]);
    const options = { size: 5, alpha: 1e-2, beta: 0.75, bias: 1 };
    const network: Network = {
      name: 'test',
      inputs: [{ name: 'x', shape: [6, 5, 4] }],
      nodes: [
        { op: 'local-response-normalisation', name: 'lrn', inputs: ['x'], ...options },
        { op: 'softmax', name: 'softmax', inputs: ['lrn'] },
      ],
      outputs: ['lrn', 'softmax'],
    };
    const plan = planNetwork(network, { context, batch: 2 });
    const { lrn, softmax } = plan.run({ x });
    plan.dispose();
    expect(lrn.data).toEqual(localResponseNormalisationOutput({ input: x, ...options, context }).data);
    expect(softmax.data).toEqual(softmaxOutput({ input: lrn, context }).data);
  });

  it.each<[string, string[], number[]]>([
    ['a + b + a', ['a', 'b', 'a'], [1, 5]],
    ['a + b + dropout(a)', ['a', 'b', 'c'], [1, 5]],
    ['a + dropout(a) + b', ['a', 'c', 'b'], [1, 5]],
    ['b + a + a + a', ['b', 'a', 'a', 'a'], [-1, 7]],
    ['a + a', ['a', 'a'], [-4, 4]],
    ['a + a + a', ['a', 'a', 'a'], [-6, 6]],
  ])('adds %s, where each may lie where another did', (_, inputs, expected) => {
    const scaled = (name: string, scale: number, shift: number): NetworkNode => {
      return { op: 'scale-shift', name, inputs: ['x'], scale: Float32Array.of(scale), shift: Float32Array.of(shift) };
    };
    // a = [−2, 2], b = [5, 1]
    const nodes: NetworkNode[] = [
      scaled('a', 2, 0),
      scaled('b', -2, 3),
      { op: 'relu', name: 'c', inputs: ['a'], negativeSlope: 1 },
      { op: 'addition', name: 'sum', inputs },
    ];
    const network: Network = { name: 'sums', inputs: [{ name: 'x', shape: [1, 1, 2] }], nodes, outputs: ['sum'] };
    const plan = planNetwork(network, { context: contexts[0] });
    expect([...plan.run({ x: makeTensor(Float32Array.of(-1, 1), [1, 1, 2]) }).sum.data]).toEqual(expected);
    plan.dispose();
  });

  it('reports every node that runs: rules, algorithm, multiply-adds and time', () => {
    const plan = planNetwork(small, { context: contexts[0], inputs: { image: [3, 12, 12] } });
    plan.run({ image: makeTensor(new Float32Array(432), [3, 12, 12]) });
    const [first, second] = plan.report();
    expect(plan.report().map(({ name }) => name)).toEqual(['a', 'b']);
    expect(first).toMatchObject({ op: 'convolution', multiplyAdds: 4 * 3 * 9 * 144 });
    expect(first.rules!.filter((rule) => !rule.passed).map((rule) => rule.condition)).toEqual(['no-bias = false']);
    expect(second.milliseconds).toBeGreaterThan(0);
    plan.dispose();
  });
});

/** Two convolutions, the first with an activation of its own node. */
const small: Network = {
  name: 'small',
  inputs: [{ name: 'image', shape: [3, null, null] }],
  nodes: [
    {
      op: 'convolution',
      name: 'a',
      inputs: ['image'],
      kernel: { data: randomNumbers(1, 108), shape: [4, 3, 3, 3] },
      padding: 1,
    },
    { op: 'relu', name: 'r', inputs: ['a'] },
    {
      op: 'convolution',
      name: 'b',
      inputs: ['r'],
      kernel: { data: randomNumbers(2, 180), shape: [5, 4, 3, 3] },
      padding: 'same',
    },
  ],
  outputs: ['b'],
};

describe('prepareNetwork', () => {
  // The default implementation adds up in an order that does not depend on where a pixel is.
  const exact = { algorithm: 'implicit-gemm' } as const;

  it('gives the same bits in smaller batches', () => {
    const context = contexts[1];
    const image = makeTensor(randomNumbers(5, 7 * 3 * 12 * 11), [7, 3, 12, 11]);
    const inputs = { image: [3, 12, 11] };
    const whole = prepareNetwork(small, { ...exact, context, batch: 7, inputs });
    const { b: expected } = whole.run({ image });
    expect(whole.parts).toBe(1);
    whole.dispose();
    for (const size of [1, 2, 3, 5]) {
      const memoryBytes = networkBytes(small, { ...exact, context, batch: size, inputs });
      const parts = prepareNetwork(small, { ...exact, context, batch: 7, inputs, memoryBytes });
      expect(parts.parts).toBeGreaterThan(1);
      expect(parts.bytes).toBeLessThanOrEqual(memoryBytes);
      expect(parts.run({ image }).b.data).toEqual(expected.data);
      parts.dispose();
    }
  });

  it('gives the same bits in slices of a picture', () => {
    const context = contexts[1];
    const image = makeTensor(randomNumbers(6, 2 * 3 * 61 * 83), [2, 3, 61, 83]);
    const inputs = { image: [3, 61, 83] };
    const whole = prepareNetwork(small, { ...exact, context, batch: 2, inputs });
    const { b: expected } = whole.run({ image });
    whole.dispose();
    const least = networkBytes(small, { ...exact, context, inputs: { image: [3, 12, 12] } });
    const all = networkBytes(small, { ...exact, context, inputs });
    for (const share of [0.05, 0.2, 0.6]) {
      const memoryBytes = Math.round(least + share * (all - least));
      const sliced = prepareNetwork(small, { ...exact, context, batch: 2, inputs, memoryBytes });
      const seen: number[] = [];
      const { b } = sliced.run({ image }, (done, of) => seen.push(done / of));
      expect(sliced.parts).toBeGreaterThan(2);
      expect(sliced.bytes).toBeLessThanOrEqual(memoryBytes);
      expect(b.data).toEqual(expected.data);
      expect(seen.at(-1)).toBe(1);
      sliced.dispose();
    }
    expect(context.arena.usedBytes).toBe(0);
  });

  it('says what it would take when nothing fits, and leaves nothing behind', () => {
    const context = contexts[0];
    const code = (work: () => unknown): string => {
      try {
        work();
      } catch (error) {
        if (error instanceof NnpackError) return error.code;
        throw error;
      }
      return 'none';
    };
    expect(code(() => prepareNetwork(small, { context, inputs: { image: [3, 12, 12] }, memoryBytes: 100 }))).toBe(
      'out-of-memory',
    );
    const plan = prepareNetwork(small, { context, inputs: { image: [3, 12, 12] } });
    expect(code(() => plan.run({}))).toBe('invalid-tensor');
    expect(code(() => plan.run({ image: makeTensor(new Float32Array(3), [3]) }))).toBe('invalid-rank');
    expect(code(() => plan.run({ image: makeTensor(new Float32Array(3 * 12 * 13), [3, 12, 13]) }))).toBe(
      'invalid-input-size',
    );
    plan.dispose();
    expect(code(() => plan.run({ image: makeTensor(new Float32Array(432), [3, 12, 12]) }))).toBe('disposed');
    expect(context.arena.usedBytes).toBe(0);
  });
});
