/** Networks within bounds on memory: what fits runs, what is refused is told what it takes, and that runs. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/cli/model.ts';
import { type Context, createContext, NnpackError } from '../../src/index.ts';
import {
  explainNetwork,
  type Network,
  type NetworkNode,
  planNetwork,
  prepareNetwork,
} from '../../src/networks/index.ts';
import { networkBytes } from '../../src/networks/plan.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { makeTensor, type Tensor } from '../../src/tensor/ndarray.ts';
import { RUNS, randomNumbers } from './arbitrary.ts';
import { magnitudesOf, runNaive, tensor } from './naive.ts';

let context: Context;

beforeAll(async () => {
  context = await createContext({ threads: 2 });
});

afterAll(() => context.dispose());

function refusalOf(work: () => unknown): NnpackError {
  try {
    work();
  } catch (error) {
    if (error instanceof NnpackError) return error;
    throw error;
  }
  return expect.unreachable('expected an error');
}

/** The number of bytes that a refusal names. */
function namedBytes(error: NnpackError): number {
  expect(error.code).toBe('out-of-memory');
  return Number(/takes at least (\d+) bytes/.exec(error.message)?.[1]);
}

function convolution(name: string, input: string, channels: number, outputs: number, size: number): NetworkNode {
  const count = outputs * channels * size * size;
  const kernel = { data: randomNumbers(count, count), shape: [outputs, channels, size, size] };
  return { op: 'convolution', name, inputs: [input], kernel, bias: randomNumbers(2, outputs), padding: 'same' };
}

/** Of several convolutions, whose packed kernels take most of the memory by the fastest algorithms. */
function heavy(size: number, isSliceable: boolean): Network {
  const nodes: NetworkNode[] = [
    convolution('a', 'x', 4, 32, 3),
    convolution('b', 'a', 32, 32, 3),
    { op: 'relu', name: 'relu', inputs: ['b'] },
    convolution('c', 'relu', 32, 48, 5),
    convolution('d', 'c', 48, 8, 3),
  ];
  if (!isSliceable) nodes.push({ op: 'global-average-pooling', name: 'mean', inputs: ['d'] });
  return {
    name: 'heavy',
    inputs: [{ name: 'x', shape: [4, size, size] }],
    nodes,
    outputs: [isSliceable ? 'd' : 'mean'],
  };
}

/** The greatest constant of the algorithms' bounds, doubled, for each of the convolutions. */
const CONSTANT = 4 * 2 * (4 * 1565 + 1);

/** Whether the result is what the naive loops make of it. */
function expectNear(network: Network, input: Tensor, output: Tensor): void {
  const x = { x: tensor(input.shape, input.data) };
  const [name] = network.outputs;
  const expected = runNaive(network, x).get(name)!;
  const greatest = {
    x: tensor(
      input.shape,
      input.data.map(() => 1),
    ),
  };
  const scale = runNaive(magnitudesOf(network), greatest)
    .get(name)!
    .data.reduce((a, b) => Math.max(a, b), 0);
  expect([...output.shape]).toEqual([...expected.shape]);
  const worst = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(value - output.data[i])), 0);
  expect(worst).toBeLessThanOrEqual(CONSTANT * 2 ** -24 * scale);
}

