/** Good files that we cannot do: what is unsupported is said first, of the layer that has it, and no weight is asked for. */
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { readLayersModel } from '../../src/tfjs/index.ts';
import type { KerasLayer } from './keras.ts';
import { functionalModel } from './models.ts';

const layer = (class_name: string, config: KerasLayer['config']): KerasLayer => ({ class_name, config });
const reading = (names: unknown[], of: KerasLayer): KerasLayer => {
  return { ...of, inbound_nodes: [names.map((name) => (typeof name === 'string' ? [name, 0, 0, {}] : name))] };
};
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
    const error = await readLayersModel(given, () => expect.unreachable('asked for a weights file')).catch((e) => e);
    expect(error).toBeInstanceOf(NnpackError);
    expect(error.message).toBe(text);
    expect(error.code).toBe('unsupported-layer');
  }
}

describe('an unsupported layer', () => {
  it.each([
    'Conv1D',
    'Conv3D',
    'Conv2DTranspose',
    'LSTM',
    'GRU',
    'SimpleRNN',
    'Bidirectional',
    'TimeDistributed',
    'Lambda',
    'Embedding',
    'Reshape',
    'Permute',
    'PReLU',
    'TFOpLambda',
    'SlicingOpLambda',
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

  it('is a model in the model, whatever that has for a config', async () => {
    const text = (className: string) => `layer 'x' (${className}): this class of layer is not supported`;
    for (const className of ['Functional', 'Model', 'Sequential']) {
      const inner = { layers: [input, convolution], input_layers: [['in', 0, 0]], output_layers: [['conv', 0, 0]] };
      await expectUnsupported(behind(className, inner), text(className));
      await expectUnsupported(sequential(layer(className, { name: 'x', ...inner })), text(className));
    }
    // as old files have it: a list in place of the config
    const old = { class_name: 'Sequential', name: 'x', config: [convolution] };
    await expectUnsupported(sequential(old, layer('Dense', { name: 'd', units: 1 })), text('Sequential'));
    const nameless = { class_name: 'Sequential', config: [convolution] };
    await expectUnsupported(sequential(nameless), 'layers[0] (Sequential): this class of layer is not supported');
  });
});

describe('an unsupported option', () => {
  const cases: [className: string, config: KerasLayer['config'], text: string][] = [
    [
      'Conv2D',
      { filters: 1, kernel_size: 1, data_format: 'channels_first' },
      "data_format expected 'channels_last', got 'channels_first'",
    ],
    [
      'DepthwiseConv2D',
      { kernel_size: 1, data_format: 'channels_first' },
      "data_format expected 'channels_last', got 'channels_first'",
    ],
    [
      'SeparableConv2D',
      { filters: 1, kernel_size: 1, data_format: 'channels_first' },
      "data_format expected 'channels_last', got 'channels_first'",
    ],
    ['MaxPooling2D', { data_format: 'channels_first' }, "data_format expected 'channels_last', got 'channels_first'"],
    [
      'GlobalAveragePooling2D',
      { data_format: 'channels_first' },
      "data_format expected 'channels_last', got 'channels_first'",
    ],
    ['UpSampling2D', { data_format: 'channels_first' }, "data_format expected 'channels_last', got 'channels_first'"],
    ['ZeroPadding2D', { data_format: 'channels_first' }, "data_format expected 'channels_last', got 'channels_first'"],
    ['Flatten', { data_format: 'channels_first' }, "data_format expected 'channels_last', got 'channels_first'"],
    ['Conv2D', { filters: 1, kernel_size: 1, padding: 'causal' }, "padding expected 'same' or 'valid', got 'causal'"],
    [
      'Dense',
      { units: 1, activation: 'tanh' },
      "activation expected 'linear', 'relu', 'relu6' or 'softmax', got 'tanh'",
    ],
    [
      'Dense',
      { units: 1, activation: { class_name: 'LeakyReLU', config: {} } },
      "activation expected 'linear', 'relu', 'relu6' or 'softmax', got an object of Object",
    ],
    ['UpSampling2D', { interpolation: 'lanczos3' }, "interpolation expected 'nearest' or 'bilinear', got 'lanczos3'"],
    ['GlobalAveragePooling2D', { keepdims: true }, 'keepdims expected false, got true'],
    ['ReLU', { threshold: 1 }, 'threshold expected 0, got 1'],
    ['ReLU', { negative_slope: 0.5, max_value: 6 }, 'negative_slope expected 0 with a max_value, got 0.5'],
    ['LeakyReLU', { alpha: -0.5 }, 'alpha expected a number of at least 0, got -0.5'],
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
      called({ y: ['in', 0, 0] }),
      "layer 'x' (BatchNormalization): inbound_nodes: y expected nothing, got ['in', 0, 0]",
    );
    // these say what is so anyway: the missing weight of the convolution comes next
    const harmless = await readLayersModel(called({ training: false, mask: null }), () => new Uint8Array(0)).catch(
      (e) => e,
    );
    expect(harmless.message).toBe("layer 'conv' (Conv2D): weight 'conv/kernel' is missing from weightsManifest");
  });

  it('is a layer that is used twice, and not the layer that reads the second use', async () => {
    const shared = {
      ...layer('Dense', { name: 'shared', units: 2 }),
      inbound_nodes: [[['in', 0, 0, {}]], [['conv', 0, 0, {}]]],
    };
    const sum = reading(
      [
        ['shared', 0, 0, {}],
        ['shared', 1, 0, {}],
      ],
      layer('Add', { name: 'sum' }),
    );
    const text = "layer 'shared' (Dense): is used 2 times, expected once";
    await expectUnsupported(functional(shared, sum).json, text);
    await expectUnsupported(functional(sum, shared).json, text);
  });

  it('is an input of another rank, or inputs by name', async () => {
    const { json } = functional();
    const named = structuredClone(json) as { modelTopology: { model_config: { config: Record<string, unknown> } } };
    named.modelTopology.model_config.config.input_layers = { a: ['in', 0, 0] };
    await expectUnsupported(
      named,
      'model: modelTopology: model_config: config: input_layers expected an array (no names for them), got an object of Object',
    );
    for (const shape of [
      [null, 10, 3],
      [null, 2, 4, 4, 3],
    ]) {
      const odd = layer('Conv2D', { ...convolution.config, batch_input_shape: shape });
      await expectUnsupported(
        sequential(odd),
        `layer 'conv' (Conv2D): batch_input_shape expected [batch, H, W, C] or [batch, C], got [${shape.map(String).join(', ')}]`,
      );
    }
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

  it('Keras 3', async () => {
    const tensor = {
      class_name: '__keras_tensor__',
      config: { shape: [null, 4, 4, 3], dtype: 'float32', keras_history: ['in', 0, 0] },
    };
    const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
    const layers = [
      {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: { batch_shape: [null, 4, 4, 3], dtype: 'float32', name: 'in' },
        registered_name: null,
        name: 'in',
        inbound_nodes: [],
      },
      {
        module: 'keras.layers',
        class_name: 'Conv2D',
        config: { ...convolution.config, dtype },
        registered_name: null,
        build_config: { input_shape: [null, 4, 4, 3] },
        name: 'conv',
        inbound_nodes: [{ args: [tensor], kwargs: {} }],
      },
    ];
    const config = {
      name: 'functional',
      trainable: true,
      layers,
      input_layers: [['in', 0, 0]],
      output_layers: [['conv', 0, 0]],
    };
    const modelTopology = {
      keras_version: '3.3.3',
      backend: 'tensorflow',
      model_config: { class_name: 'Functional', config },
    };
    await expectUnsupported(
      { format: 'layers-model', modelTopology, weightsManifest: manifest },
      "layer 'conv' (Conv2D): has inbound_nodes in the Keras 3 format, expected [[[name, 0, 0, {}], …]] (Keras 2)",
    );
  });

  it.each(['s/d/kernel', 'd/vars/0', 'layers/d/vars/0'])("Keras 3's name of a weight, %s", async (name) => {
    const model = {
      ...sequential(layer('Dense', { name: 'd', units: 1, use_bias: false, batch_input_shape: [null, 1] })),
      weightsManifest: [{ paths: ['a.bin'], weights: [{ name, shape: [1, 1], dtype: 'float32' }] }],
    };
    const error = await readLayersModel(model, () => new Uint8Array(4)).catch((e) => e);
    expect(error.message).toBe(
      `layer 'd' (Dense): its weight is named '${name}', as Keras 3 does, expected 'd/kernel'`,
    );
    expect(error.code).toBe('unsupported-layer');
  });
});
