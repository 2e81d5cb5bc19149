/** Weights that lie elsewhere and are read as they are packed: the same bits, each number once or twice, and nothing kept. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Context } from '../../src/context/context.ts';
import { planGraph } from '../../src/graph/plan.ts';
import { inStoredOrder, type ReadNumbers, storedArray, storedParameter } from '../../src/graph/stored.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { DenseArray, Network } from '../../src/networks/network.ts';
import { graphOf } from '../../src/networks/parse.ts';
import { planNetwork } from '../../src/networks/plan.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { makeTensor, sizeOf } from '../../src/tensor/ndarray.ts';
import { failure } from '../support/failure.ts';
import { drawnNetwork, RUNS, randomNumbers } from './arbitrary.ts';

const context = new Context({ threads: 1 });
afterAll(() => {
  expect(context.describe().usedBytes).toBe(0);
  context.dispose();
});

/** Reads an array into memory that is NaN as soon as more is asked for. */
function reader(data: Float32Array, asked: (first: number, count: number) => void = () => {}): ReadNumbers {
  let last = new Float32Array(0);
  return (first, count) => {
    last.fill(Number.NaN);
    asked(first, count);
    last = data.slice(first, first + count);
    return last;
  };
}

/** The same network with its kernels elsewhere. */
function stored(network: Network, readOf: (data: Float32Array) => ReadNumbers = reader): Network {
  const nodes = network.nodes.map((node) => {
    if (!('kernel' in node)) return node;
    const { data, shape }: DenseArray = node.kernel;
    return { ...node, kernel: storedArray(shape, readOf(data)) };
  });
  return { ...network, nodes };
}

function bits(outputs: Readonly<Record<string, { readonly data: ArrayLike<number> }>>): Record<string, number[]> {
  const words = (data: ArrayLike<number>) => [...new Uint32Array(Float32Array.from(data).buffer)];
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, words(data)]));
}

