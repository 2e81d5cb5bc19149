/**
 * Reads a tfjs layers model (what `LayersModel.save` and the Keras converter write) into a network.
 *
 *     model.json   { "modelTopology": { "model_config"?: { "class_name", "config": { "layers", … } } },
 *                    "weightsManifest": [ … ] }
 *
 * A Sequential model is a chain. In a functional one every layer names the layers that it reads
 * (`inbound_nodes: [[[name, 0, 0, {}], …]]`), in any order; we follow these names backwards from the outputs, so that
 * the nodes come out in the order of computation. What each class of layer becomes stands in layers.ts.
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray, Network, NetworkInput } from '../networks/network.ts';
import { declaredShapes } from '../networks/shapes.ts';
import { type Layer, NetworkBuilder, type Value } from './builder.ts';
import { Config } from './config.ts';
import { convertLayer } from './layers.ts';
import { type ReadShard, readWeights } from './weights.ts';

/**
 * The network of a tfjs layers model.
 *
 * @param model what model.json holds, parsed or as its text
 * @param readShard gives the bytes of a weights file that model.json names
 * @throws NnpackError 'invalid-model' for what is broken, 'unsupported-layer' for what this library has no word for,
 *   'input-output' if a weights file cannot be read
 * @example
 * const fetchBytes = async (path: string) => new Uint8Array(await (await fetch(`/model/${path}`)).arrayBuffer());
 * const network = await readLayersModel(await (await fetch('/model/model.json')).json(), fetchBytes);
 */
export async function readLayersModel(model: unknown, readShard: ReadShard): Promise<Network> {
  const file = new Config('model', typeof model === 'string' ? parse(model) : model);
  const format = file.string('format', 'layers-model');
  if (format !== 'layers-model') {
    throw new NnpackError('invalid-model', `model: format expected 'layers-model', got ${show(format)}`);
  }
  const topology = file.object('modelTopology');
  const root = topology.has('model_config') ? topology.object('model_config') : topology;
  const weights = await readWeights(file.value('weightsManifest'), readShard);

  const className = root.string('class_name');
  const layers = layersOf(root);
  const network =
    className === 'Sequential'
      ? readSequential(layers, weights)
      : className === 'Functional' || className === 'Model'
        ? readFunctional(layers, root.object('config'), weights)
        : root.fail('class_name', "'Sequential', 'Functional' or 'Model'");
  declaredShapes(network);
  return network;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NnpackError('invalid-model', `model: expected JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** A layer as the file lists it. */
interface ListedLayer extends Layer {
  /** Names of the layers that it reads; null in a Sequential model, where it reads the one before. */
  readonly inbound: readonly string[] | null;
}

function layersOf(root: Config): ListedLayer[] {
  // the oldest Sequential models have the list of layers in place of the config
  const config = root.value('config');
  const list = Array.isArray(config) ? config : root.object('config').array('layers');
  return list.map((entry, i) => {
    const where = new Config(`layers[${i}]`, entry);
    const className = where.string('class_name');
    const name = where.object('config').string('name', where.has('name') ? where.string('name') : undefined);
    const who = `layer ${show(name)} (${className})`;
    const inbound = where.has('inbound_nodes') ? inboundOf(new Config(who, entry)) : null;
    return { name, className, config: new Config(who, where.value('config')), inbound };
  });
}

/** [[[name, 0, 0, {}], …]]: the layers that the one use of this layer reads; no use at all for an input. */
function inboundOf(layer: Config): string[] {
  const uses = layer.array('inbound_nodes');
  if (uses.length > 1) {
    throw new NnpackError('unsupported-layer', `${layer.who}: is used ${uses.length} times, expected once`);
  }
  const use = uses[0] ?? [];
  if (!Array.isArray(use)) return layer.fail('inbound_nodes', 'an array of arrays (the Keras 2 format)');
  return use.map((connection: unknown) => endOf(layer, 'inbound_nodes', connection));
}

/** The layer of one end of a connection, [name, 0, 0]: which use of the layer, and which of its outputs. */
function endOf(config: Config, field: string, connection: unknown): string {
  const [name, use, output] = Array.isArray(connection) ? connection : [];
  const good = typeof name === 'string' && use === 0 && output === 0;
  return good ? name : config.fail(field, 'connections [name, 0, 0]');
}

function readSequential(layers: readonly ListedLayer[], weights: ReadonlyMap<string, DenseArray>): Network {
  const [first] = layers;
  if (first === undefined) throw new NnpackError('invalid-model', 'model: expected at least one layer, got none');
  const input = inputOf(first, first.className === 'InputLayer' ? first.name : 'input');
  const builder = new NetworkBuilder(weights);
  let value: Value = { name: input.name, shape: input.shape };
  for (const layer of layers) {
    if (layer !== first || layer.className !== 'InputLayer') value = convertLayer(builder, layer, [value]);
  }
  return builder.finish('tfjs model', [input], [value]);
}

function readFunctional(
  layers: readonly ListedLayer[],
  config: Config,
  weights: ReadonlyMap<string, DenseArray>,
): Network {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const builder = new NetworkBuilder(weights);
  const values = new Map<string, Value | 'in progress'>();
  const inputs = endsOf(config, 'input_layers').map((name) => {
    const layer = byName.get(name) ?? config.fail('input_layers', 'names of layers');
    const input = inputOf(layer, name);
    values.set(name, { name, shape: input.shape });
    return input;
  });

  const compute = (name: string, reader: string): Value => {
    const known = values.get(name);
    if (known === 'in progress') throw new NnpackError('invalid-model', `${reader}: reads ${show(name)} in a circle`);
    if (known !== undefined) return known;
    const layer = byName.get(name);
    if (layer === undefined)
      throw new NnpackError('invalid-model', `${reader}: reads ${show(name)}, which is no layer`);
    values.set(name, 'in progress');
    const read = (layer.inbound ?? []).map((from) => compute(from, layer.config.who));
    const value = convertLayer(builder, layer, read);
    values.set(name, value);
    return value;
  };
  const outputs = endsOf(config, 'output_layers').map((name) => compute(name, 'model: output_layers'));
  return builder.finish(config.string('name', 'tfjs model'), inputs, outputs);
}

function endsOf(config: Config, field: string): string[] {
  return config.array(field).map((end) => endOf(config, field, end));
}

/** [batch, H, W, C] or [batch, C] of an input layer, or of the first layer of a Sequential model. */
function inputOf(layer: ListedLayer, name: string): NetworkInput {
  const { config } = layer;
  const field = config.has('batch_shape') ? 'batch_shape' : 'batch_input_shape';
  const [, ...sizes] = config.array(field);
  const known = sizes.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) > 0));
  if (!known || (sizes.length !== 1 && sizes.length !== 3)) config.fail(field, '[batch, H, W, C] or [batch, C]');
  const [height, width, channels] = sizes as (number | null)[];
  return { name, shape: sizes.length === 1 ? [height] : [channels, height, width] };
}
