import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import type { Node } from '../../src/graph/graph.ts';
import { convolutionWindow } from '../../src/graph/ops/convolution.ts';
import { poolingWindow } from '../../src/graph/ops/pooling.ts';
import { windowsOf } from '../../src/graph/ops/windows.ts';
import type { ConvolutionNode, Network, NetworkNode, NodeOf, NodeOp, PoolingNode } from '../../src/networks/network.ts';
import { declaredShapes, inferShapes } from '../../src/networks/shapes.ts';
import { drawnNetwork, RUNS } from './arbitrary.ts';
import { runNaive } from './naive.ts';
import { graphNode } from './on-graphs.ts';

const OPS: NetworkNode['op'][] = [
  'convolution',
  'convolution',
  'fully-connected',
  'max-pooling',
  'average-pooling',
  'global-average-pooling',
  'relu',
  'softmax',
  'local-response-normalisation',
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

/** Kernels of zeros that share one array, so that tables of large layers cost nothing. */
const zeros = new Float32Array(26_214_400);
function convolution(
  name: string,
  input: string,
  shape: number[],
  rest: Partial<ConvolutionNode> = {},
): ConvolutionNode {
  const count = shape.reduce((product, size) => product * size, 1);
  const bias = zeros.subarray(0, shape[0]);
  return { op: 'convolution', name, inputs: [input], kernel: { data: zeros.subarray(0, count), shape }, bias, ...rest };
}
function fullyConnected(name: string, input: string, shape: number[]): NetworkNode {
  const kernel = { data: zeros.subarray(0, shape[0] * shape[1]), shape };
  return { op: 'fully-connected', name, inputs: [input], kernel, bias: zeros.subarray(0, shape[0]) };
}

function networkOf(nodes: readonly NetworkNode[]): Network {
  const outputs = [nodes[nodes.length - 1].name];
  return { name: 'test', inputs: [{ name: 'image', shape: [3, null, null] }], nodes, outputs };
}

/** As a node of a graph. */
const nodeOf = <Op extends NodeOp>(node: NodeOf<Op>) => graphNode(node as NetworkNode).node as Node<Op>;

describe('inferShapes', () => {
  it('agrees with what the naive loops make', () => {
    fc.assert(
      fc.property(drawnNetwork({ ops: OPS, size: 7, nodes: 6 }), ({ network, inputs, batch }) => {
        const shapes = inferShapes(network, { input: inputs.input.shape.slice(1) }, batch);
        const values = runNaive(network, inputs);
        for (const [name, value] of values) expect([batch, ...shapes.values.get(name)!]).toEqual(value.shape);
        shapes.nodes.forEach((node, i) => {
          expect(node.name).toBe(network.nodes[i].name);
          expect(node.output).toEqual(shapes.values.get(node.name));
        });
      }),
      { numRuns: 100 * RUNS },
    );
  });

  it("counts AlexNet's multiply-adds and parameters", () => {
    const lrn = (name: string, input: string): NetworkNode => {
      return { op: 'local-response-normalisation', name, inputs: [input], size: 5, alpha: 1e-4, beta: 0.75, bias: 1 };
    };
    const pool = (name: string, input: string): NetworkNode => {
      return { op: 'max-pooling', name, inputs: [input], poolingSize: 3, stride: 2 };
    };
    const alexnet = networkOf([
      convolution('conv1', 'image', [96, 3, 11, 11], { stride: 4 }),
      pool('pool1', 'conv1'),
      lrn('lrn1', 'pool1'),
      convolution('conv2', 'lrn1', [256, 96, 5, 5], { padding: 2 }),
      pool('pool2', 'conv2'),
      lrn('lrn2', 'pool2'),
      convolution('conv3', 'lrn2', [384, 256, 3, 3], { padding: 1 }),
      convolution('conv4', 'conv3', [384, 384, 3, 3], { padding: 1 }),
      convolution('conv5', 'conv4', [256, 384, 3, 3], { padding: 1 }),
      pool('pool3', 'conv5'),
      { op: 'flatten', name: 'flatten', inputs: ['pool3'] },
      fullyConnected('fc1', 'flatten', [4096, 6400]),
      fullyConnected('fc2', 'fc1', [4096, 4096]),
      fullyConnected('fc3', 'fc2', [1000, 4096]),
      { op: 'softmax', name: 'softmax', inputs: ['fc3'] },
    ]);
    const shapes = inferShapes(alexnet, { image: [3, 224, 224] }, 4);
    expect(shapes.values.get('pool1')).toEqual([96, 26, 26]);
    expect(shapes.values.get('pool3')).toEqual([256, 5, 5]);
    expect(shapes.parameters).toBe(50_844_008);
    const perImage = shapes.nodes.map((node) => [node.name, node.multiplyAdds / 4]);
    expect(Object.fromEntries(perImage.filter(([, count]) => count !== 0))).toEqual({
      conv1: 96 * 54 * 54 * 3 * 11 * 11,
      conv2: 256 * 26 * 26 * 96 * 5 * 5,
      conv3: 384 * 12 * 12 * 256 * 9,
      conv4: 384 * 12 * 12 * 384 * 9,
      conv5: 256 * 12 * 12 * 384 * 9,
      fc1: 4096 * 6400,
      fc2: 4096 * 4096,
      fc3: 1000 * 4096,
    });
    // 1.0099 thousand million
    expect(Math.round(shapes.multiplyAdds / 4 / 1e5)).toBe(10_099);
  });

  it('counts a grouped convolution by its groups', () => {
    const node = convolution('conv', 'image', [6, 1, 3, 3], { groups: 3, padding: 'same' });
    const shapes = inferShapes(networkOf([node]), { image: [3, 5, 4] });
    expect(shapes.multiplyAdds).toBe(6 * 5 * 4 * 9);
    expect(shapes.parameters).toBe(6 * 9 + 6);
  });

  const refused: [what: string, nodes: NetworkNode[], image: number[], code: string, text: string][] = [
    [
      'an input of another number of channels',
      [convolution('conv', 'image', [4, 3, 3, 3])],
      [4, 8, 8],
      'invalid-input-size',
      "network 'test': input 'image' expected [3, null, null] (null is any size), got [4, 8, 8]",
    ],
    [
      'an input without pixels',
      [convolution('conv', 'image', [4, 3, 3, 3])],
      [3, 0, 8],
      'invalid-input-size',
      "network 'test': input 'image' expected positive sizes, got [3, 0, 8]",
    ],
    [
      'a kernel for another number of channels',
      [convolution('conv', 'image', [4, 2, 3, 3])],
      [3, 8, 8],
      'invalid-input-channels',
      "node 'conv' (convolution): input has 3 channels, expected 2 (the kernel's, times the groups)",
    ],
    [
      'a kernel larger than the padded input',
      [convolution('conv', 'image', [4, 3, 5, 5], { padding: 1, dilation: 2 })],
      [3, 6, 8],
      'invalid-kernel-size',
      "node 'conv' (convolution): a window of 9 does not fit the padded input of 8",
    ],
    [
      'a pooling larger than its input',
      [{ op: 'max-pooling', name: 'pool', inputs: ['image'], poolingSize: { height: 2, width: 9 } }],
      [3, 8, 8],
      'invalid-pooling-size',
      "node 'pool' (max-pooling): a window of 9 does not fit the padded input of 8",
    ],
    [
      'a fully-connected layer for another number of elements',
      [fullyConnected('fc', 'image', [10, 100])],
      [3, 8, 8],
      'invalid-input-channels',
      "node 'fc' (fully-connected): input has 192 elements, expected 100 (the kernel's input channels)",
    ],
    [
      'a convolution of a vector',
      [{ op: 'flatten', name: 'flatten', inputs: ['image'] }, convolution('conv', 'flatten', [4, 192, 1, 1])],
      [3, 8, 8],
      'invalid-rank',
      "node 'conv' (convolution): input expected [N, C, H, W], got [N, flatten.1]",
    ],
    [
      'the sum of two shapes',
      [convolution('conv', 'image', [3, 3, 3, 3]), { op: 'addition', name: 'sum', inputs: ['image', 'conv'] }],
      [3, 8, 8],
      'invalid-input-size',
      "node 'sum' (addition): expected one shape for the inputs, got [1, 3, 8, 8] and [1, 3, 6, 6]",
    ],
    [
      'the concatenation of a picture and a vector',
      [
        { op: 'global-average-pooling', name: 'mean', inputs: ['image'] },
        { op: 'concatenation', name: 'all', inputs: ['image', 'mean'] },
      ],
      [3, 8, 8],
      'invalid-rank',
      "node 'all' (concatenation): expected one shape for the inputs behind their channels, got [N, image.H, image.W] and [N]",
    ],
    [
      'a scale that leaves nothing',
      [{ op: 'resize', name: 'down', inputs: ['image'], mode: 'nearest', scale: 0.1 }],
      [3, 8, 8],
      'invalid-input-size',
      "node 'down' (resize): the scale leaves nothing of 8 elements",
    ],
  ];
  it.each(refused)('refuses %s', (_, nodes, image, code, text) => {
    try {
      inferShapes(networkOf(nodes), { image });
    } catch (error) {
      expect((error as NnpackError).message).toBe(text);
      expect((error as NnpackError).code).toBe(code);
      return;
    }
    expect.unreachable('expected an error');
  });

  it('refuses a batch of zero and an input that is not given', () => {
    const network = networkOf([convolution('conv', 'image', [4, 3, 3, 3])]);
    expect(() => inferShapes(network, { image: [3, 8, 8] }, 0)).toThrow('batch expected an integer ≥ 1, got 0');
    expect(() => inferShapes(network)).toThrow("input 'image' expected positive sizes, got [3, null, null]");
  });
});

describe('windowsOf', () => {
  const pooling = (rest: Partial<PoolingNode>): PoolingNode =>
    ({ op: 'max-pooling', name: 'pool', inputs: ['image'], poolingSize: 2, stride: 2, ...rest }) as PoolingNode;

  it.each([
    // MXNet's conventions: ⌊ ⌋ and ⌈ ⌉ of (H + 2·pad − k) / s
    ['valid', 5, 2, 2, 0, 2],
    ['full', 5, 2, 2, 0, 3],
    ['valid', 6, 2, 2, 0, 3],
    ['full', 6, 2, 2, 0, 3],
    ['valid', 112, 3, 2, 0, 55],
    ['full', 112, 3, 2, 0, 56],
    ['valid', 28, 3, 2, 1, 14],
    ['full', 28, 3, 2, 1, 15],
    ['full', 2, 5, 2, 1, 1],
  ] as const)(
    '%s: %i elements, windows of %i, stride %i, padding %i give %i',
    (convention, size, k, s, padding, count) => {
      const windows = windowsOf(
        poolingWindow(nodeOf(pooling({ convention, poolingSize: k, stride: s, padding }))),
        size,
        size,
      );
      expect(windows.outputHeight).toBe(count);
      expect(windows.outputWidth).toBe(count);
    },
  );

  it.each([
    // TensorFlow: the odd zero goes below and to the right
    [224, 7, 2, 1, 112, 2, 3],
    [224, 3, 2, 1, 112, 0, 1],
    [5, 3, 1, 1, 5, 1, 1],
    [5, 2, 1, 1, 5, 0, 1],
    [7, 3, 1, 2, 7, 2, 2],
    [10, 1, 3, 1, 4, 0, 0],
    [1, 5, 1, 1, 1, 2, 2],
  ])(
    'same: %i elements, kernel %i, stride %i, dilation %i give %i with %i + %i zeros',
    (size, k, stride, dilation, count, before, after) => {
      const node = convolution('conv', 'image', [1, 3, k, k], { stride, dilation, padding: 'same' });
      expect(windowsOf(convolutionWindow(nodeOf(node), [k, k]), size, size)).toEqual({
        padding: { top: before, right: after, bottom: after, left: before },
        outputHeight: count,
        outputWidth: count,
      });
    },
  );
});

describe('declaredShapes', () => {
  it('leaves open what a network leaves open', () => {
    const shapes = declaredShapes(
      networkOf([
        convolution('conv', 'image', [8, 3, 3, 3]),
        { op: 'concatenation', name: 'both', inputs: ['conv', 'conv'] },
        { op: 'global-average-pooling', name: 'mean', inputs: ['both'] },
        { op: 'flatten', name: 'flatten', inputs: ['both'] },
      ]),
    );
    expect(Object.fromEntries(shapes)).toEqual({
      image: [3, null, null],
      conv: [8, null, null],
      both: [16, null, null],
      mean: [16],
      flatten: [null],
    });
  });

  it('finds a wrong number of channels before any size is known', () => {
    const network = networkOf([convolution('a', 'image', [8, 3, 3, 3]), convolution('b', 'a', [8, 9, 3, 3])]);
    expect(() => declaredShapes(network)).toThrow(NnpackError);
    expect(() => declaredShapes(network)).toThrow("node 'b' (convolution): input has 8 channels, expected 9");
  });
});
