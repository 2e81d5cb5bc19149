import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/networks/network.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { loadLayersModel } from '../../src/tfjs/load.ts';
import { runNaive, tensor } from '../networks/naive.ts';
import { rejection } from '../support/failure.ts';
import { type KerasLayer, type Picture, runLayer } from './keras.ts';
import {
  functionalModel,
  layer,
  type Model,
  randomPicture,
  reading,
  readNetwork,
  runChain,
  sequentialModel,
} from './models.ts';

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

describe('a model that cannot be read', () => {
  const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, 4, 4, 3] });
  const convolution = layer('Conv2D', { name: 'conv', filters: 2, kernel_size: [3, 3] });
  const weights = {
    'conv/kernel': { shape: [3, 3, 3, 2], data: new Float32Array(54) },
    'conv/bias': { shape: [2], data: new Float32Array(2) },
  };
  const functional = (...layers: KerasLayer[]) => functionalModel([input, ...layers], weights);
  const one = (class_name: string, config: KerasLayer['config']) =>
    functional(reading(['in'], layer(class_name, { name: 'x', ...config })));
  const good = functional(reading(['in'], convolution));
  const withManifest = (change: (entry: Record<string, unknown>) => void): Model => {
    const json = structuredClone(good.json) as { weightsManifest: { weights: Record<string, unknown>[] }[] };
    change(json.weightsManifest[0].weights[0]);
    return { ...good, json };
  };

  it('is not this one', async () => {
    expect((await readNetwork(good)).nodes).toHaveLength(1);
  });

  const shards = good.shards;
  const cases: [what: string, model: Model | string, code: string, text: string][] = [
    ['cut off', '{"modelTopology": {', 'invalid-model', 'model: expected JSON: '],
    ['no object', '[]', 'invalid-model', 'model: expected an object, got []'],
    ['empty', '{}', 'invalid-model', 'model: modelTopology: expected an object, got undefined'],
    [
      'a graph model',
      { json: { format: 'graph-model', modelTopology: {} }, shards },
      'unsupported-layer',
      'model: is a graph model, expected a layers model',
    ],
    [
      'of another class',
      { json: { ...good.json, modelTopology: { class_name: 'Zoo', config: { layers: [] } } }, shards },
      'invalid-model',
      "model: modelTopology: class_name expected 'Sequential', 'Functional' or 'Model', got 'Zoo'",
    ],
    [
      'an empty Sequential',
      { json: { ...good.json, modelTopology: { class_name: 'Sequential', config: { layers: [] } } }, shards },
      'invalid-model',
      'model: expected at least one layer, got none',
    ],
    [
      'without weights',
      { json: { modelTopology: good.json.modelTopology }, shards },
      'invalid-model',
      'weightsManifest: expected an array of groups, got undefined',
    ],
    [
      'with null for its weights',
      { json: { modelTopology: good.json.modelTopology, weightsManifest: null }, shards },
      'invalid-model',
      'weightsManifest: expected an array of groups, got null',
    ],
    ['null', '{"modelTopology": null}', 'invalid-model', 'model: modelTopology: expected an object, got null'],
    [
      'with a weight without a type',
      withManifest((entry) => {
        entry.dtype = null;
      }),
      'invalid-model',
      "weight 'conv/kernel': dtype expected a string, got null",
    ],
    [
      // the converter writes such weights as float32 with a quantization, and tfjs reads no others
      'with halves that are not quantized floats',
      withManifest((entry) => {
        entry.dtype = 'float16';
      }),
      'invalid-model',
      "weight 'conv/kernel': dtype expected 'float32', 'int32' or 'bool', got 'float16'",
    ],
    [
      'with a missing file',
      { json: good.json, shards: { 'a.bin': shards['a.bin'] } },
      'invalid-model',
      "weights file 'b.bin': expected a Uint8Array, got undefined",
    ],
    [
      'with a file cut off',
      { json: good.json, shards: { ...shards, 'b.bin': shards['b.bin'].subarray(1) } },
      'invalid-model',
      'weightsManifest[0]: its files hold 223 bytes, expected 224 (what its weights take)',
    ],
    [
      'with a weight missing',
      functionalModel(
        [input, reading(['in'], { ...convolution, config: { ...convolution.config, name: 'other' } })],
        weights,
      ),
      'invalid-model',
      "layer 'other' (Conv2D): weight 'other/kernel' is missing from weightsManifest",
    ],
    [
      'with a weight of another shape',
      one('Conv2D', { name: 'conv', filters: 5, kernel_size: [3, 3] }),
      'invalid-model',
      "layer 'conv' (Conv2D): weight 'conv/kernel' has the shape [3, 3, 3, 2], expected [3, 3, 3, 5]",
    ],
    [
      'with an unknown dtype',
      withManifest((entry) => Object.assign(entry, { dtype: 'complex64' })),
      'unsupported-layer',
      "weight 'conv/kernel': dtype expected 'float32', 'int32' or 'bool', got 'complex64'",
    ],
    [
      'with an unknown quantisation',
      withManifest((entry) => Object.assign(entry, { quantization: { dtype: 'uint4', scale: 1, min: 0 } })),
      'invalid-model',
      "weight 'conv/kernel': quantization: dtype expected 'uint8', 'uint16' or, of float32, 'float16' (the weight is float32), got 'uint4'",
    ],
    [
      'with a quantisation without a scale',
      withManifest((entry) => Object.assign(entry, { quantization: { dtype: 'uint8', min: 0 } })),
      'invalid-model',
      "weight 'conv/kernel': quantization: scale expected a number, got undefined",
    ],
    [
      'with a negative size',
      withManifest((entry) => Object.assign(entry, { shape: [3, -3] })),
      'invalid-model',
      "weight 'conv/kernel': shape expected whole numbers, got [3, -3]",
    ],
    [
      'with a layer nobody knows',
      one('LSTM', {}),
      'unsupported-layer',
      "layer 'x' (LSTM): this class of layer is not supported",
    ],
    [
      'with a model in the model that has no ends',
      one('Functional', { layers: [] }),
      'invalid-model',
      "layer 'x' (Functional): input_layers expected an array, got undefined",
    ],
    [
      'with an activation that networks do not have',
      one('Activation', { activation: 'swish' }),
      'unsupported-layer',
      "layer 'x': needs the operation swish, which networks do not have (graphs do)",
    ],
    [
      'that concatenates rows',
      functional(reading(['in', 'in'], layer('Concatenate', { name: 'x', axis: 1 }))),
      'unsupported-layer',
      "layer 'x': needs the operation general-concatenation, which networks do not have (graphs do)",
    ],
    [
      'that shows the order of Flatten',
      one('Flatten', {}),
      'unsupported-layer',
      "layer 'x/planes': needs the operation reshape, which networks do not have (graphs do)",
    ],
    [
      'with a kernel that does not fit',
      functionalModel(
        [{ ...input, config: { ...input.config, batch_input_shape: [null, 2, 4, 3] } }, reading(['in'], convolution)],
        weights,
      ),
      'invalid-kernel-size',
      "layer 'conv' (Conv2D): node 'conv' (convolution-nd): a window of 3 does not fit the padded input of 2",
    ],
    [
      'that reads a layer that is not there',
      functional(reading(['inn'], convolution)),
      'invalid-model',
      "layer 'conv' (Conv2D): reads 'inn', which is no layer",
    ],
    [
      'that goes in a circle',
      functional(reading(['x'], convolution), reading(['conv'], layer('Dropout', { name: 'x' }))),
      'invalid-model',
      "layer 'conv' (Conv2D): reads 'x' in a circle",
    ],
    [
      'over a sequence',
      functionalModel(
        [
          layer('InputLayer', { name: 'in', batch_input_shape: [null, 10, 3] }),
          reading(['in'], layer('Conv1D', { ...convolution.config, kernel_size: [3] })),
        ],
        { 'conv/kernel': { shape: [3, 3, 2], data: new Float32Array(18) }, 'conv/bias': weights['conv/bias'] },
      ),
      'unsupported-layer',
      "input 'in': has 3 axes of float32, expected [batch, H, W, C] or [batch, C] of float32 (a graph may have others)",
    ],
  ];
  it.each(cases)('%s', async (_, model, code, text) => {
    const reading = typeof model === 'string' ? readLayersModel(model, () => new Uint8Array()) : readNetwork(model);
    const error = await rejection(reading);
    // what JSON.parse says after the colon is its own affair
    expect(text.endsWith(': ') ? error.message.slice(0, text.length) : error.message).toBe(text);
    expect(error.code).toBe(code);
  });

  it('says why a weights file could not be read', async () => {
    const error = await rejection(readLayersModel(good.json, () => Promise.reject(new Error('no such host'))));
    expect([error.code, error.message]).toEqual([
      'input-output',
      "weights file 'a.bin' could not be read: no such host",
    ]);
  });
});

