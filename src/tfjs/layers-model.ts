/**
 * Reads a tfjs layers model (what `LayersModel.save` and the Keras converter write) into a network.
 *
 *     model.json   { "modelTopology": { "model_config"?: { "class_name", "config": { "layers", … } } },
 *                    "weightsManifest": [ … ] }
 *
 * First all of model.json is read (topology.ts, weights.ts), so that what we cannot do, and what is broken, is said
 * before a weight is asked for. Then the weights are read, and the layers become nodes (layers.ts).
 */
import type { DenseArray, Network } from '../networks/network.ts';
import { declaredShapes } from '../networks/shapes.ts';
import { NetworkBuilder, type Value } from './builder.ts';
import { Config } from './config.ts';
import { LayerWeights } from './layer-weights.ts';
import { parseJson } from './model-json.ts';
import { readTopology, type Topology } from './topology.ts';
import { expectReadShard, parseManifest, type ReadShard, readWeights, type WeightGroup } from './weights.ts';

/**
 * The network of a tfjs layers model.
 *
 * @param model what model.json holds, parsed or as its text
 * @param readShard gives the bytes of a weights file that model.json names. It is asked for each file once, and may be
 *   handed any path that a manifest holds: whoever reads from a disk keeps to the model's folder, as `loadLayersModel` does
 * @throws NnpackError 'invalid-model' for what is broken, 'unsupported-layer' for what this library has no word for,
 *   'input-output' if a weights file cannot be read; or what the network that was read is refused for
 * @example
 * const fetchBytes = async (path: string) => new Uint8Array(await (await fetch(`/model/${path}`)).arrayBuffer());
 * const network = await readLayersModel(await (await fetch('/model/model.json')).json(), fetchBytes);
 */
export async function readLayersModel(model: unknown, readShard: ReadShard): Promise<Network> {
  expectReadShard('readLayersModel', readShard);
  const { topology, groups } = parseLayersModel(model);
  return toNetwork(topology, await readWeights(groups, readShard));
}

/** All that model.json says. */
export interface LayersModel {
  readonly topology: Topology;
  readonly groups: readonly WeightGroup[];
}

export function parseLayersModel(model: unknown): LayersModel {
  const file = new Config('model', parseJson(model, 'layers-model'));
  const topology = file.object('modelTopology');
  return {
    topology: readTopology(topology.has('model_config') ? topology.object('model_config') : topology),
    groups: parseManifest(file.written('weightsManifest')),
  };
}

/** The network, once its weights are there. */
export function toNetwork(
  { name, inputs, steps, outputs, names }: Topology,
  weights: Map<string, DenseArray>,
): Network {
  const builder = new NetworkBuilder(new LayerWeights(weights, names), names);
  const values = new Map<string, Value>(inputs.map((input) => [input.name, input]));
  for (const step of steps) {
    const reads = step.reads.map((read) => values.get(read)!);
    values.set(step.name, step.convert(builder, reads));
  }
  const network = builder.finish(
    name,
    inputs,
    outputs.map((output) => values.get(output)!),
  );
  declaredShapes(network);
  return network;
}
