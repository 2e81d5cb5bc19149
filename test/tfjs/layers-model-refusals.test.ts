/** Layers models that cannot be read, and what is said of them. */
import { describe, expect, it } from 'vitest';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import type { KerasLayer } from './keras.ts';
import { functionalModel, layer, type Model, reading, readNetwork } from './models.ts';

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
