/**
 * The layers of a model and which reads which.
 *
 *     { "class_name": "Conv2D", "config": { "name", … }, "inbound_nodes": [[[name, 0, 0, {}], …]] }
 *
 * A Sequential model is a chain. In a functional one every layer names the layers that it reads, in any order; we follow
 * these names backwards from the outputs, so that the layers come out in the order of computation. A file may chain as
 * many layers as it likes, so nothing here calls itself.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import type { NetworkInput } from '../networks/network.ts';
import { type Convert, type Layer, unusedName } from './builder.ts';
import { Config } from './config.ts';
import { expectSupported, readLayer } from './layers.ts';

export interface Topology {
  readonly name: string;
  readonly inputs: readonly NetworkInput[];
  /** In the order of computation, the model's inputs apart. */
  readonly steps: readonly Step[];
  /** Names of layers and inputs. */
  readonly outputs: readonly string[];
  /** Of all layers and inputs. */
  readonly names: ReadonlySet<string>;
}

export interface Step {
  readonly name: string;
  /** Names of the layers and inputs that it reads. */
  readonly reads: readonly string[];
  readonly convert: Convert;
}

/** A layer as the file lists it. */
interface ListedLayer extends Layer, Step {}

/** @param root what has the class and the config of the whole model */
export function readTopology(root: Config): Topology {
  const className = root.string('class_name');
  const isSequential = className === 'Sequential';
  if (!isSequential && className !== 'Functional' && className !== 'Model') {
    root.fail('class_name', "'Sequential', 'Functional' or 'Model'");
  }
  const layers = layersOf(root);
  return isSequential ? chain(layers) : functional(layers, root.object('config'));
}

function layersOf(root: Config): ListedLayer[] {
  // the oldest Sequential models have the list of layers in place of the config
  const config = root.value('config');
  const list = Array.isArray(config) ? config : root.object('config').array('layers');
  const entries = list.map((entry: unknown, i) => new Config(`layers[${i}]`, entry));
  // before anything else is said of any layer
  for (const entry of entries) refuseUnsupported(entry);
  const layers = entries.map(listedLayer);
  const names = new Set<string>();
  for (const { name, config } of layers) {
    if (names.has(name)) throw new NnpackError('invalid-model', `${config.who}: a second layer of this name`);
    names.add(name);
  }
  return layers;
}

/** A class of layer that is none of ours, and uses of a layer that we cannot follow. */
function refuseUnsupported(entry: Config): void {
  const className = entry.string('class_name');
  // what is in its config is the layer's own affair: a model in the model may have none of what is expected there
  const config = entry.value('config');
  const named = typeof config === 'object' && config !== null && Object.hasOwn(config, 'name');
  const name = named ? (config as { name: unknown }).name : entry.value('name');
  const who = typeof name === 'string' ? nameLayer(name, className) : `${entry.who} (${shortened(className)})`;
  expectSupported(who, className);

  const uses = entry.value('inbound_nodes');
  if (!Array.isArray(uses)) return;
  if (uses.length > 1) {
    throw new NnpackError('unsupported-layer', `${who}: is used ${uses.length} times, expected once`);
  }
  const [use] = uses;
  if (typeof use === 'object' && use !== null && Object.hasOwn(use, 'args')) {
    const what = 'has inbound_nodes in the Keras 3 format, expected [[[name, 0, 0, {}], …]] (Keras 2)';
    throw new NnpackError('unsupported-layer', `${who}: ${what}`);
  }
}

function listedLayer(entry: Config): ListedLayer {
  const className = entry.string('class_name');
  const name = entry.object('config').string('name', entry.has('name') ? entry.string('name') : undefined);
  if (name === '') entry.object('config').fail('name', 'a name');
  const who = nameLayer(name, className);
  const layer: Layer = { name, className, config: new Config(who, entry.value('config')) };
  const reads = entry.has('inbound_nodes') ? inboundOf(entry.as(who)) : [];
  return { ...layer, reads, convert: readLayer(layer) };
}

function nameLayer(name: string, className: string): string {
  return `layer ${show(name)} (${shortened(className)})`;
}

/** The layers that the one use of this layer reads; no use at all for an input. */
function inboundOf(layer: Config): string[] {
  const use = layer.array('inbound_nodes')[0] ?? [];
  if (!Array.isArray(use)) return layer.fail('inbound_nodes', 'an array of arrays of connections');
  return use.map((connection: unknown) => {
    const options = Array.isArray(connection) ? connection[3] : undefined;
    if (options !== undefined && options !== null) refuseOptions(new Config(`${layer.who}: inbound_nodes`, options));
    return endOf(layer, 'inbound_nodes', connection);
  });
}