describe('the trained model of the upscaler', () => {
  const root = fileURLToPath(new URL('../../node_modules/@upscalerjs/default-model', import.meta.url));

  it('has twelve convolutions', async () => {
    const network = await loadLayersModel(join(root, 'models/model.json'));
    const shapes = inferShapes(network, { LR: [3, 128, 128] });
    expect(network.nodes.filter((node) => node.op === 'convolution')).toHaveLength(12);
    expect(shapes.values.get('SR')).toEqual([3, 256, 256]);
    expect(shapes.multiplyAdds).toBe(3_646_160_896);
    expect(shapes.parameters * 4).toBe(888_300);
  });

  it('gives the sample picture of its package, pixel for pixel', async () => {
    // the upper left corner: what is 10 pixels or more from the cut does not know of it
    const size = 24;
    const kept = 2 * (size - 10);
    const network = await loadLayersModel(join(root, 'models/model.json'));
    const fixture = PNG.sync.read(readFileSync(join(root, 'assets/fixture.png')));
    const sample = PNG.sync.read(readFileSync(join(root, 'assets/samples/2x/result.png')));
    const x: number[] = [];
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) x.push(fixture.data[(i * fixture.width + j) * 4 + c]);
      }
    }
    const y = runNaive(network, { LR: tensor([1, 3, size, size], x) }).get('SR')!;
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < kept; i++) {
        for (let j = 0; j < kept; j++) {
          const value = Math.round(Math.min(Math.max(y.data[(c * 2 * size + i) * 2 * size + j], 0), 255));
          expect(value).toBe(sample.data[(i * sample.width + j) * 4 + c]);
        }
      }
    }
  });

  it('is not where it is not', async () => {
    expect((await rejection(loadLayersModel(join(root, 'models/none.json')))).code).toBe('input-output');
  });
});
