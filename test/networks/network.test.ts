import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { parseNetwork } from '../../src/networks/parse.ts';
import { countReaders } from './on-graphs.ts';

const kernel = { data: new Float32Array(4 * 3 * 3 * 3), shape: [4, 3, 3, 3] };
const convolution: NetworkNode = { op: 'convolution', name: 'conv', inputs: ['image'], kernel };

function networkOf(nodes: readonly NetworkNode[], overrides: Partial<Network> = {}): Network {
  const outputs = [nodes[nodes.length - 1].name];
  return { name: 'test', inputs: [{ name: 'image', shape: [3, null, null] }], nodes, outputs, ...overrides };
}

describe('a network', () => {
  it('is valid when every node reads what was made before it', () => {
    expect(() => parseNetwork(networkOf([convolution, { op: 'relu', name: 'relu', inputs: ['conv'] }]))).not.toThrow();
  });

  it('counts the readers of a value, outputs of the network among them', () => {
    const nodes: NetworkNode[] = [
      { op: 'relu', name: 'a', inputs: ['image'] },
      { op: 'addition', name: 'b', inputs: ['a', 'a'] },
    ];
    expect(Object.fromEntries(countReaders(networkOf(nodes, { outputs: ['a', 'b'] })))).toEqual({
      image: 1,
      a: 3,
      b: 1,
    });
  });

  const broken: [what: string, network: Network, code: string, text: string][] = [
    [
      'reads a value that nothing computes',
      networkOf([{ op: 'relu', name: 'relu', inputs: ['imgae'] }]),
      'invalid-network',
      "node 'relu' (relu): reads 'imgae', which nothing computes",
    ],
    [
      'reads a value that comes later',
      networkOf([
        { op: 'relu', name: 'a', inputs: ['b'] },
        { op: 'relu', name: 'b', inputs: ['a'] },
      ]),
      'invalid-network',
      "node 'a' (relu): reads 'b', which is not computed before it (nodes stand in the order of computation, without cycles)",
    ],
    [
      'reads itself',
      networkOf([{ op: 'addition', name: 'a', inputs: ['image', 'a'] }]),
      'invalid-network',
      "node 'a' (addition): reads 'a', which is not computed before it (nodes stand in the order of computation, without cycles)",
    ],
    [
      'has two nodes of one name',
      networkOf([convolution, { op: 'relu', name: 'conv', inputs: ['conv'] }]),
      'invalid-network',
      "network 'test': two values are named 'conv'",
    ],
    [
      'has a node named like an input',
      networkOf([{ op: 'relu', name: 'image', inputs: ['image'] }]),
      'invalid-network',
      "network 'test': two values are named 'image'",
    ],
    [
      'has a node without a name',
      networkOf([{ op: 'relu', name: '', inputs: ['image'] }]),
      'invalid-network',
      "network 'test': a value has no name",
    ],
    [
      'has no output',
      networkOf([convolution], { outputs: [] }),
      'invalid-network',
      "network 'test': expected at least one output",
    ],
    [
      'has an output that nothing computes',
      networkOf([convolution], { outputs: ['conv2'] }),
      'invalid-network',
      "network 'test': nothing computes the output 'conv2'",
    ],
    [
      'has an input of a wrong rank',
      networkOf([convolution], { inputs: [{ name: 'image', shape: [3, 4] }] }),
      'invalid-rank',
      "network 'test': input 'image' expected [C, H, W] or [C], got [3, 4]",
    ],
    [
      'adds one value',
      networkOf([{ op: 'addition', name: 'a', inputs: ['image'] }]),
      'invalid-network',
      "node 'a' (addition): expected at least 2 inputs, got 1",
    ],
    [
      'convolves two values',
      networkOf([{ ...convolution, inputs: ['image', 'image'] }]),
      'invalid-network',
      "node 'conv' (convolution): expected one input, got 2",
    ],
    [
      'has a kernel of a wrong rank',
      networkOf([{ ...convolution, kernel: { data: kernel.data, shape: [4, 27] } }]),
      'invalid-rank',
      "node 'conv' (convolution): kernel expected the shape [K, C / groups, R, S], got [4, 27]",
    ],
    [
      'has a kernel whose numbers do not fill its shape',
      networkOf([{ ...convolution, kernel: { data: new Float32Array(5), shape: [4, 3, 3, 3] } }]),
      'invalid-tensor',
      "node 'conv' (convolution): kernel has 5 numbers, expected 108 (its shape is [4, 3, 3, 3])",
    ],
    [
      'has an empty kernel',
      networkOf([{ ...convolution, kernel: { data: new Float32Array(0), shape: [4, 3, 0, 3] } }]),
      'invalid-kernel-size',
      "node 'conv' (convolution): kernel expected positive sizes, got [4, 3, 0, 3]",
    ],
    [
      'has a bias of a wrong length',
      networkOf([{ ...convolution, bias: new Float32Array(3) }]),
      'invalid-bias',
      "node 'conv' (convolution): bias has 3 numbers, expected 4",
    ],
    [
      'has groups that do not divide',
      networkOf([{ ...convolution, groups: 3 }]),
      'invalid-groups',
      "node 'conv' (convolution): 3 groups do not divide 4 output channels",
    ],
    [
      'has a stride of zero',
      networkOf([{ ...convolution, stride: { height: 1, width: 0 } }]),
      'invalid-stride',
      "node 'conv' (convolution): stride width is 0, expected a whole number of at least 1",
    ],
    [
      'has a dilation of a half',
      networkOf([{ ...convolution, dilation: 0.5 }]),
      'invalid-dilation',
      "node 'conv' (convolution): dilation is 0.5, expected a whole number of at least 1",
    ],
    [
      'has a negative padding',
      networkOf([{ ...convolution, padding: { left: -1 } }]),
      'invalid-input-padding',
      "node 'conv' (convolution): padding left is -1, expected a whole number of at least 0",
    ],
    [
      'pads what pads itself',
      networkOf([
        { op: 'max-pooling', name: 'pool', inputs: ['image'], poolingSize: 2, padding: 1, convention: 'same' },
      ]),
      'invalid-input-padding',
      "node 'pool' (max-pooling): padding is 1 1 1 1, expected none: convention 'same' computes its own",
    ],
    [
      'pools nothing',
      networkOf([{ op: 'average-pooling', name: 'pool', inputs: ['image'], poolingSize: 0 }]),
      'invalid-pooling-size',
      "node 'pool' (average-pooling): poolingSize is 0, expected a whole number of at least 1",
    ],
    [
      'clamps between the wrong ends',
      networkOf([{ op: 'clamp', name: 'clamp', inputs: ['image'], min: 6, max: 0 }]),
      'invalid-activation-parameters',
      "node 'clamp' (clamp): activation clamps to 6 … 0, expected two numbers in order",
    ],
    [
      'has a slope that is not a number',
      networkOf([{ ...convolution, activation: { type: 'leaky', slope: Number.NaN } }]),
      'invalid-activation-parameters',
      "node 'conv' (convolution): activation slope is NaN, expected a finite number of at least 0",
    ],
    [
      'enlarges by nothing',
      networkOf([{ op: 'resize', name: 'up', inputs: ['image'], mode: 'nearest', scale: { height: 2, width: 0 } }]),
      'invalid-argument',
      "node 'up' (resize): scale expected a positive number, got 0",
    ],
    [
      'normalises with vectors of two lengths',
      networkOf([
        {
          op: 'batch-normalisation',
          name: 'bn',
          inputs: ['image'],
          gamma: new Float32Array(3),
          beta: new Float32Array(3),
          mean: new Float32Array(4),
          variance: new Float32Array(3),
          epsilon: 0,
        },
      ]),
      'invalid-channels',
      "node 'bn' (batch-normalisation): mean has 4 numbers, expected 3",
    ],
  ];
  it.each(broken)('that %s is refused', (_, network, code, text) => {
    try {
      parseNetwork(network);
    } catch (error) {
      expect(error).toBeInstanceOf(NnpackError);
      expect((error as NnpackError).message).toBe(text);
      expect((error as NnpackError).code).toBe(code);
      return;
    }
    expect.unreachable('expected an error');
  });
});
