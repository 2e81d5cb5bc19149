/**
 * `batchInvariant`: an image has the same bits alone and in any batch, and no choice depends on what is beside it. What is drawn
 * is compared bit for bit with the images one by one, by every algorithm, on every table.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  encodeHalves,
  explainConvolution,
  explainFullyConnected,
  fullyConnectedInference,
  planConvolution,
  planFullyConnected,
} from '../../src/index.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { networkBytes, planNetwork } from '../../src/networks/plan.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { makeTensor, sizeOf, type Tensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { convolutionData, convolutionProblem } from '../../src/testing/index.ts';
import { outputShapeOf, type Problem, shapeOf } from '../../src/testing/problems.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { EMITTED } from '../support/tables.ts';

const TABLES = ['scalar', ...EMITTED] as const;
const BATCH = 7;

/** The images of a batch that begin at `first`, as a view of its numbers. */
function images({ data, shape }: Tensor, first: number, count: number): Tensor {
  const [, ...image] = shape;
  const size = sizeOf(image);
  return makeTensor(data.subarray(first * size, (first + count) * size), [count, ...image]);
}

function filled(shape: number[], seed: number): Tensor {
  return makeTensor(randomArray(sizeOf(shape), uniform(seed)), shape);
}

/** Elements that have other bits. */
function differing(one: Tensor, other: Tensor): number {
  const [a, b] = [one, other].map(({ data }) => new Uint32Array(data.slice().buffer));
  return a.reduce((count, bits, i) => count + (bits === b[i] ? 0 : 1), 0);
}

/** Runs a batch whole, and in parts of one and of two; all must have the same bits. */
function expectInvariant(input: Tensor, run: (input: Tensor) => Tensor): void {
  const whole = run(input);
  for (const count of [1, 2]) {
    for (let first = 0; first + count <= input.shape[0]; first += count) {
      const expected = run(images(input, first, count));
      const actual = images(whole, first, count);
      expect(`${differing(actual, expected)} differ of images ${first} …, ${count} at a time`).toMatch(/^0 differ/);
    }
  }
}

describe.each(TABLES)('a batch-invariant context of %s kernels', (kernels) => {
  let context: Context;
  beforeAll(async () => {
    context = await createContext({ kernels, threads: 2, batchInvariant: true });
  });
  afterAll(() => context.dispose());

  function convolve(problem: Problem, algorithm: 'auto' | AlgorithmName): void {
    const { padding, stride, dilation, groups, activation, kernelShape } = problem;
    const data = convolutionData(problem);
    const input = makeTensor(data.input, problem.inputShape);
    const kernel = makeTensor(data.kernel, kernelShape);
    const bias = data.bias === null ? {} : { bias: makeTensor(data.bias, [data.bias.length]) };
    const call = { padding, stride, dilation, groups, activation, kernel, ...bias, algorithm, context };
    expectInvariant(input, (some) => convolutionInference({ ...call, input: some }));
    expectInvariant(input, (some) => {
      const plan = planConvolution({ ...call, input: some });
      try {
        return plan.run(some);
      } finally {
        plan.dispose();
      }
    });
  }

  const named = ALGORITHM_NAMES.filter((name) => !/32|64|128|256/.test(name));
  it.each(['auto', ...named] as const)('gives an image the bits that it has alone, by %s', (algorithm) => {
    const limits = { batch: 5, ...(algorithm === 'auto' ? {} : { algorithm }) };
    const property = fc.property(convolutionProblem(limits), (problem) => {
      fc.pre(outputShapeOf(problem)[0] > 1);
      fc.pre(algorithm === 'auto' || algorithmNamed(algorithm).supports(shapeOf(problem), 'forward') === null);
      convolve(problem, algorithm);
    });
    fc.assert(property, { numRuns: runs(algorithm === 'auto' ? 60 : 15) });
  });

  it.each([
    [
      [BATCH, 64, 28, 28],
      [64, 64, 3, 3],
    ],
    [
      [BATCH, 16, 14, 14],
      [96, 16, 5, 5],
    ],
    [
      [BATCH, 130, 7, 7],
      [64, 130, 1, 1],
    ],
  ])('and so at sizes where a batch is worth another algorithm: %j by %j', (shape, kernelShape) => {
    const [input, kernel] = [filled(shape, 1), filled(kernelShape, 2)];
    const padding = (kernelShape[2] - 1) / 2;
    expectInvariant(input, (some) => convolutionInference({ input: some, kernel, padding, context }));
  });

  it('does not look at the images beside one', () => {
    const input = filled([2, 16, 20, 20], 3);
    input.data.subarray(input.data.length / 2).fill(3e37);
    const call = { kernel: filled([16, 16, 3, 3], 4), padding: 1, context };
    const alone = convolutionInference({ ...call, input: images(input, 0, 1) });
    const beside = images(convolutionInference({ ...call, input }), 0, 1);
    expect(beside.data).toEqual(alone.data);
  });

  it.each(['float32', 'binary16', 'panels'] as const)('gives fully-connected layers their bits: %s', (format) => {
    for (const [inputs, outputs] of [
      [300, 70],
      [37, 5],
    ] as const) {
      const input = filled([BATCH * 2, inputs], 5);
      const weights = filled([outputs, inputs], 6);
      const halves = {
        data: encodeHalves(weights.data, 'binary16'),
        shape: weights.shape,
        format: 'binary16',
      } as const;
      const kernel = format === 'float32' ? weights : halves;
      expectInvariant(input, (some) => {
        if (format !== 'panels') return fullyConnectedInference({ input: some, kernel, context });
        const plan = planFullyConnected({ input: some, kernel, context });
        try {
          return plan.run(some);
        } finally {
          plan.dispose();
        }
      });
    }
  });
});

