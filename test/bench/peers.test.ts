/** What the comparison with other engines is made of, as far as it runs without them: ONNX files, goals, the drawing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allLayers, problem, usual } from '../../bench/layers.ts';
import { type Comparison, goalOf, rowsOf, WORK } from '../../bench/peers/comparison.ts';
import { convolutionModel } from '../../bench/peers/onnx-conv.ts';
import { model, node, tensor, valueInfo } from '../../bench/peers/onnx-model.ts';
import { networkModel } from '../../bench/peers/onnx-network.ts';
import { drawComparisons } from '../../bench/peers/plot.ts';
import { buildNetwork, NETWORK_NAMES } from '../../src/networks/definitions/index.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { runs } from '../support/runs.ts';
import { type Fields, messagesOf, numbersOf, readMessage, textsOf } from './protobuf.ts';

/** What ONNX Runtime would see of a file. */
function read(file: Uint8Array) {
  const whole = readMessage(file);
  const [graph] = messagesOf(whole, 7);
  const infoOf = (info: Fields): [string, (number | string)[]] => {
    const [tensorType] = messagesOf(messagesOf(info, 2)[0], 1);
    expect(numbersOf(tensorType, 1)).toEqual([1]);
    const dimensions = messagesOf(messagesOf(tensorType, 2)[0] ?? new Map(), 1);
    return [textsOf(info, 1)[0], dimensions.map((each) => numbersOf(each, 1)[0] ?? textsOf(each, 2)[0])];
  };
  return {
    version: numbersOf(whole, 1)[0],
    opset: messagesOf(whole, 8).map((each) => [textsOf(each, 1)[0], numbersOf(each, 2)[0]]),
    nodes: messagesOf(graph, 1).map((each) => ({
      operation: textsOf(each, 4)[0],
      inputs: textsOf(each, 1),
      output: textsOf(each, 2)[0],
      attributes: Object.fromEntries(messagesOf(each, 5).map((each) => [textsOf(each, 1)[0], attributeOf(each)])),
    })),
    weights: new Map(
      messagesOf(graph, 5).map((each) => {
        expect(numbersOf(each, 2)).toEqual([1]);
        const data = new Float32Array((each.get(9) as Uint8Array[])[0].slice().buffer);
        return [textsOf(each, 8)[0], { shape: numbersOf(each, 1), data }];
      }),
    ),
    inputs: messagesOf(graph, 11).map(infoOf),
    outputs: messagesOf(graph, 12).map(infoOf),
  };
}

function attributeOf(each: Fields): number | number[] {
  const [type] = numbersOf(each, 20);
  if (type === 7) return numbersOf(each, 8);
  return numbersOf(each, type === 1 ? 2 : 3)[0];
}

describe('ONNX files', () => {
  it('hold what was written', () => {
    const word = fc.string({ minLength: 1, maxLength: 200 });
    const whole = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    const weights = fc.float32Array({ minLength: 1, maxLength: 60 });
    const numbers = fc.array(whole, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(word, word, whole, numbers, fc.float(), weights, (name, operation, i, list, x, data) => {
        const file = read(
          model({
            name,
            nodes: [node(operation, [name, 'w'], 'y', { i, list, x: { float: x } })],
            weights: [tensor('w', [data.length], data)],
            inputs: [valueInfo(name, ['batch', ...list])],
            outputs: [valueInfo('y', list)],
          }),
        );
        const attributes = { i, list, x };
        expect(file.nodes).toEqual([{ operation, inputs: [name, 'w'], output: 'y', attributes }]);
        expect(file.weights.get('w')).toEqual({ shape: [data.length], data });
        expect(file.inputs).toEqual([[name, ['batch', ...list]]]);
        expect(file.outputs).toEqual([['y', list]]);
        expect([file.version, file.opset]).toEqual([8, [['', 13]]]);
      }),
      { numRuns: runs(100) },
    );
  });

  it('hold a convolution', () => {
    const layer = { ...usual, name: 'x', inputChannels: 4, outputChannels: 6, inputSize: 9, groups: 2, stride: 2 };
    const data = problem({ ...layer, kernelSize: 5, padding: 2, dilation: 3 }, 2);
    const { nodes, weights, inputs, outputs } = read(convolutionModel(data));
    const attributes = { kernel_shape: [5, 5], strides: [2, 2], pads: [2, 2, 2, 2], dilations: [3, 3], group: 2 };
    expect(nodes).toEqual([{ operation: 'Conv', inputs: ['x', 'w', 'b'], output: 'y', attributes }]);
    expect(weights.get('w')).toEqual({ shape: [6, 2, 5, 5], data: data.kernel });
    expect(weights.get('b')).toEqual({ shape: [6], data: data.bias });
    expect([inputs, outputs]).toEqual([[['x', data.inputShape]], [['y', data.outputShape]]]);
  });
});