describe('weights that lie elsewhere', () => {
  it('give the same bits as those in memory, through normalisations that fold into them too', () => {
    const ops = ['convolution', 'fully-connected', 'batch-normalisation', 'scale-shift', 'relu', 'addition'] as const;
    fc.assert(
      fc.property(drawnNetwork({ ops, size: 12, nodes: 6 }), ({ network, inputs, batch }) => {
        const sizes = { inputs: { input: inputs.input.shape.slice(1) }, batch, context };
        const results = [network, stored(network)].map((each) => {
          const plan = planNetwork(each, sizes);
          const { shape, data } = inputs.input;
          const outputs = bits(plan.run({ input: makeTensor(Float32Array.from(data), shape) }));
          plan.dispose();
          return outputs;
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 30 * RUNS },
    );
  });

  it('are read once by a fully-connected layer, twice by a convolution, and again by another plan', () => {
    const counts = new Map<string, number>();
    const network = buildNetwork('alexnet', { width: 0.05 });
    const names = new Map(network.nodes.map((node) => ['kernel' in node ? node.kernel.data : null, node] as const));
    const counted = stored(network, (data) =>
      reader(data, (_, count) => {
        const node = names.get(data);
        const key = `${node?.op}`;
        counts.set(key, (counts.get(key) ?? 0) + count / data.length);
      }),
    );
    const of = (op: string) => network.nodes.filter((node) => node.op === op).length;
    const read = () => [counts.get('fully-connected') ?? 0, counts.get('convolution') ?? 0];
    const graph = graphOf(counted);
    expect(read()).toEqual([0, 0]);
    const plans = [planNetwork(counted, { context })];
    expect(read()[0]).toBeCloseTo(of('fully-connected'));
    expect(read()[1]).toBeCloseTo(2 * of('convolution'));
    plans.push(planNetwork(counted, { context, batch: 2 }));
    expect(read()[0]).toBeCloseTo(2 * of('fully-connected'));
    expect(read()[1]).toBeCloseTo(3 * of('convolution'));
    expect(graphOf(plans[0].network).parameters.size).toBe(graph.parameters.size);
    for (const plan of plans) plan.dispose();
  });

  it('are those that a caller has for a built-in network', () => {
    const network = buildNetwork('alexnet', { width: 0.05, seed: 3 });
    const kernels = new Map(
      network.nodes.flatMap((node) => ('kernel' in node ? [[node.name, node.kernel] as const] : [])),
    );
    const own = buildNetwork('alexnet', {
      width: 0.05,
      weights: (name, shape) => {
        expect(shape).toEqual(kernels.get(name)?.shape);
        return reader((kernels.get(name) as DenseArray).data);
      },
    });
    const data = makeTensor(randomNumbers(3, 3 * 224 * 224), [3, 224, 224]);
    const [expected, found] = [network, own].map((each) => {
      const plan = planNetwork(each, { context });
      const outputs = bits(plan.run({ data }));
      plan.dispose();
      return outputs;
    });
    expect(found).toEqual(expected);
    expect(failure(() => buildNetwork('alexnet', { weights: 1 as never })).code).toBe('invalid-argument');
    expect(failure(() => buildNetwork('alexnet', { weights: () => 1 as never })).code).toBe('invalid-argument');
  });

  it('keep to a bound on memory, in parts too', () => {
    const network = buildNetwork('vgg-11', { width: 0.05 });
    const data = makeTensor(randomNumbers(3, 2 * 3 * 224 * 224), [2, 3, 224, 224]);
    const whole = prepareNetwork(network, { context, batch: 2 });
    const expected = bits(whole.run({ data }));
    const memoryBytes = Math.floor(whole.bytes * 0.8);
    whole.dispose();
    const bounded = [network, stored(network)].map((each) => prepareNetwork(each, { context, batch: 2, memoryBytes }));
    const [results, others] = bounded.map((prepared) => bits(prepared.run({ data })));
    expect(bounded[1].bytes).toBe(bounded[0].bytes);
    expect(bounded[1].bytes).toBeLessThanOrEqual(memoryBytes);
    expect(others).toEqual(results);
    expect(Object.keys(others)).toEqual(Object.keys(expected));
    for (const prepared of bounded) prepared.dispose();
  });

  it('that cannot be read leave nothing behind', () => {
    const network = buildNetwork('alexnet', { width: 0.05 });
    let left = 6;
    const failing = stored(network, (data) =>
      reader(data, () => {
        if (left-- === 0) throw new Error('the disk is gone');
      }),
    );
    const before = context.describe().usedBytes;
    const error = failure(() => planNetwork(failing, { context }));
    expect([error.code, error.message]).toEqual([
      'input-output',
      expect.stringMatching(/^numbers 0 to .*disk is gone/),
    ]);
    expect(context.describe().usedBytes).toBe(before);
    // The disk is back: what failed can be planned.
    planNetwork(failing, { context }).dispose();
  });

  it.each([
    ['too few', () => new Float32Array(3), 'got 3 numbers, expected a Float32Array of 4'],
    ['another array', () => [1, 2, 3, 4] as unknown as Float32Array, 'expected a Float32Array of 4'],
  ] as const)('that are %s are refused', (_, read, text) => {
    const error = failure(() => storedArray([2, 2], read).data);
    expect([error.code, error.message]).toEqual(['invalid-tensor', expect.stringContaining(text)]);
  });

  it.each([
    [[0, 3], () => new Float32Array(0), 'invalid-kernel-size'],
    [[2 ** 20, 2 ** 20], () => new Float32Array(0), 'out-of-memory'],
    ['12' as unknown as number[], () => new Float32Array(0), 'invalid-argument'],
    [[2], 5 as unknown as ReadNumbers, 'invalid-argument'],
  ] as const)('of shape %j are none', (shape, read, code) => {
    expect(failure(() => storedArray(shape, read)).code).toBe(code);
  });

  it('have the rank that their node wants', () => {
    const kernel = storedArray([4, 2], reader(new Float32Array(8)));
    const node = { op: 'convolution', name: 'c', inputs: ['x'], kernel } as const;
    const network: Network = { name: 'n', inputs: [{ name: 'x', shape: [2, 4, 4] }], nodes: [node], outputs: ['c'] };
    expect(failure(() => planNetwork(network, { context })).code).toBe('invalid-rank');
  });
});

describe('parameters of graphs that lie elsewhere', () => {
  it('are read as weights, and as values', () => {
    const [w, c] = [randomNumbers(1, 6 * 5), randomNumbers(2, 6)];
    const x = makeTensor(randomNumbers(4, 10), [2, 5]);
    const run = (isStored: boolean) => {
      const parameter = (shape: number[], data: Float32Array) =>
        isStored
          ? storedParameter(shape, reader(data))
          : ({ type: { dtype: 'float32', shape }, data, role: 'weight' } as const);
      const plan = planGraph(
        {
          name: 'g',
          inputs: new Map([['x', { dtype: 'float32', shape: ['N', 5] }]]),
          parameters: new Map([
            ['w', parameter([6, 5], w)],
            ['c', parameter([1, 6], c)],
          ]),
          nodes: [
            { name: 'f', op: 'fully-connected', inputs: ['x', 'w'], outputs: ['f'], attributes: {} },
            { name: 's', op: 'maximum', inputs: ['f', 'c'], outputs: ['y'], attributes: {} },
          ],
          outputs: ['y'],
        },
        { context, inputs: { x: [2, 5] } },
      );
      const result = bits(plan.run({ x }) as Record<string, { data: Float32Array }>);
      plan.dispose();
      return result;
    };
    expect(run(true)).toEqual(run(false));
  });

  it('are moved to another order of axes as they are read', () => {
    const axes = fc.integer({ min: 1, max: 5 }).chain((rank) =>
      fc.record({
        sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: rank, maxLength: rank }),
        order: fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank, maxLength: rank }),
      }),
    );
    const check = ({ sizes, order }: { sizes: number[]; order: number[] }) => {
      const data = Float32Array.from({ length: sizeOf(sizes) }, (_, i) => i);
      const shape = order.map((axis) => sizes[axis]);
      const moved = inStoredOrder(storedArray(sizes, reader(data)), sizes, order, { shape }).data;
      // Axis i of the result is axis order[i] of what is stored.
      const index = shape.map(() => 0);
      const wrong = moved.findIndex((value) => {
        const from = sizes.reduce((place, size, axis) => place * size + index[order.indexOf(axis)], 0);
        for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
        return value !== from;
      });
      expect(wrong).toBe(-1);
    };
    fc.assert(fc.property(axes, check), { numRuns: 100 * RUNS });
    // In several pieces.
    check({ sizes: [700, 801], order: [1, 0] });
    check({ sizes: [3, 3, 200, 170], order: [3, 2, 0, 1] });
  });
});