describe('a batch-invariant choice', () => {
  let context: Context;
  let usual: Context;
  const sizes = (batch: number) => ({ input: { shape: [batch, 64, 14, 14] }, kernel: { shape: [64, 64, 3, 3] } });

  beforeAll(async () => {
    context = await createContext({ threads: 1, batchInvariant: true });
    usual = await createContext({ threads: 1 });
  });
  afterAll(() => {
    context.dispose();
    usual.dispose();
  });

  it('is that for one image, by every rule', () => {
    for (const rule of ['fastest', 'nnpack'] as const) {
      for (const eligibility of ['all', 'documented'] as const) {
        const explained = (batch: number, on: Context) =>
          explainConvolution({ ...sizes(batch), padding: 1, rule, eligibility, of: 'plan', context: on }).algorithm;
        expect([2, 8, 64].map((batch) => explained(batch, context))).toEqual(new Array(3).fill(explained(1, usual)));
      }
    }
  });

  it('is explained by the figures of one image, and says so', () => {
    const [one, eight] = [1, 8].map((batch) => explainConvolution({ ...sizes(batch), padding: 1, context }));
    expect([one.images, eight.images, eight.shape.batch]).toEqual([1, 1, 8]);
    const rows = (text: string) => text.split('\n').filter((line) => /^[→ ] \w/.test(line));
    expect(rows(String(eight)).length).toBeGreaterThan(10);
    expect(rows(String(eight))).toEqual(rows(String(one)));
    expect(String(eight)).toContain('The context is batch-invariant: the choice is that for one image');
    expect(String(one)).not.toContain('batch-invariant');
    expect(explainConvolution({ ...sizes(8), padding: 1, context: usual }).images).toBe(8);
  });

  it('is dot products for fully-connected layers, and says why', () => {
    const layer = { input: { shape: [64, 300] }, kernel: { shape: [70, 300] } };
    expect(String(explainFullyConnected({ ...layer, context }))).toMatch(/dots: .*batch-invariant/);
    expect(explainFullyConnected({ ...layer, context: usual }).implementation).toBe('gemm');
  });

  it('stays when memory does not suffice', async () => {
    const small = await createContext({ threads: 1, batchInvariant: true, memoryLimit: 3e6 });
    try {
      const kernel = filled([64, 64, 3, 3], 1);
      const call = { kernel, padding: 1, context: small };
      convolutionInference({ ...call, input: filled([1, 64, 14, 14], 2) });
      const error = failure(() => convolutionInference({ ...call, input: filled([40, 64, 14, 14], 2) }));
      expect(error.code).toBe('out-of-memory');
    } finally {
      small.dispose();
    }
  });

  it('holds for a network, whole and in parts of a batch', () => {
    const network = buildNetwork('alexnet', { width: 1 / 16, seed: 1 });
    const [{ name, shape }] = network.inputs;
    const input = filled([5, ...(shape as number[])], 7);
    const run = (some: Tensor): Tensor => {
      const plan = planNetwork(network, { batch: some.shape[0], context });
      try {
        return Object.values(plan.run({ [name]: some }))[0];
      } finally {
        plan.dispose();
      }
    };
    expectInvariant(input, run);
    const memoryBytes = Math.floor(1.2 * networkBytes(network, { batch: 2, context }));
    const parted = prepareNetwork(network, { batch: 5, memoryBytes, context });
    expect(parted.parts).toBeGreaterThan(1);
    const inParts = Object.values(parted.run({ [name]: input }))[0];
    parted.dispose();
    expect(differing(inParts, run(input))).toBe(0);
  });

  it('is asked for by true or false', async () => {
    const error = await createContext({ batchInvariant: 1 as unknown as boolean }).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(/^createContext: batchInvariant is 1, expected true or false/);
  });
});
