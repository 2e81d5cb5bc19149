import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchNormalisationNode, ConvolutionNode, Network, NetworkNode } from '../../src/networks/network.ts';
import { optimize } from '../../src/networks/optimize.ts';
import { parseNetwork } from '../../src/networks/parse.ts';
import { drawnNetwork, RUNS, randomNumbers } from './arbitrary.ts';
import { magnitudesOf, runNaive, type Tensor, tensor } from './naive.ts';
import { dropIdentities, foldBatchNormalisation, fuseActivations } from './on-graphs.ts';

const OPS: NetworkNode['op'][] = [
  'convolution',
  'convolution',
  'fully-connected',
  'batch-normalisation',
  'batch-normalisation',
  'scale-shift',
  'relu',
  'clamp',
  'max-pooling',
  'average-pooling',
  'concatenation',
  'addition',
  'resize',
  'dropout',
  'identity',
  'flatten',
];

const convolution: ConvolutionNode = {
  op: 'convolution',
  name: 'conv',
  inputs: ['image'],
  kernel: { data: randomNumbers(1, 4 * 3 * 9), shape: [4, 3, 3, 3] },
  padding: 1,
};
const normalisation: BatchNormalisationNode = {
  op: 'batch-normalisation',
  name: 'bn',
  inputs: ['conv'],
  gamma: randomNumbers(2, 4),
  beta: randomNumbers(3, 4),
  mean: randomNumbers(4, 4),
  variance: randomNumbers(5, 4).map(Math.abs),
  epsilon: 1e-3,
};

function networkOf(nodes: readonly NetworkNode[], outputs = [nodes[nodes.length - 1].name]): Network {
  return { name: 'test', inputs: [{ name: 'image', shape: [3, null, null] }], nodes, outputs };
}

const summary = (network: Network) => network.nodes.map((node) => `${node.name}: ${node.op}(${node.inputs})`);

/**
 * Both networks in double differ only by the rounding of folded numbers to float32: a scale once, a · w once more, a
 * bias (a · c + b) three times in all. Every factor on the way to an output carries at most 3 roundings of ε = 2⁻²⁴,
 * and there is one factor for each node, so |y − ŷ| ≤ ((1 + ε)^(3 · nodes) − 1) · (the sum of the magnitudes).
 */
function expectSameValues(network: Network, other: Network, inputs: Record<string, Tensor>): void {
  const expected = runNaive(network, inputs);
  const got = runNaive(other, inputs);
  const absolute = Object.fromEntries(
    Object.entries(inputs).map(([k, x]) => [k, { ...x, data: x.data.map(Math.abs) }]),
  );
  const scale = runNaive(magnitudesOf(network), absolute);
  const roundings = (1 + 2 ** -24) ** (3 * network.nodes.length) - 1;
  for (const name of network.outputs) {
    const [y, z, bound] = [expected.get(name)!, got.get(name)!, scale.get(name)!];
    expect(z.shape).toEqual(y.shape);
    for (let i = 0; i < y.data.length; i++) {
      const within = Math.abs(y.data[i] - z.data[i]) <= bound.data[i] * roundings;
      if (!within)
        expect.fail(`${name}[${i}]: ${y.data[i]} and ${z.data[i]}, the sum of magnitudes is ${bound.data[i]}`);
    }
  }
}