/** What a layer was called with besides its input: a batch normalisation that is training, say, is another operation. */
function refuseOptions(options: Config): void {
  for (const name of options.names()) {
    const says = options.value(name);
    if (says !== undefined && !(name === 'training' && says === false)) options.unsupported(name, 'nothing');
  }
}

/** The layer of one end of a connection, [name, 0, 0]: which use of the layer, and which of its outputs. */
function endOf(config: Config, field: string, connection: unknown): string {
  const [name, use, output] = Array.isArray(connection) ? connection : [];
  const good = typeof name === 'string' && use === 0 && output === 0;
  return good ? name : config.fail(field, 'connections [name, 0, 0]');
}

function endsOf(config: Config, field: string): string[] {
  const ends = config.value(field);
  if (typeof ends === 'object' && !Array.isArray(ends)) config.unsupported(field, 'an array (no names for them)');
  return config.array(field).map((end) => endOf(config, field, end));
}

function chain(layers: readonly ListedLayer[]): Topology {
  const [first] = layers;
  if (first === undefined) throw new NnpackError('invalid-model', 'model: expected at least one layer, got none');
  const names = new Set(layers.map(({ name }) => name));
  const isListed = first.className === 'InputLayer';
  const input = inputOf(first, isListed ? first.name : unusedName('input', names));
  const computed = isListed ? layers.slice(1) : layers;
  const steps = computed.map(({ name, convert }, i): Step => {
    return { name, convert, reads: [i === 0 ? input.name : computed[i - 1].name] };
  });
  const output = computed.at(-1)?.name ?? input.name;
  return { name: 'tfjs model', inputs: [input], steps, outputs: [output], names: names.add(input.name) };
}

function functional(layers: readonly ListedLayer[], config: Config): Topology {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const find = (name: string, reader: string): ListedLayer => {
    const layer = byName.get(name);
    if (layer !== undefined) return layer;
    throw new NnpackError('invalid-model', `${reader}: reads ${show(name)}, which is no layer`);
  };
  const inputs = endsOf(config, 'input_layers').map((name) => {
    const layer = byName.get(name);
    if (layer?.className !== 'InputLayer')
      return config.fail('input_layers', 'names of layers of the class InputLayer');
    return inputOf(layer, name);
  });
  const inputNames = new Set(inputs.map(({ name }) => name));
  if (inputNames.size < inputs.length) config.fail('input_layers', 'each name once');
  for (const layer of layers) for (const name of layer.reads) find(name, layer.config.who);
  const outputs = endsOf(config, 'output_layers');
  const last = outputs.map((name) => find(name, 'model: output_layers'));
  const steps = inOrder(last, inputNames, byName);
  return { name: config.string('name', 'tfjs model'), inputs, steps, outputs, names: new Set(byName.keys()) };
}

/** The layers behind `last`, each after those that it reads; a walk in depth with a stack of its own. */
function inOrder(
  last: readonly ListedLayer[],
  inputs: ReadonlySet<string>,
  byName: ReadonlyMap<string, ListedLayer>,
): ListedLayer[] {
  const order: ListedLayer[] = [];
  const done = new Set(inputs);
  const open = new Set<string>();
  const stack: { readonly layer: ListedLayer; next: number }[] = [];
  const enter = (layer: ListedLayer) => {
    if (layer.className === 'InputLayer') {
      const what = "is read, expected it among the model's input_layers";
      throw new NnpackError('invalid-model', `${layer.config.who}: ${what}`);
    }
    open.add(layer.name);
    stack.push({ layer, next: 0 });
  };
  for (const layer of last) {
    if (!done.has(layer.name)) enter(layer);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { layer, next } = top;
      if (next === layer.reads.length) {
        stack.pop();
        open.delete(layer.name);
        done.add(layer.name);
        order.push(layer);
        continue;
      }
      const name = layer.reads[top.next++];
      if (open.has(name)) {
        throw new NnpackError('invalid-model', `${layer.config.who}: reads ${show(name)} in a circle`);
      }
      if (!done.has(name)) enter(byName.get(name)!);
    }
  }
  return order;
}

/** [batch, H, W, C] or [batch, C] of an input layer, or of the first layer of a Sequential model. */
function inputOf({ config }: Layer, name: string): NetworkInput {
  const field = config.has('batch_shape') ? 'batch_shape' : 'batch_input_shape';
  const [, ...sizes] = config.array(field);
  const known = sizes.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) > 0));
  if (!known || sizes.length === 0) config.fail(field, '[batch, H, W, C] or [batch, C]');
  // sequences and volumes are good models, and none of ours
  if (sizes.length !== 1 && sizes.length !== 3) config.unsupported(field, '[batch, H, W, C] or [batch, C]');
  const [height, width, channels] = sizes as (number | null)[];
  return { name, shape: sizes.length === 1 ? [height] : [channels, height, width] };
}
