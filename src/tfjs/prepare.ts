/**
 * All that the layers of a model say, before a weight is asked for: what is not supported is told at once, all of it, and
 * before what is broken.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import type { Dtype } from '../graph/values.ts';
import { Config } from './config.ts';
import type { KerasLayer, KerasModel } from './keras-model.ts';
import type { Convert, KnownWeights, Layer } from './layer.ts';
import type { Owner } from './layer-weights.ts';
import { LAYERS } from './layers/table.ts';
import { timeDistributed } from './layers/time-distributed.ts';
import { OPERATIONS, readOperation } from './operators/table.ts';
import { type Call, referencesIn } from './references.ts';

/** A layer that was read. */
export interface Prepared {
  readonly layer: Layer;
  readonly convert: Convert;
  readonly owner: Owner;
  readonly known: KnownWeights;
  /** Values are brought to the layer's type. */
  readonly casts: boolean;
}

/** How many unsupported layers an error tells. */
const MOST_TOLD = 20;

/** Every layer of a model, and of the models in it, by the layer in the file. */
export function prepare(model: KerasModel): ReadonlyMap<KerasLayer, Prepared> {
  const prepared = new Map<KerasLayer, Prepared>();
  const unsupported: NnpackError[] = [];
  let broken: NnpackError | null = null;
  const attempt = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof NnpackError)) throw error;
      if (error.code === 'unsupported-layer') unsupported.push(error);
      else broken ??= error;
    }
  };
  const open = [model];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const layer of next.layers.values()) {
      if (layer.model !== null) open.push(layer.model);
      attempt(() => {
        for (const call of layer.calls) checkCall(layer, call);
      });
      if (layer.model === null && layer.className !== 'InputLayer') attempt(() => prepared.set(layer, read(layer)));
    }
  }
  if (unsupported.length > 0) throw combined(unsupported);
  if (broken !== null) throw broken as NnpackError;
  return prepared;
}

function combined(errors: readonly NnpackError[]): NnpackError {
  const told = [...new Set(errors.map(({ message }) => message))];
  const more = told.length > MOST_TOLD ? `; and ${told.length - MOST_TOLD} more` : '';
  return new NnpackError('unsupported-layer', told.slice(0, MOST_TOLD).join('; ') + more);
}

/** What a layer was called with besides its values: a batch normalisation that is training, say, is another operation. */
function checkCall({ config, className, isOperation, model }: KerasLayer, call: Call): void {
  if (isOperation || isFunction(className)) return;
  for (const [name, argument] of call.named) {
    const isNone = argument.kind === 'constant' && (argument.value === undefined || argument.value === null);
    const isInput = argument.kind !== 'constant' && name !== 'mask' && name !== 'initial_state';
    const isFalse = argument.kind === 'constant' && argument.value === false && name === 'training';
    if (isNone || isFalse || isInput) continue;
    const got = argument.kind === 'constant' ? show(argument.value) : 'a value';
    throw new NnpackError('unsupported-layer', `${config.who}: inbound_nodes: ${name} expected nothing, got ${got}`);
  }
  const isBroken = call.positional.some(
    (argument) => argument.kind === 'constant' && argument.value !== undefined && argument.value !== null,
  );
  if (isBroken && model === null) {
    throw new NnpackError('unsupported-layer', `${config.who}: inbound_nodes: expected values alone`);
  }
}

function isFunction(className: string): boolean {
  return className === 'TFOpLambda' || className === 'SlicingOpLambda';
}

function read(given: KerasLayer): Prepared {
  const { name, className, config, isKeras3, isOperation, scope } = given;
  const known: KnownWeights = new Map();
  const owner = { who: config.who, names: [name], scope, path: given.path };
  const signature = isOperation ? OPERATIONS.get(className) : undefined;
  if (signature !== undefined) {
    const layer: Layer = { name, className, config, isKeras3, dtype: 'float32' };
    return { layer, convert: readOperation(signature), owner, known, casts: false };
  }
  const dtype = computeType(config);
  const layer: Layer = { name, className, config, isKeras3, dtype };
  if (className === 'TimeDistributed') return { ...wrapped(layer, owner), known, casts: true };
  return { layer, convert: readLayer(layer, given.calls), owner, known, casts: !isFunction(className) };
}

/** Reads a layer of a supported class, and how many values it reads in each of its calls. */
function readLayer(layer: Layer, calls: readonly Call[]): Convert {
  const { className, config } = layer;
  const known = LAYERS.get(className);
  if (known === undefined) {
    throw new NnpackError('unsupported-layer', `${config.who}: this class of layer is not supported`);
  }
  const convert = known.read(layer);
  const [least, most] = known.inputs ?? [1, 1];
  for (const call of calls) {
    const count = referencesIn(call).length;
    if (count >= least && count <= most) continue;
    const expected = most === least ? `${least}` : `at least ${least}`;
    throw new NnpackError('invalid-model', `${config.who}: reads ${count} layers, expected ${expected}`);
  }
  return convert;
}

/** A layer for each step in time. */
function wrapped(layer: Layer, owner: Owner): Pick<Prepared, 'layer' | 'convert' | 'owner'> {
  const entry = layer.config.object('layer');
  const className = entry.string('class_name');
  const inside = entry.object('config');
  const name = inside.string('name', layer.name);
  const config = inside.as(`layer ${show(name)} (${shortened(className)})`);
  const own: Layer = { ...layer, name, className, config, dtype: computeType(config) };
  const convert = timeDistributed(layer.config, readLayer(own, []));
  return { layer: own, convert, owner: { ...owner, names: [layer.name, name], path: `${owner.path}/layer` } };
}

/** What a policy computes in; weights stay in single precision. */
const COMPUTE_TYPES: ReadonlyMap<unknown, Dtype> = new Map<unknown, Dtype>([
  ['float32', 'float32'],
  ['float16', 'float16'],
  ['bfloat16', 'bfloat16'],
  ['float64', 'float64'],
  ['mixed_float16', 'float16'],
  ['mixed_bfloat16', 'bfloat16'],
]);

function computeType(config: Config): Dtype {
  const given = config.value('dtype') ?? 'float32';
  const isPolicy = typeof given === 'object' && given !== null && !Array.isArray(given);
  const name = isPolicy ? new Config(`${config.who}: dtype`, given).object('config').value('name') : given;
  return COMPUTE_TYPES.get(name) ?? config.unsupported('dtype', `one of ${[...COMPUTE_TYPES.keys()].join(', ')}`);
}