describe('optimize', () => {
  it('computes the same values', () => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 5, nodes: 10 }), ({ network, inputs }) => {
        const optimized = optimize(network);
        parseNetwork(optimized);
        expect(optimized.outputs).toEqual(network.outputs);
        expect(optimized.nodes.length).toBeLessThanOrEqual(network.nodes.length);
        expect(optimized.nodes.some((node) => node.op === 'batch-normalisation')).toBe(false);
        expectSameValues(network, optimized, inputs);
      }),
      { numRuns: 150 * RUNS },
    );
  });

  it('leaves the network that it is given as it was', () => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 3, nodes: 8 }), ({ network }) => {
        const before = JSON.stringify(network);
        optimize(network);
        expect(JSON.stringify(network)).toBe(before);
      }),
      { numRuns: 20 * RUNS },
    );
  });

  it('makes one node of convolution, batch normalisation, ReLU and dropout', () => {
    const network = networkOf(
      [
        convolution,
        normalisation,
        { op: 'relu', name: 'relu', inputs: ['bn'] },
        { op: 'dropout', name: 'drop', inputs: ['relu'] },
        { op: 'max-pooling', name: 'pool', inputs: ['drop'], poolingSize: 2 },
      ],
      ['pool'],
    );
    const optimized = optimize(network);
    expect(summary(optimized)).toEqual(['conv: convolution(image)', 'pool: max-pooling(conv)']);
    expect(optimized.nodes[0]).toMatchObject({ activation: 'relu' });
    expectSameValues(network, optimized, { image: tensor([1, 3, 6, 6], randomNumbers(6, 108)) });
  });

  it('keeps the name of an output that it swallows', () => {
    const network = networkOf([convolution, normalisation, { op: 'relu', name: 'relu', inputs: ['bn'] }]);
    expect(summary(optimize(network))).toEqual(['relu: convolution(image)']);
  });
});

describe('foldBatchNormalisation', () => {
  it('does not fold what somebody else reads unnormalised', () => {
    const nodes: NetworkNode[] = [convolution, normalisation, { op: 'addition', name: 'sum', inputs: ['conv', 'bn'] }];
    expect(summary(foldBatchNormalisation(networkOf(nodes)))).toEqual([
      'conv: convolution(image)',
      'bn: scale-shift(conv)',
      'sum: addition(conv,bn)',
    ]);
    expect(summary(foldBatchNormalisation(networkOf([convolution, normalisation], ['conv', 'bn'])))).toEqual([
      'conv: convolution(image)',
      'bn: scale-shift(conv)',
    ]);
  });

  it('does not fold through an activation', () => {
    const network = networkOf([{ ...convolution, activation: 'relu' }, normalisation]);
    expect(summary(foldBatchNormalisation(network))).toEqual(['conv: convolution(image)', 'bn: scale-shift(conv)']);
  });
});

describe('fuseActivations', () => {
  it('takes a ReLU, a leaky ReLU and a clamp, one each', () => {
    const activations: NetworkNode[] = [
      { op: 'relu', name: 'a', inputs: ['conv'] },
      { op: 'relu', name: 'a', inputs: ['conv'], negativeSlope: 0.25 },
      { op: 'clamp', name: 'a', inputs: ['conv'], min: 0, max: 6 },
    ];
    const fused = activations.map((node) => fuseActivations(networkOf([convolution, node])).nodes);
    expect(fused.map((nodes) => nodes.length)).toEqual([1, 1, 1]);
    expect(fused.map(([node]) => (node as ConvolutionNode).activation)).toEqual([
      'relu',
      { type: 'leaky', slope: 0.25 },
      { type: 'clamp', min: 0, max: 6 },
    ]);
    const twice = networkOf([convolution, activations[0], { op: 'clamp', name: 'b', inputs: ['a'], min: 0, max: 6 }]);
    expect(summary(fuseActivations(twice))).toEqual(['conv: convolution(image)', 'b: clamp(conv)']);
  });
});

describe('dropIdentities', () => {
  it('reads past what does nothing, also at the input', () => {
    const nodes: NetworkNode[] = [
      { op: 'dropout', name: 'drop', inputs: ['image'] },
      { op: 'concatenation', name: 'one', inputs: ['drop'] },
      { op: 'resize', name: 'by one', inputs: ['one'], mode: 'bilinear', scale: 1 },
      { op: 'addition', name: 'sum', inputs: ['by one', 'drop'] },
    ];
    expect(summary(dropIdentities(networkOf(nodes)))).toEqual(['sum: addition(image,image)']);
  });

  it('leaves out what no output depends on', () => {
    const nodes: NetworkNode[] = [convolution, { op: 'relu', name: 'relu', inputs: ['conv'] }];
    expect(summary(dropIdentities(networkOf(nodes, ['conv'])))).toEqual(['conv: convolution(image)']);
  });

  it('keeps a dropout whose name nobody else can take', () => {
    const network = networkOf([{ op: 'dropout', name: 'drop', inputs: ['image'] }]);
    expect(summary(dropIdentities(network))).toEqual(['drop: dropout(image)']);
  });
});