describe('within a bound', () => {
  it.each([true, false])(
    'a network runs in no more bytes, or is refused with the least that does (slices: %s)',
    async (isSliceable) => {
      const network = heavy(20, isSliceable);
      const input = makeTensor(randomNumbers(3, 2 * 4 * 20 * 20), [2, 4, 20, 20]);
      const all = networkBytes(network, { context, batch: 2 });
      const least = namedBytes(refusalOf(() => prepareNetwork(network, { context, batch: 2, memoryBytes: 0 })));
      const seen = { refused: 0, ran: 0, fellBack: 0 };
      const runWithin = async (memoryBytes: number): Promise<void> => {
        const own = await createContext({ threads: 1 });
        const prepared = prepareNetwork(network, { context: own, batch: 2, memoryBytes });
        const outputs = prepared.run({ x: input });
        expect(own.describe().peakBytes).toBe(prepared.bytes);
        expect(prepared.bytes).toBeLessThanOrEqual(memoryBytes);
        if (prepared.report().some(({ why }) => why.startsWith('takes less memory'))) seen.fellBack++;
        expectNear(network, input, outputs[network.outputs[0]]);
        seen.ran++;
        own.dispose();
      };
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0.2, max: 1.1, noNaN: true }), async (share) => {
          const memoryBytes = Math.floor(share * all);
          if (memoryBytes >= least) return runWithin(memoryBytes);
          const named = namedBytes(refusalOf(() => prepareNetwork(network, { context, batch: 2, memoryBytes })));
          expect(named).toBe(least);
          seen.refused++;
        }),
        { numRuns: 10 * RUNS, examples: [[0.638], [0.01], [0.3], [0.5], [0.999], [1]] },
      );
      await runWithin(least);
      expect(namedBytes(refusalOf(() => prepareNetwork(network, { context, batch: 2, memoryBytes: least - 1 })))).toBe(
        least,
      );
      expect(Math.min(seen.refused, seen.ran, seen.fellBack)).toBeGreaterThan(0);
    },
  );

  it('of a context, the whole of what is left serves, however it lies', async () => {
    const network = heavy(20, false);
    const needed = networkBytes(network, { context });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.nat(60_000), { maxLength: 4 }),
        async (pages, sizes) => {
          const own = await createContext({ threads: 1, kernels: 'scalar', memoryLimit: 65_536 * (10 + pages) });
          const held = sizes.map((size) => refusable(() => own.allocate([size + 1]))).filter((range) => range !== null);
          for (const range of held.filter((_, i) => i % 2 === 0)) own.free(range);
          const before = own.describe().usedBytes;
          const { largestBytes } = own.arena;
          const prepared = refusable(() => prepareNetwork(network, { context: own }));
          if (prepared === null) {
            expect(namedBytes(refusalOf(() => prepareNetwork(network, { context: own })))).toBeGreaterThan(
              largestBytes,
            );
          } else {
            expect(prepared.bytes).toBeLessThanOrEqual(largestBytes);
            expect(own.describe().usedBytes).toBe(before + prepared.bytes);
            if (needed <= largestBytes)
              expect(prepared.report().some(({ why }) => why.startsWith('takes less'))).toBe(false);
            prepared.dispose();
          }
          expect(own.describe().usedBytes).toBe(before);
          own.dispose();
        },
      ),
      { numRuns: 15 * RUNS },
    );
  });

  it('planNetwork falls back as well, layer by layer, and says so where explainNetwork does', async () => {
    const network = heavy(20, false);
    const all = networkBytes(network, { context });
    const least = namedBytes(refusalOf(() => prepareNetwork(network, { context, memoryBytes: 0 })));
    const own = await createContext({ threads: 1, memoryLimit: Math.ceil((least + all) / 2) + 2 * 65_536 + 300_000 });
    while (own.arena.largestBytes > (least + all) / 2)
      own.allocate([Math.ceil((own.arena.largestBytes - (least + all) / 2) / 4)]);
    const explained = explainNetwork(network, { context: own }).nodes;
    const plan = planNetwork(network, { context: own });
    const report = plan.report();
    expect(report.map(({ algorithm, why }) => [algorithm, why])).toEqual(
      explained.map(({ algorithm, why }) => [algorithm, why]),
    );
    const fallen = report.filter(({ why }) => why.startsWith('takes less memory'));
    expect(fallen.length).toBeGreaterThan(0);
    expect(fallen.length).toBeLessThan(4);
    // One asked for by name stays.
    const text = refusalOf(() => planNetwork(network, { context: own, algorithm: 'wt8x8' }));
    expect(text.code).toBe('out-of-memory');
    plan.dispose();
    own.dispose();
  });

  it.each([Number.NaN, -1, '1e9', null])('memoryBytes %s is refused', (memoryBytes) => {
    const error = refusalOf(() => prepareNetwork(heavy(20, true), { context, memoryBytes: memoryBytes as number }));
    expect(error.code).toBe('invalid-argument');
  });
});

