/** Networks of layers models: each class of layer against its definition, branches, and the forms that files have. */
import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/networks/network.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { runNaive, tensor } from '../networks/naive.ts';
import { type KerasLayer, type Picture, runLayer } from './keras.ts';
import { functionalModel, layer, randomPicture, reading, readNetwork, runChain, sequentialModel } from './models.ts';

/** (H, W, C) → (1, C, H, W) */
function planar({ shape, data }: Picture) {
  if (shape.length === 1) return tensor([1, ...shape], data);
  const [height, width, channels] = shape;
  const turned = Array.from({ length: data.length }, (_, i) => {
    const [c, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
    return data[pixel * channels + c];
  });
  return tensor([1, channels, height, width], turned);
}

/**
 * Runs a read network on a picture and compares. Both sides sum fewer than 2¹⁰ products of numbers of about 1 in double,
 * a few layers deep, in two orders: the differences stay far below 2⁻³⁵ of the largest number.
 */
function expectNetworkGives(network: Network, x: Picture, y: Picture): void {
  const value = runNaive(network, { [network.inputs[0].name]: planar(x) }).get(network.outputs[0])!;
  const expected = planar(y);
  expect(value.shape).toEqual(expected.shape);
  const largest = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  value.data.forEach((v, i) => {
    const near = Math.abs(v - expected.data[i]) <= largest * 2 ** -35;
    if (!near) expect.fail(`element ${i}: ${v}, expected ${expected.data[i]}`);
  });
  inferShapes(network, { [network.inputs[0].name]: planar(x).shape.slice(1) });
}

describe('readLayersModel', () => {
  const conv = { name: 'conv', filters: 4, kernel_size: [3, 2], padding: 'valid' };
  const chains: [what: string, layers: KerasLayer[]][] = [
    ['Conv2D', [layer('Conv2D', conv)]],
    ['Conv2D same, stride 2', [layer('Conv2D', { ...conv, padding: 'same', strides: [2, 3] })]],
    ['Conv2D dilated, relu', [layer('Conv2D', { ...conv, dilation_rate: [2, 3], activation: 'relu' })]],
    ['Conv2D in groups, without bias', [layer('Conv2D', { ...conv, groups: 2, use_bias: false, activation: 'relu6' })]],
    ['Conv2D, softmax', [layer('Conv2D', { ...conv, activation: 'softmax' })]],
    [
      'DepthwiseConv2D',
      [
        layer('DepthwiseConv2D', {
          name: 'd',
          kernel_size: [3, 3],
          depth_multiplier: 3,
          padding: 'same',
          activation: 'relu',
        }),
      ],
    ],
    [
      'SeparableConv2D',
      [layer('SeparableConv2D', { ...conv, depth_multiplier: 2, strides: [2, 2], activation: 'relu' })],
    ],
    ['Dense over a picture', [layer('Dense', { name: 'dense', units: 3 })]],
    ['Activation linear', [layer('Activation', { name: 'a', activation: 'linear' })]],
    ['Activation relu6', [layer('Activation', { name: 'a', activation: 'relu6' })]],
    ['Activation softmax', [layer('Activation', { name: 'a', activation: 'softmax' })]],
    ['ReLU', [layer('ReLU', { name: 'a' })]],
    ['ReLU up to 0.5', [layer('ReLU', { name: 'a', max_value: 0.5 })]],
    ['ReLU with a slope', [layer('ReLU', { name: 'a', max_value: null, negative_slope: 0.125, threshold: 0 })]],
    ['LeakyReLU', [layer('LeakyReLU', { name: 'a', alpha: 0.25 })]],
    ['LeakyReLU as it is by default', [layer('LeakyReLU', { name: 'a' })]],
    ['Softmax', [layer('Softmax', { name: 'a', axis: 3 })]],
    ['BatchNormalization', [layer('BatchNormalization', { name: 'bn', axis: [3], epsilon: 0.001 })]],
    [
      'BatchNormalization without scale and center',
      [layer('BatchNormalization', { name: 'bn', axis: 3, epsilon: 0.01, scale: false, center: false })],
    ],
    ['MaxPooling2D', [layer('MaxPooling2D', { name: 'p', pool_size: [2, 3], strides: [1, 2], padding: 'valid' })]],
    ['MaxPooling2D same', [layer('MaxPooling2D', { name: 'p', pool_size: [3, 3], strides: [2, 2], padding: 'same' })]],
    [
      'AveragePooling2D same',
      [layer('AveragePooling2D', { name: 'p', pool_size: [3, 2], strides: null, padding: 'same' })],
    ],
    [
      'GlobalAveragePooling2D, Dense',
      [layer('GlobalAveragePooling2D', { name: 'g' }), layer('Dense', { name: 'd', units: 2 })],
    ],
    ['UpSampling2D', [layer('UpSampling2D', { name: 'u', size: [2, 3], interpolation: 'nearest' })]],
    ['UpSampling2D bilinear', [layer('UpSampling2D', { name: 'u', size: [2, 3], interpolation: 'bilinear' })]],
    ['Dropout', [layer('Dropout', { name: 'd', rate: 0.5 })]],
    [
      'Flatten, Dense',
      [layer('Flatten', { name: 'f' }), layer('Dense', { name: 'd', units: 3, activation: 'softmax' })],
    ],
    [
      'Flatten, Dropout, BatchNormalization, Activation, Dense',
      [
        layer('Flatten', { name: 'f' }),
        layer('Dropout', { name: 'drop', rate: 0.1 }),
        layer('BatchNormalization', { name: 'bn', axis: 1, epsilon: 0.001 }),
        layer('Activation', { name: 'a', activation: 'relu' }),
        layer('Dense', { name: 'd', units: 3 }),
        layer('Dense', { name: 'e', units: 2 }),
      ],
    ],
    [
      'GlobalAveragePooling2D, Flatten',
      [layer('GlobalAveragePooling2D', { name: 'g' }), layer('Flatten', { name: 'f' })],
    ],
    [
      'ZeroPadding2D, Conv2D',
      [
        layer('ZeroPadding2D', {
          name: 'z',
          padding: [
            [1, 2],
            [3, 0],
          ],
        }),
        layer('Conv2D', { ...conv, strides: [2, 2] }),
      ],
    ],
    [
      'ZeroPadding2D, DepthwiseConv2D',
      [
        layer('ZeroPadding2D', {
          name: 'z',
          padding: [
            [0, 1],
            [0, 1],
          ],
        }),
        layer('DepthwiseConv2D', { name: 'd', kernel_size: [3, 3], strides: [2, 2] }),
      ],
    ],
    [
      'ZeroPadding2D, Conv2D same',
      [
        layer('ZeroPadding2D', {
          name: 'z',
          padding: [
            [1, 2],
            [3, 0],
          ],
        }),
        layer('Conv2D', { ...conv, padding: 'same' }),
      ],
    ],
    [
      'ZeroPadding2D, MaxPooling2D',
      [
        layer('ZeroPadding2D', {
          name: 'z',
          padding: [
            [1, 1],
            [1, 1],
          ],
        }),
        layer('MaxPooling2D', { name: 'p', pool_size: [3, 3], strides: [2, 2] }),
      ],
    ],
    [
      'ZeroPadding2D twice',
      [
        layer('ZeroPadding2D', {
          name: 'y',
          padding: [
            [1, 0],
            [0, 0],
          ],
        }),
        layer('ZeroPadding2D', {
          name: 'z',
          padding: [
            [0, 0],
            [2, 1],
          ],
        }),
      ],
    ],
    [
      'a small classifier',
      [
        layer('Conv2D', { ...conv, padding: 'same', activation: 'relu' }),
        layer('BatchNormalization', { name: 'bn', axis: [3], epsilon: 0.001 }),
        layer('MaxPooling2D', { name: 'p', pool_size: [2, 2], strides: [2, 2], padding: 'valid' }),
        layer('SeparableConv2D', { name: 's', filters: 5, kernel_size: [2, 2] }),
        layer('LeakyReLU', { name: 'l' }),
        layer('Flatten', { name: 'f' }),
        layer('Dense', { name: 'd', units: 4, activation: 'relu' }),
        layer('Dense', { name: 'e', units: 3, activation: 'softmax' }),
      ],
    ],
  ];

  it.each(chains)('means by %s what Keras means', async (_, layers) => {
    const x = randomPicture([6, 7, 4], 11);
    const { weights, y } = runChain(layers, x, 5);
    expectNetworkGives(await readNetwork(sequentialModel(layers, weights, [6, 7, 4])), x, y);
    // the same as a functional model, in any order
    const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, 6, 7, 4] });
    const names = ['in', ...layers.map(({ config }) => config.name)];
    const linked = layers.map((of, i) => reading([names[i]], of));
    const model = functionalModel([...linked.reverse(), input], weights, [names[names.length - 1]]);
    expectNetworkGives(await readNetwork(model), x, y);
  });

  it('joins branches', async () => {
    const x = randomPicture([4, 5, 3], 3);
    const a = layer('Conv2D', { name: 'a', filters: 3, kernel_size: [3, 3], padding: 'same' });
    const b = layer('DepthwiseConv2D', { name: 'b', kernel_size: [1, 1] });
    const left = runChain([a], x, 1);
    const right = runChain([b], x, 2);
    const weights = { ...left.weights, ...right.weights };
    const sum = runLayer(layer('Add', { name: 'sum' }), [left.y, right.y, x], weights);
    const all = runLayer(layer('Concatenate', { name: 'all', axis: -1 }), [sum, x, left.y], weights);
    const model = functionalModel(
      [
        { ...layer('InputLayer', { name: 'in', batch_input_shape: [null, null, null, 3] }), inbound_nodes: [] },
        reading(['in'], a),
        reading(['in'], b),
        reading(['a', 'b', 'in'], layer('Add', { name: 'sum' })),
        reading(['sum', 'in', 'a'], layer('Concatenate', { name: 'all', axis: 3 })),
      ],
      weights,
    );
    const network = await readNetwork(model);
    expect(network.inputs).toEqual([{ name: 'in', shape: [3, null, null] }]);
    expect(network.outputs).toEqual(['all']);
    expectNetworkGives(network, x, all);
  });

  it('pads once for two readers, and as late as it can', async () => {
    const weights = { 'c/kernel': { shape: [3, 3, 2, 1], data: new Float32Array(18).fill(1) } };
    const padding = layer('ZeroPadding2D', {
      name: 'z',
      padding: [
        [1, 1],
        [1, 1],
      ],
    });
    const layers = [
      layer('InputLayer', { name: 'in', batch_input_shape: [null, 4, 4, 2] }),
      reading(['in'], padding),
      reading(['z'], layer('Conv2D', { name: 'c', filters: 1, kernel_size: [3, 3], use_bias: false })),
      reading(['z'], layer('MaxPooling2D', { name: 'p', pool_size: [3, 3], strides: [1, 1] })),
      reading(['z'], layer('AveragePooling2D', { name: 'q', pool_size: [3, 3], strides: [1, 1] })),
      reading(['c', 'p', 'q'], layer('Concatenate', { name: 'all' })),
    ];
    const network = await readNetwork(functionalModel(layers, weights));
    expect(network.nodes.map((node) => `${node.name}(${node.inputs})`)).toEqual([
      'z(in)',
      'c(in)',
      'p(z)',
      'q(z)',
      'all(c,p,q)',
    ]);
  });

  it('reads the text of model.json, an old Sequential, and names with a cell in between', async () => {
    const dense = layer('Dense', { name: 'd', units: 2, use_bias: false, batch_input_shape: [null, 3] });
    const kernel = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const { json, shards } = sequentialModel([dense], { 'd/cell/kernel': kernel }, [3]);
    const topology = { class_name: 'Sequential', config: [dense] };
    const network = await readLayersModel(
      JSON.stringify({ ...json, modelTopology: topology }),
      async (path) => shards[path],
    );
    expect(network.nodes).toEqual([
      {
        op: 'fully-connected',
        name: 'd',
        inputs: ['input'],
        kernel: { shape: [2, 3], data: Float32Array.of(1, 3, 5, 2, 4, 6) },
      },
    ]);
  });
});
