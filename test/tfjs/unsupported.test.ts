/** Good files that we cannot do: what is unsupported is said first, of the layer that has it, and no weight is asked for. */
import { describe, expect, it } from 'vitest';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import type { KerasLayer } from './keras.ts';
import { functionalModel, layer, reading } from './models.ts';

const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, 4, 4, 3] });
const convolution = layer('Conv2D', { name: 'conv', filters: 2, kernel_size: [3, 3] });
// needs a weight that no manifest here has
const functional = (...layers: KerasLayer[]) => functionalModel([input, reading(['in'], convolution), ...layers], {});
const behind = (class_name: string, config: KerasLayer['config'] = {}) =>
  functional(reading(['conv'], layer(class_name, { name: 'x', ...config }))).json;
const sequential = (...layers: unknown[]) => ({
  modelTopology: { class_name: 'Sequential', config: { name: 's', layers } },
  weightsManifest: [],
});

async function expectUnsupported(model: unknown, text: string): Promise<void> {
  for (const given of [model, JSON.stringify(model)]) {
    const error = await rejection(readLayersModel(given, () => expect.unreachable('asked for a weights file')));
    expect([error.code, error.message]).toEqual(['unsupported-layer', text]);
  }
}

describe('an unsupported layer', () => {
  it.each([
    'Conv3D',
    'LSTM',
    'GRU',
    'SimpleRNN',
    'Bidirectional',
    'Lambda',
    'Embedding',
    'Custom>Mine',
    'constructor',
    '__proto__',
    'toString',
  ])('of the class %s is named', async (className) => {
    const text = `layer 'x' (${className}): this class of layer is not supported`;
    await expectUnsupported(behind(className), text);
    // whatever stands before it: an input of another rank, options and shapes that do not fit, weights that are missing
    const odd = layer('InputLayer', { name: 'in', batch_input_shape: [null, 10, 3] });
    const broken = layer('Conv2D', { name: 'conv', filters: -1, kernel_size: 'x' });
    const last = reading(['conv'], layer(className, { name: 'x' }));
    await expectUnsupported(functionalModel([odd, reading(['in'], broken), last], {}).json, text);
    await expectUnsupported(sequential(convolution, layer(className, { name: 'x' })), text);
  });

  it('is told with all others, those of models in the model too', async () => {
    const inner = {
      class_name: 'Functional',
      config: {
        ...{ name: 'inner', input_layers: [['in', 0, 0]], output_layers: [['l', 0, 0]] },
        layers: [input, reading(['in'], layer('LSTM', { name: 'l' }))],
      },
    };
    const outer = { ...reading(['conv'], layer('Functional', { name: 'inner' })), ...inner };
    const model = functional(outer, reading(['inner'], layer('Lambda', { name: 'f' }))).json;
    const text = (name: string, className: string) =>
      `layer '${name}' (${className}): this class of layer is not supported`;
    await expectUnsupported(model, `${text('f', 'Lambda')}; ${text('l', 'LSTM')}`);
  });
});

describe('an unsupported option', () => {
  const cases: [className: string, config: KerasLayer['config'], text: string][] = [
    ['Conv2D', { filters: 1, kernel_size: 1, padding: 'causal' }, "padding expected 'same' or 'valid', got 'causal'"],
    ['Conv2DTranspose', { filters: 4, kernel_size: 1, groups: 2 }, 'groups expected 1, got 2'],
    ['LeakyReLU', { alpha: -0.5 }, 'alpha expected a number of at least 0, got -0.5'],
    ['LayerNormalization', { rms_scaling: true }, 'rms_scaling expected false, got true'],
    ['TFOpLambda', { function: 'math.lgamma' }, "function expected another one, got 'math.lgamma'"],
    [
      'ReLU',
      { dtype: 'int8_from_float32' },
      "dtype expected one of float32, float16, bfloat16, float64, mixed_float16, mixed_bfloat16, got 'int8_from_float32'",
    ],
  ];
  it.each(cases)('of %s: %j', async (className, config, text) => {
    await expectUnsupported(behind(className, config), `layer 'x' (${className}): ${text}`);
  });

  it('is what a layer was called with', async () => {
    const called = (options: unknown) =>
      functional(reading([['conv', 0, 0, options]], layer('BatchNormalization', { name: 'x' }))).json;
    await expectUnsupported(
      called({ training: true }),
      "layer 'x' (BatchNormalization): inbound_nodes: training expected nothing, got true",
    );
    await expectUnsupported(
      called({ mask: ['in', 0, 0] }),
      "layer 'x' (BatchNormalization): inbound_nodes: mask expected nothing, got a value",
    );
    // these say what is so anyway: the missing weight of the convolution comes next
    const harmless = await rejection(readLayersModel(called({ training: false, mask: null }), () => new Uint8Array(0)));
    expect(harmless.message).toBe("layer 'conv' (Conv2D): weight 'conv/kernel' is missing from weightsManifest");
  });
});

describe('a file of another format', () => {
  const topology = { class_name: 'Sequential', config: { name: 's', layers: [convolution] } };
  const manifest = [{ paths: ['a.bin'], weights: [] }];
  it.each([
    [
      'a graph model',
      { format: 'graph-model', modelTopology: { node: [] }, weightsManifest: manifest },
      'a graph model',
    ],
    ['a graph model without its graph', { format: 'graph-model' }, 'a graph model'],
    [
      'a graph model of the oldest converters',
      { modelTopology: { node: [], library: {} }, weightsManifest: manifest },
      'a graph model',
    ],
    ['weights_manifest.json', manifest, 'a weights manifest without a topology'],
    ['weights alone', { weightsManifest: manifest }, 'a weights manifest without a topology'],
    ["what Keras's to_json writes", topology, 'a topology without a weights manifest'],
    ['what an H5 file has', { model_config: topology }, 'a topology without a weights manifest'],
  ])('%s', async (_, model, what) => {
    await expectUnsupported(model, `model: is ${what}, expected a layers model`);
  });
});