describe('networks as ONNX files', () => {
  const OPERATIONS: Partial<Record<NetworkNode['op'], string>> = {
    convolution: 'Conv',
    'fully-connected': 'Gemm',
    'max-pooling': 'MaxPool',
    'average-pooling': 'AveragePool',
    'batch-normalisation': 'BatchNormalization',
    'local-response-normalisation': 'LRN',
    relu: 'Relu',
    softmax: 'Softmax',
    concatenation: 'Concat',
    flatten: 'Flatten',
    dropout: 'Identity',
  };

  it.each(NETWORK_NAMES)('%s has the same nodes and weights, with the batch left open', (name) => {
    const network = buildNetwork(name, { width: 0.02, seed: 3 });
    const { values } = inferShapes(network, undefined, 1);
    const file = read(networkModel(network));
    expect(file.nodes.map(({ output, operation }) => [output, operation])).toEqual(
      network.nodes.map((each) => [each.name, OPERATIONS[each.op]]),
    );
    expect(file.inputs).toEqual([['data', ['batch', 3, 224, 224]]]);
    expect(file.outputs).toEqual([['softmax', ['batch', ...(values.get('softmax') as number[])]]]);
    // Every value is made before it is read, and each node reads the values that ours reads, in order.
    const made = new Set(['data', ...file.weights.keys()]);
    file.nodes.forEach(({ inputs, output }, i) => {
      for (const input of inputs) expect(made).toContain(input);
      expect(inputs.filter((input) => !file.weights.has(input))).toEqual(network.nodes[i].inputs);
      made.add(output);
    });
    for (const each of network.nodes) {
      if (!('kernel' in each)) continue;
      expect(file.weights.get(`${each.name}.kernel`)).toEqual({ shape: each.kernel.shape, data: each.kernel.data });
      expect(file.weights.get(`${each.name}.bias`)?.data).toEqual(each.bias);
    }
  });

  it('have the attributes of each operation', () => {
    const attributesOf = (network: Network, name: string) =>
      read(networkModel(network)).nodes.find(({ output }) => output === name)?.attributes;
    const alexnet = buildNetwork('alexnet', { width: 0.02 });
    expect(attributesOf(alexnet, 'conv1')).toEqual({
      kernel_shape: [11, 11],
      strides: [4, 4],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: 1,
    });
    expect(attributesOf(alexnet, 'lrn1')).toEqual({ size: 5, alpha: Math.fround(1e-4), beta: 0.75, bias: 1 });
    expect(attributesOf(alexnet, 'pool1')).toEqual({ kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] });
    expect(attributesOf(alexnet, 'fc1')).toEqual({ transB: 1 });
    const inception = buildNetwork('inception-bn', { width: 0.02 });
    const window = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] };
    expect(attributesOf(inception, '3a/pool')).toEqual({ ...window, count_include_pad: 1 });
    expect(attributesOf(inception, 'bn-conv1')).toEqual({ epsilon: Math.fround(1e-5 + 1e-10) });
    expect(attributesOf(inception, '3a/concat')).toEqual({ axis: 1 });
    expect(attributesOf(inception, 'softmax')).toEqual({ axis: 1 });
  });

  /** One node over an input of [2, 6, 6]. */
  const single = (each: object): Network => ({
    name: 'single',
    inputs: [{ name: 'x', shape: [2, 6, 6] }],
    nodes: [{ name: 'y', inputs: ['x'], ...each } as unknown as NetworkNode],
    outputs: ['y'],
  });
  const kernel = (...shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b)), shape });

  it('flatten what a fully-connected layer or a pooling of whole planes needs flat', () => {
    const operationsOf = (each: object) => {
      const { nodes } = read(networkModel(single(each)));
      return nodes.map(({ operation, inputs, output }) => [operation, inputs[0], output]);
    };
    expect(operationsOf({ op: 'fully-connected', kernel: kernel(3, 72) })).toEqual([
      ['Flatten', 'x', 'y.flat'],
      ['Gemm', 'y.flat', 'y'],
    ]);
    expect(operationsOf({ op: 'global-average-pooling' })).toEqual([
      ['GlobalAveragePool', 'x', 'y.planes'],
      ['Flatten', 'y.planes', 'y'],
    ]);
  });

  it('tell every side of the padding', () => {
    const padding = { top: 1, right: 2, bottom: 3, left: 4 };
    const size = { height: 3, width: 2 };
    const convolution = single({ op: 'convolution', kernel: kernel(5, 2, 3, 2), padding, stride: size });
    expect(read(networkModel(convolution)).nodes[0].attributes).toMatchObject({
      kernel_shape: [3, 2],
      strides: [3, 2],
      pads: [1, 4, 3, 2],
    });
    const pooling = single({ op: 'max-pooling', poolingSize: size });
    expect(read(networkModel(pooling)).nodes[0].attributes).toMatchObject({ strides: [3, 2] });
  });

  it.each([
    [{ op: 'resize', mode: 'nearest', scale: 2 }, 'it'],
    [{ op: 'relu', negativeSlope: 0.1 }, 'its negative slope'],
    [{ op: 'max-pooling', poolingSize: 2, convention: 'full' }, "convention 'full'"],
    [{ op: 'convolution', kernel: kernel(1, 2, 3, 3), padding: 'same' }, "padding 'same'"],
    [{ op: 'convolution', kernel: kernel(1, 2, 3, 3), activation: 'relu' }, 'its activation'],
    [{ op: 'fully-connected', kernel: kernel(3, 72), activation: 'relu' }, 'its activation'],
  ])('refuse %j', (each, what) => {
    expect(() => networkModel(single(each))).toThrow(`node 'y' (${each.op}): ${what} is not written as ONNX here`);
  });
});

