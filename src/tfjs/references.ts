/**
 * What a layer was called with: values of other layers, and constants between them.
 *
 *     Keras 3   { "args": [ { "class_name": "__keras_tensor__", "config": { "keras_history": [name, 0, 0] } }, 2.0 ], "kwargs": {} }
 *     Keras 2   [ [name, 0, 0, { "y": [name, 0, 0], "axis": -1 }], … ]
 */
import { NnpackError, show } from '../errors.ts';
import { Config } from './config.ts';

/** An output of a call of a layer. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A value, a list of arguments, or anything else that stands in the file. */
export type Argument =
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'list'; readonly items: readonly Argument[] }
  | { readonly kind: 'constant'; readonly value: unknown };

/** One call of a layer. */
export interface Call {
  readonly positional: readonly Argument[];
  readonly named: ReadonlyMap<string, Argument>;
}

/** Lists in lists are no deeper in any layer. */
const MOST_DEPTH = 6;

const CONSTANT = '_CONSTANT_VALUE';

/** @param isLayer whether a layer has that name */
export function callOf(layer: Config, node: unknown, isLayer: (name: unknown) => boolean): Call {
  if (!Array.isArray(node)) return newCall(layer, node);
  // one connection, or a list of them
  const isOne = typeof node[0] === 'string';
  const named = new Map<string, Argument>();
  const connections: readonly unknown[] = isOne ? [node] : node;
  const positional = connections.map((connection) => {
    const given: readonly unknown[] = Array.isArray(connection) ? connection : [];
    const options = given[3] ?? null;
    if (options !== null) {
      const config = new Config(`${layer.who}: inbound_nodes`, options);
      for (const name of config.names()) named.set(name, oldArgument(layer, config.value(name), isLayer));
    }
    if (given[0] === CONSTANT) return { kind: 'constant', value: given[2] } as const;
    return { kind: 'reference', reference: referenceOf(layer, 'inbound_nodes', given.slice(0, 3)) } as const;
  });
  return { positional: isOne ? positional : [{ kind: 'list', items: positional }], named };
}

/** In Keras 2, an argument by name is a connection, or anything else. */
function oldArgument(layer: Config, value: unknown, isLayer: (name: unknown) => boolean): Argument {
  const isConnection = (item: unknown) =>
    Array.isArray(item) && item.length >= 3 && isLayer(item[0]) && Number.isSafeInteger(item[1]);
  const toArgument = (item: unknown): Argument => {
    if (!isConnection(item)) return { kind: 'constant', value: item };
    return { kind: 'reference', reference: referenceOf(layer, 'inbound_nodes', (item as unknown[]).slice(0, 3)) };
  };
  const isList = Array.isArray(value) && value.some(isConnection);
  return isList ? { kind: 'list', items: value.map(toArgument) } : toArgument(value);
}

function newCall(layer: Config, node: unknown): Call {
  const config = new Config(`${layer.who}: inbound_nodes`, node);
  const positional = config.array('args').map((item) => newArgument(config, item, 0));
  const kwargs = config.has('kwargs') ? config.object('kwargs') : null;
  const named = (kwargs?.names() ?? []).map((name): [string, Argument] => {
    return [name, newArgument(config, kwargs?.value(name), 0)];
  });
  return { positional, named: new Map(named) };
}

function newArgument(config: Config, value: unknown, depth: number): Argument {
  if (typeof value !== 'object' || value === null) return { kind: 'constant', value: value ?? undefined };
  if (depth > MOST_DEPTH) {
    throw new NnpackError('unsupported-layer', `${config.who}: expected lists at most ${MOST_DEPTH} deep`);
  }
  if (Array.isArray(value))
    return listOf(
      value.map((item) => newArgument(config, item, depth + 1)),
      value,
    );
  const object = new Config(config.who, value);
  const className = object.value('class_name');
  if (className === '__tuple__') {
    const items = object.array('items');
    return listOf(
      items.map((item) => newArgument(config, item, depth + 1)),
      items,
    );
  }
  if (className !== '__keras_tensor__') return { kind: 'constant', value };
  const history = object.object('config').value('keras_history');
  return { kind: 'reference', reference: referenceOf(config, 'keras_history', history) };
}

/** A list without values in it stays as it is. */
function listOf(items: readonly Argument[], value: unknown): Argument {
  return items.every(({ kind }) => kind === 'constant') ? { kind: 'constant', value } : { kind: 'list', items };
}

/** [name, 0, 0]: which call of the layer, and which of its outputs. */
function referenceOf(config: Config, field: string, given: unknown): Reference {
  const [layer, call, output, ...more]: readonly unknown[] = Array.isArray(given) ? given : [];
  if (typeof layer === 'string' && isIndex(call) && isIndex(output) && more.length === 0)
    return { layer, call, output };
  throw new NnpackError(
    'invalid-model',
    `${config.who}: ${field} expected connections [name, 0, 0], got ${show(given)}`,
  );
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The ends of a model: [name, 0, 0], a list of these, or these by name. */
export function endsOf(
  config: Config,
  field: string,
): readonly { readonly key: string | null; readonly reference: Reference }[] {
  const ends = config.value(field);
  if (typeof ends === 'object' && !Array.isArray(ends)) {
    const named = config.object(field);
    return named.names().map((key) => ({ key, reference: referenceOf(config, field, endIn(named, key)) }));
  }
  const list = config.array(field);
  const all = typeof list[0] === 'string' ? [list] : list;
  return all.map((end) => ({ key: null, reference: referenceOf(config, field, end) }));
}

function endIn(named: Config, key: string): unknown {
  const end = named.value(key);
  return Array.isArray(end) && Array.isArray(end[0]) && end.length === 1 ? end[0] : end;
}

/** All values among arguments, in order. */
export function referencesIn(call: Call): readonly Reference[] {
  const found: Reference[] = [];
  const visit = (argument: Argument): void => {
    if (argument.kind === 'reference') found.push(argument.reference);
    else if (argument.kind === 'list') for (const item of argument.items) visit(item);
  };
  for (const argument of [...call.positional, ...call.named.values()]) visit(argument);
  return found;
}