/** What comes of it, or null where memory is short. */
function refusable<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof NnpackError && error.code === 'out-of-memory') return null;
    throw error;
  }
}

describe('beyond 2³⁰ elements', () => {
  it.each([
    [3000, 4000],
    [4000, 6000],
  ])('a picture of %i×%i is sliced like a small one', async (height, width) => {
    const { network } = await loadModel(undefined);
    const [{ name }] = network.inputs;
    const own = await createContext({ threads: 1 });
    const options = { context: own, inputs: { [name]: [3, height, width] } };
    const values = [...inferShapes(network, options.inputs).values.values()];
    expect(values.some((shape) => shape.reduce((a, b) => a * b, 1) > 2 ** 30)).toBe(true);
    const prepared = prepareNetwork(network, { ...options, memoryBytes: 256 * 2 ** 20 });
    expect(prepared.parts).toBeGreaterThan(50);
    expect(prepared.bytes).toBeLessThanOrEqual(256 * 2 ** 20);
    expect(refusalOf(() => planNetwork(network, options))).toMatchObject({ code: 'out-of-memory' });
    own.dispose();
  });

  it('so many images run in smaller batches as one fewer does', async () => {
    const kernel = { data: new Float32Array(1024).fill(0.5), shape: [1024, 1, 1, 1] };
    const network: Network = {
      name: 'wide',
      inputs: [{ name: 'x', shape: [1, 256, 256] }],
      nodes: [
        { op: 'convolution', name: 'a', inputs: ['x'], kernel },
        { op: 'global-average-pooling', name: 'mean', inputs: ['a'] },
      ],
      outputs: ['mean'],
    };
    const own = await createContext({ threads: 1 });
    const partsOf = (batch: number): number => {
      const prepared = prepareNetwork(network, { context: own, batch, memoryBytes: 2 ** 29 });
      prepared.dispose();
      return prepared.parts;
    };
    // 16 · 1024 · 256 · 256 = 2³⁰
    expect([partsOf(16), partsOf(17)]).toEqual([16, 17]);
    own.dispose();
  });

  it('an input or output that no tensor can be is refused for what it is', () => {
    const network: Network = {
      name: 'large',
      inputs: [{ name: 'x', shape: [1, null, null] }],
      nodes: [{ op: 'resize', name: 'y', inputs: ['x'], mode: 'nearest', scale: 2 }],
      outputs: ['y'],
    };
    const refused = (size: number): string =>
      refusalOf(() => prepareNetwork(network, { context, inputs: { x: [1, size, 2 ** 15] } })).message;
    expect(refused(2 ** 14)).toBe(
      "network 'large': 'y' of shape [1, 1, 32768, 65536] has 2147483648 elements, expected at most 1073741824 (what a tensor may have)",
    );
    expect(refused(2 ** 16)).toContain("'x' of shape [1, 1, 65536, 32768]");
  });
});

describe('a network that declares its sizes', () => {
  it('is sliced, to the bits of the whole', () => {
    const network = heavy(96, true);
    const exact = { context, algorithm: 'implicit-gemm' } as const;
    const input = makeTensor(randomNumbers(3, 4 * 96 * 96), [4, 96, 96]);
    const whole = prepareNetwork(network, exact);
    const expected = whole.run({ x: input }).d;
    const sliced = prepareNetwork(network, { ...exact, memoryBytes: whole.bytes / 2 });
    expect([whole.parts, sliced.parts > 1]).toEqual([1, true]);
    expect(sliced.run({ x: input }).d.data).toEqual(expected.data);
    whole.dispose();
    sliced.dispose();
    const error = refusalOf(() => prepareNetwork(network, { ...exact, inputs: { x: [4, 97, 96] } }));
    expect(error.message).toContain("input 'x' expected [4, 96, 96]");
  });
});
