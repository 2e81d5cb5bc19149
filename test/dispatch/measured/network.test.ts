/** `rule: 'measured'` for whole networks: each shape once, within a bound on memory, and in slices. */
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../../../src/algorithms/algorithm.ts';
import { Measurements } from '../../../src/index.ts';
import {
  type ConvolutionNode,
  explainNetwork,
  type Network,
  planNetwork,
  prepareNetwork,
} from '../../../src/networks/index.ts';
import { networkBytes } from '../../../src/networks/plan.ts';
import { randomArray, uniform } from '../../../src/tensor/random.ts';
import {
  convolutionData,
  convolutionReference,
  errorBound,
  expectWithin,
  type Problem,
} from '../../../src/testing/index.ts';
import { tensor } from '../../support/tensors.ts';
import { madeUp, open, savedOf } from './support.ts';

describe('a network', () => {
  const convolution = (name: string, from: string, size: number): ConvolutionNode => ({
    name,
    op: 'convolution',
    inputs: [from],
    kernel: { data: randomArray(16 * 16 * size * size, uniform(size)), shape: [16, 16, size, size] },
    bias: randomArray(16, uniform(1)),
    padding: (size - 1) / 2,
  });
  const network: Network = {
    name: 'three convolutions',
    inputs: [{ name: 'x', shape: [16, 18, 18] }],
    nodes: [convolution('a', 'x', 3), convolution('b', 'a', 3), convolution('c', 'b', 5)],
    outputs: ['c'],
  };
  const input = tensor([16, 18, 18], 5);

  it('measures each shape once, and runs what it explains', async () => {
    const own = await open({ threads: 2 });
    const explained = explainNetwork(network, { rule: 'measured', context: own });
    expect(own.arena.usedBytes).toBe(0);
    const text = own.measurements.save();
    expect(savedOf(own.measurements).entries).toHaveLength(2);
    for (const { why } of explained.nodes) expect(why).toMatch(/^least measured time of \d+ tried/);
    const plan = planNetwork(network, { rule: 'measured', context: own });
    expect(plan.report().map(({ algorithm, why }) => [algorithm, why])).toEqual(
      explained.nodes.map(({ algorithm, why }) => [algorithm, why]),
    );
    expect(own.measurements.save()).toBe(text);
    plan.dispose();

    // The times decide here as well: the least likely of each is made the fastest.
    const slowest = savedOf(own.measurements).entries.map(
      ({ times }) => Object.entries(times).sort(([, a], [, b]) => b.run - a.run)[0][0],
    );
    const saved = savedOf(own.measurements);
    for (const [i, { times }] of saved.entries.entries()) times[slowest[i]] = { run: 0, pack: 0 };
    const next = await open({ threads: 2, measurements: Measurements.load(JSON.stringify(saved)) });
    const { nodes } = explainNetwork(network, { rule: 'measured', context: next });
    expect(nodes.map(({ algorithm }) => algorithm)).toEqual([slowest[0], slowest[0], slowest[1]]);
    const turned = planNetwork(network, { rule: 'measured', context: next });
    expect(turned.run({ x: input }).c.data.every(Number.isFinite)).toBe(true);
    turned.dispose();
  });

  it('is sized without measuring, by the most that it may take', async () => {
    const own = await open({ threads: 1 });
    const bytes = networkBytes(network, { rule: 'measured', context: own });
    expect(savedOf(own.measurements).entries).toEqual([]);
    expect(bytes).toBeGreaterThanOrEqual(networkBytes(network, { context: own }));
    explainNetwork(network, { rule: 'measured', context: own });
    // Whatever is the fastest, the plan takes no more.
    const names = savedOf(own.measurements).entries.flatMap(({ times }) => Object.keys(times));
    for (const winner of new Set(names)) {
      const measurements = madeUp(own.measurements, (name) => ({ run: name === winner ? 0.25 : 0.5, pack: 0 }));
      const next = await open({ threads: 1, measurements });
      const plan = planNetwork(network, { rule: 'measured', context: next });
      expect(plan.bytes, winner).toBeLessThanOrEqual(bytes);
      plan.dispose();
      const prepared = prepareNetwork(network, { rule: 'measured', context: next, memoryBytes: bytes });
      expect([prepared.parts, prepared.bytes <= bytes]).toEqual([1, true]);
      prepared.dispose();
      expect(next.arena.usedBytes).toBe(0);
    }
    // A name leaves nothing open.
    const named = { algorithm: 'wt8x8', context: own } as const;
    expect(networkBytes(network, { ...named, rule: 'measured' })).toBe(networkBytes(network, named));
  });

  it('within less memory runs in slices, measured as such, to what one convolution of the whole may give', async () => {
    const problem: Problem = {
      inputShape: [1, 16, 30, 30],
      kernelShape: [16, 16, 5, 5],
      hasBias: true,
      padding: { top: 2, right: 2, bottom: 2, left: 2 },
      stride: { height: 1, width: 1 },
      dilation: { height: 1, width: 1 },
      groups: 1,
      activation: 'identity',
      seed: 7,
    };
    const data = convolutionData(problem);
    const node: ConvolutionNode = {
      name: 'c',
      op: 'convolution',
      inputs: ['x'],
      kernel: { data: data.kernel, shape: problem.kernelShape },
      bias: data.bias as Float32Array,
      padding: 2,
    };
    const wide: Network = {
      name: 'wide',
      inputs: [{ name: 'x', shape: [16, null, null] }],
      nodes: [node],
      outputs: ['c'],
    };
    const own = await open({ threads: 1 });
    const memoryBytes = networkBytes(wide, { algorithm: 'implicit-gemm', context: own, inputs: { x: [16, 20, 20] } });
    const prepared = prepareNetwork(wide, { rule: 'measured', context: own, inputs: { x: [16, 30, 30] }, memoryBytes });
    expect(prepared.parts).toBeGreaterThan(1);
    expect(prepared.bytes).toBeLessThanOrEqual(memoryBytes);
    // One shape, that of the slices: sizes that were only considered are not measured.
    const { entries } = savedOf(own.measurements);
    const [, height, width] = prepared.plan.shapes.values.get('x') as readonly number[];
    expect(entries.map(({ sizes }) => [sizes.inputHeight, sizes.inputWidth])).toEqual([[height, width]]);
    const { c } = prepared.run({ x: ndarray(data.input, [...problem.inputShape]) });
    const [{ algorithm }] = prepared.report();
    prepared.dispose();
    expectWithin(
      c.data,
      convolutionReference(problem, data),
      errorBound(problem, data, algorithm as AlgorithmName),
      c.shape,
    );
  });
});
