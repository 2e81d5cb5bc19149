/** Whatever memory there is left: a call either has what it needs, or ends in words and leaves the context as it was. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  additionOutput,
  averagePoolingOutput,
  batchNormalisationOutput,
  type Context,
  concatenationOutput,
  convolutionInference,
  convolutionOutput,
  createContext,
  fullyConnectedInference,
  globalAveragePoolingOutput,
  localResponseNormalisationOutput,
  maxPoolingOutput,
  maxPoolingOutputWithIndices,
  planConvolution,
  planFullyConnected,
  reluOutput,
  resizeOutput,
  softmaxOutput,
  warmUp,
} from '../../src/index.ts';
import type { Network } from '../../src/networks/network.ts';
import { planNetwork } from '../../src/networks/plan.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const input = tensor([2, 8, 24, 24]);
const kernel = tensor([8, 8, 3, 3], 2);
const perChannel = tensor([8], 3);
const variance = tensor([8], 4);
variance.data.fill(1);
const pooling = { input, poolingSize: 2, stride: 2 };
const rows = { input: tensor([3, 500]), kernel: tensor([70, 500], 2), bias: tensor([70], 3) };
const halves = { data: new Uint16Array(70 * 500).fill(0x3c00), shape: [70, 500], format: 'binary16' as const };
const network: Network = {
  name: 'small',
  inputs: [{ name: 'x', shape: [8, null, null] }],
  outputs: ['b'],
  nodes: [
    { name: 'a', op: 'convolution', inputs: ['x'], kernel, bias: perChannel.data, padding: 1 },
    { name: 'b', op: 'relu', inputs: ['a'] },
  ],
};
const picture = { x: tensor([8, 24, 24]) };
const SIZES = { x: [8, 24, 24] } as const;

/** What has memory of its own until it is disposed of. */
interface Plan {
  run(): unknown;
  dispose(): void;
}

/** Plans, made in the memory that there is; their runs need more where tensors lie outside of it. */
const plans: Record<string, (context: Context) => Plan> = {
  'planFullyConnected of half precision': (context) => {
    const plan = planFullyConnected({ ...rows, kernel: halves, context });
    return { run: () => plan.run(rows.input), dispose: () => plan.dispose() };
  },
  planFullyConnected: (context) => {
    const plan = planFullyConnected({ ...rows, context });
    return { run: () => plan.run(rows.input), dispose: () => plan.dispose() };
  },
  planNetwork: (context) => {
    const plan = planNetwork(network, { inputs: SIZES, context });
    return { run: () => plan.run(picture), dispose: () => plan.dispose() };
  },
  prepareNetwork: (context) => {
    const plan = prepareNetwork(network, { inputs: SIZES, context });
    return { run: () => plan.run(picture), dispose: () => plan.dispose() };
  },
};
for (const algorithm of ['auto', ...ALGORITHM_NAMES] as const) {
  const size = algorithm === 'direct' ? 1 : 3;
  const call = { input, kernel: tensor([8, 8, size, size], 2), bias: perChannel, algorithm };
  const shape = convolutionShape('test', call.input.shape, call.kernel.shape, {});
  if (algorithm !== 'auto' && algorithmNamed(algorithm).supports(shape, 'forward') !== null) continue;
  plans[`planConvolution by ${algorithm}`] = (context) => {
    const plan = planConvolution({ ...call, context });
    return { run: () => plan.run(input), dispose: () => plan.dispose() };
  };
}

const calls: Record<string, (context: Context) => unknown> = {
  warmUp,
  allocate: (context) => context.free(context.allocate([100, 100])),
  convolutionInference: (context) => convolutionInference({ input, kernel, context }),
  'convolutionOutput of measured': (context) => convolutionOutput({ input, kernel, rule: 'measured', context }),
  fullyConnectedInference: (context) => fullyConnectedInference({ ...rows, context }),
  'fullyConnectedInference of half precision': (context) =>
    fullyConnectedInference({ ...rows, kernel: halves, context }),
  maxPoolingOutput: (context) => maxPoolingOutput({ ...pooling, context }),
  maxPoolingOutputWithIndices: (context) => maxPoolingOutputWithIndices({ ...pooling, context }),
  averagePoolingOutput: (context) => averagePoolingOutput({ ...pooling, context }),
  globalAveragePoolingOutput: (context) => globalAveragePoolingOutput({ input, context }),
  reluOutput: (context) => reluOutput({ input, context }),
  softmaxOutput: (context) => softmaxOutput({ input, context }),
  additionOutput: (context) => additionOutput({ inputs: [input, input], context }),
  concatenationOutput: (context) => concatenationOutput({ inputs: [input, input], context }),
  batchNormalisationOutput: (context) =>
    batchNormalisationOutput({ input, mean: perChannel, variance, epsilon: 1e-5, context }),
  localResponseNormalisationOutput: (context) =>
    localResponseNormalisationOutput({ input, size: 5, alpha: 1e-4, beta: 0.75, bias: 1, context }),
  resizeOutput: (context) => resizeOutput({ input, scale: 2, mode: 'bilinear', context }),
};

describe('memory that is nearly used up', () => {
  let context: Context;
  beforeAll(async () => {
    context = await createContext({ threads: 2, memoryLimit: 2 ** 26 });
  });
  afterAll(() => context.dispose());

  /** Bytes that some work takes in all. */
  async function bytesOf(work: (context: Context) => unknown): Promise<number> {
    const own = await createContext({ threads: 2 });
    work(own);
    const { peakBytes } = own.arena;
    own.dispose();
    return peakBytes;
  }

  /** Leaves so many bytes to some work, whose failure must be one in words that changes nothing. True if it fails. */
  function fails(bytes: number, work: () => unknown): boolean {
    const ballast = context.allocate([Math.max(0, Math.floor((context.arena.availableBytes - bytes) / 4) - 64)]);
    const used = context.arena.usedBytes;
    try {
      work();
      return false;
    } catch {
      const error = failure(work);
      expect(error.code, error.message).toBe('out-of-memory');
      expect(context.describe().usedBytes).toBe(used);
      return true;
    } finally {
      context.free(ballast);
    }
  }

  it.each(Object.entries(calls))('is left as it was by %s', async (name, work) => {
    const most = await bytesOf(work);
    let failures = 0;
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1.2, noNaN: true }), (part) => {
        if (fails(part * most, () => work(context))) failures++;
        expect(context.describe().usedBytes).toBe(0);
      }),
      { numRuns: runs(name === 'warmUp' ? 4 : 15), examples: [[0.01], [0.5], [0.95]] },
    );
    expect(failures).toBeGreaterThan(0);
  });

  it.each(Object.entries(plans))('is left as it was by %s, and by a run of it', async (_name, make) => {
    const whole = (own: Context): void => {
      const plan = make(own);
      plan.run();
      plan.dispose();
    };
    const most = await bytesOf(whole);
    const planned = await bytesOf((own) => make(own).dispose());
    let failures = 0;
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1.2, noNaN: true }), (part) => {
        if (fails(part * most, () => make(context).dispose())) failures++;
        expect(context.describe().usedBytes).toBe(0);
      }),
      { numRuns: runs(12), examples: [[0.01], [0.5]] },
    );
    expect(failures).toBeGreaterThan(0);
    // What a run needs beside the plan is left to it in part.
    const plan = make(context);
    const used = context.describe().usedBytes;
    for (const part of [0.1, 0.5, 0.9, 1.5]) fails(part * Math.max(0, most - planned), plan.run);
    plan.run();
    plan.dispose();
    expect([used > 0, context.describe().usedBytes]).toEqual([true, 0]);
  });
});
