/** Small tfjs models for tests: layers with random weights, written as tfjs writes them. */
import type { Network } from '../../src/networks/network.ts';
import { type ModelGraph, readLayersModel, readLayersModelGraph } from '../../src/tfjs/index.ts';
import { randomNumbers } from '../networks/arbitrary.ts';
import type { KerasLayer, Picture, Weights } from './keras.ts';
import { runLayer } from './keras.ts';

export function layer(class_name: string, config: KerasLayer['config']): KerasLayer {
  return { class_name, config };
}

/** A layer that is called once, with layers by their names or connections as they are. */
export function reading(from: readonly unknown[], of: KerasLayer): KerasLayer {
  return { ...of, inbound_nodes: [from.map((name) => (typeof name === 'string' ? [name, 0, 0, {}] : name))] };
}

export interface Model {
  readonly json: Record<string, unknown>;
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

export function readNetwork({ json, shards }: Model): Promise<Network> {
  return readLayersModel(json, (path) => shards[path]);
}

export function readModelGraph({ json, shards }: Model): Promise<ModelGraph> {
  return readLayersModelGraph(json, (path) => shards[path]);
}

/** One group, its bytes cut into two files at an odd place. */
export function manifestOf(weights: Weights): { manifest: unknown; shards: Record<string, Uint8Array> } {
  const entries = Object.entries(weights).map(([name, { shape }]) => ({ name, shape, dtype: 'float32' }));
  const bytes = Buffer.concat(Object.values(weights).map(({ data }) => Buffer.from(data.buffer)));
  const cut = Math.floor(bytes.length / 3) | 1;
  const shards = { 'a.bin': new Uint8Array(bytes.subarray(0, cut)), 'b.bin': new Uint8Array(bytes.subarray(cut)) };
  return { manifest: [{ paths: ['a.bin', 'b.bin'], weights: entries }], shards };
}

export function functionalModel(layers: readonly KerasLayer[], weights: Weights, outputs?: string[]): Model {
  const inputs = layers.filter((layer) => layer.class_name === 'InputLayer').map((layer) => layer.config.name);
  const names = outputs ?? [layers[layers.length - 1].config.name];
  const config = {
    name: 'model',
    layers: layers.map((layer) => ({ name: layer.config.name, ...layer })),
    input_layers: inputs.map((name) => [name, 0, 0]),
    output_layers: names.map((name) => [name, 0, 0]),
  };
  const { manifest, shards } = manifestOf(weights);
  const modelTopology = { keras_version: '2.4.0', model_config: { class_name: 'Functional', config } };
  return { json: { format: 'layers-model', modelTopology, weightsManifest: manifest }, shards };
}

export function sequentialModel(
  layers: readonly KerasLayer[],
  weights: Weights,
  shape: readonly (number | null)[],
): Model {
  const [first, ...rest] = layers;
  const withShape = { ...first, config: { ...first.config, batch_input_shape: [null, ...shape] } };
  const { manifest, shards } = manifestOf(weights);
  const modelTopology = { class_name: 'Sequential', config: { name: 'stack', layers: [withShape, ...rest] } };
  return { json: { modelTopology, weightsManifest: manifest }, shards };
}

/** Weights with random numbers for layers in a chain, given the shape that goes in; and what Keras makes of x. */
export function runChain(layers: readonly KerasLayer[], x: Picture, seed: number): { weights: Weights; y: Picture } {
  const weights: Record<string, Weights[string]> = {};
  let y = x;
  for (const layer of layers) {
    for (const [name, shape] of Object.entries(weightShapes(layer, y.shape))) {
      const count = shape.reduce((product, size) => product * size, 1);
      const numbers = randomNumbers(seed + 7 * Object.keys(weights).length, count);
      const data = name === 'moving_variance' ? numbers.map((v) => Math.abs(v) + 0.5) : numbers;
      weights[`${layer.config.name}/${name}`] = { shape, data };
    }
    y = runLayer(layer, [y], weights);
  }
  return { weights, y };
}

function weightShapes({ class_name, config }: KerasLayer, shape: readonly number[]): Record<string, number[]> {
  const channels = shape[shape.length - 1];
  const { kernel_size = [], filters, units, depth_multiplier = 1, groups = 1 } = config;
  const bias = (count: number): Record<string, number[]> => (config.use_bias === false ? {} : { bias: [count] });
  switch (class_name) {
    case 'Conv2D':
      return { kernel: [...kernel_size, channels / groups, filters], ...bias(filters) };
    case 'DepthwiseConv2D':
      return { depthwise_kernel: [...kernel_size, channels, depth_multiplier], ...bias(channels * depth_multiplier) };
    case 'SeparableConv2D':
      return {
        depthwise_kernel: [...kernel_size, channels, depth_multiplier],
        pointwise_kernel: [1, 1, channels * depth_multiplier, filters],
        ...bias(filters),
      };
    case 'Dense':
      return { kernel: [channels, units], ...bias(units) };
    case 'BatchNormalization':
      return {
        ...(config.scale === false ? {} : { gamma: [channels] }),
        ...(config.center === false ? {} : { beta: [channels] }),
        moving_mean: [channels],
        moving_variance: [channels],
      };
    default:
      return {};
  }
}

export function randomPicture(shape: readonly number[], seed: number): Picture {
  return {
    shape,
    data: Float64Array.from(
      randomNumbers(
        seed,
        shape.reduce((product, size) => product * size, 1),
      ),
    ),
  };
}
