/**
 * Reads a tfjs layers model (what `LayersModel.save` and the Keras converter write) into a graph.
 *
 *     model.json   { "modelTopology": { "model_config"?: { "class_name", "config": { "layers", … } } },
 *                    "weightsManifest": [ … ] }
 *
 * First all of model.json is read (keras-model.ts, prepare.ts, weights.ts), so that what we cannot do, and what is broken,
 * is said before a weight is asked for. Then the weights are read, and the layers become nodes (convert.ts).
 */
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import type { DenseArray, Network } from '../networks/network.ts';
import { Config, inPart } from './config.ts';
import { convertModel } from './convert.ts';
import { type KerasLayer, type KerasModel, readKerasModel } from './keras-model.ts';
import { LayerWeights } from './layer-weights.ts';
import { parseJson } from './model-json.ts';
import { type Prepared, prepare } from './prepare.ts';
import { networkOfModel } from './short-form.ts';
import { expectReadShard, parseManifest, type ReadShard, readWeights, type WeightGroup } from './weights.ts';

/**
 * The graph of a tfjs layers model, Keras 2 or 3, in the model's own layout (pictures are N H W C), types and names.
 *
 * @param model what model.json holds, parsed or as its text
 * @param readShard gives the bytes of a weights file that model.json names. It is asked for each file once, and may be
 *   handed any path that a manifest holds: whoever reads from a disk keeps to the model's folder
 * @throws NnpackError 'invalid-model' for what is broken, 'unsupported-layer' with all layers that are not supported,
 *   'input-output' if a weights file cannot be read; or what the graph that was read is refused for
 * @example
 * const fetchBytes = async (path: string) => new Uint8Array(await (await fetch(`/model/${path}`)).arrayBuffer());
 * const { graph } = await readLayersModelGraph(await (await fetch('/model/model.json')).json(), fetchBytes);
 * const { logits } = runGraph(graph, { image });
 */
export async function readLayersModelGraph(model: unknown, readShard: ReadShard): Promise<ModelGraph> {
  expectReadShard('readLayersModelGraph', readShard);
  const read = parseLayersModel(model);
  return toGraph(read, await readWeights(read.groups, readShard));
}

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
  const read = parseLayersModel(model);
  return toNetwork(read, await readWeights(read.groups, readShard));
}

/** All that model.json says. */
export interface LayersModel {
  readonly model: KerasModel;
  readonly prepared: ReadonlyMap<KerasLayer, Prepared>;
  readonly groups: readonly WeightGroup[];
  readonly metadata: ReadonlyMap<string, string>;
}

export function parseLayersModel(model: unknown): LayersModel {
  const file = new Config('model', parseJson(model, 'layers-model'));
  const topology = file.object('modelTopology');
  const version = topology.value('keras_version');
  const isKeras3 = typeof version === 'string' && /^([3-9]|\d\d)/.test(version);
  const root = topology.has('model_config') ? topology.object('model_config') : topology;
  const read = readKerasModel(root, isKeras3);
  const prepared = prepare(read);
  const groups = parseManifest(file.written('weightsManifest'));
  return { model: read, prepared, groups, metadata: metadataOf(file, topology) };
}

/** What the file tells about itself. */
function metadataOf(file: Config, topology: Config): ReadonlyMap<string, string> {
  const told = [
    ...['format', 'generatedBy', 'convertedBy'].map((name) => [name, file.value(name)] as const),
    ...['keras_version', 'backend'].map((name) => [name, topology.value(name)] as const),
  ];
  return new Map(told.flatMap(([name, text]): [string, string][] => (typeof text === 'string' ? [[name, text]] : [])));
}

/** The graph, once its weights are there. */
export function toGraph({ model, prepared, metadata }: LayersModel, weights: Map<string, DenseArray>): ModelGraph {
  const own = new LayerWeights(weights, layerNames(prepared));
  const graph = convertModel(model, prepared, own, { pictures: 'channels-last' });
  return { graph: inPart('model', () => parseGraph(graph)), metadata, notes: [] };
}

/** The same in the short form of networks. */
export function toNetwork({ model, prepared }: LayersModel, weights: Map<string, DenseArray>): Network {
  const own = new LayerWeights(weights, layerNames(prepared));
  return networkOfModel(convertModel(model, prepared, own, { pictures: 'channels-first' }));
}

function layerNames(prepared: ReadonlyMap<KerasLayer, Prepared>): ReadonlySet<string> {
  return new Set([...prepared.keys()].map(({ name }) => name));
}