describe('comparisons', () => {
  const comparison = (work: string, rest: Partial<Comparison> = {}): Comparison => ({
    ...{ work, how: null, kernels: 'simd', node: '20.1.2', images: null, ours: 20 },
    peers: [{ name: 'onnxruntime-node', milliseconds: 30 }],
    ...rest,
  });

  it('become rows with goals', () => {
    expect(rowsOf(comparison(WORK.vgg))).toEqual([
      {
        what: 'VGG-16, thirteen convolutions, simd, Node 20',
        value: 20,
        unit: 'ms',
        against: 'onnxruntime-node, 30.0 ms',
        ratio: 1.5,
        goal: { atLeast: 0.92 },
      },
    ]);
    expect(rowsOf(comparison('vgg-16, batch 8', { images: 8, how: 'x', kernels: 'simd-relaxed' }))).toEqual([
      {
        what: 'vgg-16, batch 8, x, simd-relaxed, Node 20',
        value: 400,
        unit: 'images/s',
        against: 'onnxruntime-node, 267 images/s',
        ratio: 1.5,
        goal: undefined,
      },
    ]);
  });

  it('have the goals of their work, peer and kernels', () => {
    expect(goalOf(WORK.vgg, 'onnxruntime-node', 'simd-relaxed')).toBe(1);
    expect(goalOf(WORK.vggRelaxed, 'onnxruntime-node', 'simd-relaxed')).toBe(1.15);
    expect(goalOf(WORK.vgg, 'onnxruntime-node', 'scalar')).toBeUndefined();
    expect(goalOf('vgg-16', 'onnxruntime-web', 'simd')).toBeUndefined();
    expect(goalOf(WORK.vgg, 'onnxruntime-web', 'scalar')).toBe(1);
    expect(goalOf(WORK.vgg, 'tfjs-backend-cpu', 'scalar')).toBe(20);
    expect(goalOf(WORK.vgg, 'tfjs-backend-cpu', 'simd')).toBeUndefined();
    // All layers but VGG-16's have one beside onnxruntime-web: their names are those of the layers.
    const named = allLayers.filter(({ name }) => goalOf(name, 'onnxruntime-web', 'simd') !== undefined);
    expect(named.map(({ kernelSize }) => kernelSize)).toEqual([5, 1, 1, 7, 11]);
    const onArrays = allLayers.map(({ name }) => goalOf(name, 'tfjs-backend-cpu', 'scalar'));
    expect(onArrays.filter((goal) => goal !== undefined)).toEqual([20, 5, 5, 5, 5]);
  });

  it('are drawn, to the same text from the same figures', async () => {
    const all = [comparison(WORK.vgg), comparison('a < b & c'), comparison(WORK.vgg, { node: '24.0.0' })];
    const text = await drawComparisons(all);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg".*<\/svg>\n$/s);
    expect(text).toContain('VGG-16, thirteen convolutions, Node 20, simd: 1.50× onnxruntime-node, goal 0.92×');
    expect(text).toContain('Node 24, simd');
    expect(text).toContain('a &lt; b &amp; c');
    expect(text).not.toContain('NaN');
    expect(await drawComparisons(all)).toBe(text);
  });
});
