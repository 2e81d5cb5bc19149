/** Small models as Keras 3 and the converter write them. */

import { runGraph } from '../../src/graph/run-graph.ts';
import { makeArray, type TypedTensor } from '../../src/tensor/ndarray.ts';
import type { Weights } from './keras.ts';
import { type Model, manifestOf, readModelGraph } from './models.ts';

type Config = Readonly<Record<string, unknown>>;

/** A layer, an operation or a model of a file. */
export type Entry = Readonly<Record<string, unknown>> & { readonly name: string };

const FLOATS = { class_name: 'DTypePolicy', config: { name: 'float32' } };

export function inputLayer(name: string, ...shape: (number | null)[]): Entry {
  const config = { batch_shape: [null, ...shape], dtype: 'float32', sparse: false, name };
  return { class_name: 'InputLayer', config, name, inbound_nodes: [] };
}

/** An output of a call of a layer. */
export function tensor(name: string, call = 0, output = 0): unknown {
  return {
    class_name: '__keras_tensor__',
    config: { shape: [null], dtype: 'float32', keras_history: [name, call, output] },
  };
}

/** A layer with the arguments of each of its calls. */
export function layer3(className: string, name: string, config: Config, ...calls: (readonly unknown[])[]): Entry {
  const inbound = calls.map((args) => ({ args, kwargs: {} }));
  return { class_name: className, config: { name, dtype: FLOATS, ...config }, name, inbound_nodes: inbound };
}

/** An operation on values. */
export function operation(className: string, name: string, config: Config, ...args: readonly unknown[]): Entry {
  return { class_name: className, config: { name, ...config }, name, inbound_nodes: [{ args, kwargs: {} }] };
}

export function functional3(name: string, layers: readonly Entry[], inputs: unknown, outputs: unknown): Entry {
  const config = { name, layers, input_layers: inputs, output_layers: outputs };
  return { class_name: 'Functional', config, name };
}

export function sequential3(name: string, ...layers: readonly Entry[]): Entry {
  const entries = layers.map(({ inbound_nodes: _, ...entry }) => entry);
  return { class_name: 'Sequential', config: { name, layers: entries }, name };
}

export function model3(root: Entry, weights: Weights, version = '3.15.1'): Model {
  const { manifest, shards } = manifestOf(weights);
  const modelTopology = { keras_version: version, model_config: root };
  return { json: { format: 'layers-model', modelTopology, weightsManifest: manifest }, shards };
}

export function numbers(shape: readonly number[], ...data: readonly number[]): Weights[string] {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => data[i % data.length]) };
}

/** What a model makes of arrays. */
export async function run3(
  model: Model,
  inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>,
): Promise<Record<string, TypedTensor>> {
  const { graph } = await readModelGraph(model);
  const arrays = Object.entries(inputs).map(([name, { shape, data }]) => [
    name,
    makeArray(Float32Array.from(data), shape),
  ]);
  return runGraph(graph, Object.fromEntries(arrays));
}

/** An image of one number each. */
export function column(...data: number[]) {
  return { shape: [data.length, 1], data };
}

/** The numbers that a model with the one input x makes of a number each. */
export async function valuesOf(model: Model, ...x: number[]): Promise<number[]> {
  const [y] = Object.values(await run3(model, { x: column(...x) }));
  return Array.from(y.data, Number);
}
