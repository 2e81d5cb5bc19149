/**
 * The layers of a model and which reads which, as its file has them: Keras 2 and 3, models in models.
 *
 *     { "class_name": "Conv2D", "config": { "name", … }, "inbound_nodes": [ … ] }
 *
 * A file may nest models as deep as it likes, so nothing here calls itself.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import { Config } from './config.ts';
import { type Call, callOf, endsOf, type Reference } from './references.ts';

export interface KerasModel {
  readonly name: string;
  readonly who: string;
  /** In the file's order, by name. */
  readonly layers: ReadonlyMap<string, KerasLayer>;
  readonly inputs: readonly ModelEnd[];
  readonly outputs: readonly ModelEnd[];
}

/** An input or an output, by the name that it has outside. */
export interface ModelEnd {
  readonly name: string;
  readonly reference: Reference;
}

/** A layer, or a model that stands for one. */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** What it is called with. */
  readonly calls: readonly Call[];
  /** The number of its first call. */
  readonly firstCall: number;
  /** An operation on values (Keras 3): no layer, and of a class that may be called like one. */
  readonly isOperation: boolean;
  /** Whether the file is one of Keras 3: layers of one name may mean two things. */
  readonly isKeras3: boolean;
  /** Where Keras 3 puts its weights: `layers/functional/layers/conv2d`. */
  readonly path: string;
  /** The models around it, from the outside, with slashes between them. */
  readonly scope: string;
  /** A model's own layers. */
  readonly model: KerasModel | null;
}

const MODELS: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

/** Layers that a file may have, those of models in models together. */
const MOST_LAYERS = 1_000_000;

/** Models around a layer, of which no tool writes as many: each makes the places of weights longer. */
const MOST_DEPTH = 64;

/** A model that is still to be read, and who waits for it. */
interface Pending {
  readonly root: Config;
  readonly path: string;
  readonly scope: string;
  readonly depth: number;
  readonly done: (model: KerasModel) => void;
}

/** @param root what has the class and the config of the whole model */
export function readKerasModel(root: Config, isKeras3: boolean): KerasModel {
  const className = root.string('class_name');
  if (!MODELS.has(className)) root.fail('class_name', "'Sequential', 'Functional' or 'Model'");
  const whole: KerasModel[] = [];
  let count = 0;
  const pending: Pending[] = [
    {
      root,
      path: '',
      scope: '',
      depth: 0,
      done: (model) => {
        whole.push(model);
      },
    },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries = entriesOf(next.root);
    count += entries.length;
    if (count > MOST_LAYERS) {
      throw new NnpackError('unsupported-layer', `model: has more than ${MOST_LAYERS} layers`);
    }
    readOne(next, entries, isKeras3, pending);
  }
  return whole[0];
}

function entriesOf(root: Config): readonly Config[] {
  // the oldest Sequential models have the list of layers in place of the config
  const config = root.value('config');
  const list = Array.isArray(config) ? config : root.object('config').array('layers');
  return list.map((entry: unknown, i) => new Config(`layers[${i}]`, entry));
}

function readOne(
  { root, path, scope, depth, done }: Pending,
  entries: readonly Config[],
  isKeras3: boolean,
  pending: Pending[],
): void {
  const isSequential = root.string('class_name') === 'Sequential';
  const heads = entries.map(headOf);
  const known = new Set<unknown>(heads.map(({ name }) => name));
  const classes = new Map<string, number>();
  const layers = new Map<string, { -readonly [K in keyof KerasLayer]: KerasLayer[K] }>();
  for (const [i, { name, className, who }] of heads.entries()) {
    if (layers.has(name)) throw new NnpackError('invalid-model', `${who}: a second layer of this name`);
    const entry = entries[i].as(who);
    const calls = isSequential ? [] : callsOf(entry, (other) => known.has(other));
    const isModel = MODELS.has(className);
    const config = isModel ? entry : new Config(who, entry.value('config'));
    const isOperation = !isModel && isOperationOf(entry, config);
    const own = `${path}layers/${counted(snakeCase(className), classes)}`;
    const firstCall = isModel && !isSequential ? firstCallOf(entry) : 0;
    const layer = { name, className, config, calls, firstCall, isOperation, isKeras3, path: own, scope, model: null };
    layers.set(name, layer);
    if (!isModel) continue;
    if (depth >= MOST_DEPTH) {
      throw new NnpackError('unsupported-layer', `${who}: lies in ${depth} models, expected fewer`);
    }
    pending.push({
      root: entry,
      path: `${own}/`,
      scope: scope === '' ? name : `${scope}/${name}`,
      depth: depth + 1,
      done: (model) => {
        layers.get(name)!.model = model;
      },
    });
  }
  done(isSequential ? chain(root, layers) : functional(root, layers));
}

function headOf(entry: Config): { name: string; className: string; who: string } {
  const className = entry.string('class_name');
  // what is in its config is the layer's own affair: a model in the model may have none of what is expected there
  const config = entry.value('config');
  const isNamed = typeof config === 'object' && config !== null && Object.hasOwn(config, 'name');
  const named = isNamed ? new Config(`${entry.who}: config`, config) : entry;
  const name = named.string('name', isNamed ? undefined : className);
  if (name === '') named.fail('name', 'a name');
  return { name, className, who: `layer ${show(name)} (${shortened(className)})` };
}

function callsOf(entry: Config, isLayer: (name: unknown) => boolean): readonly Call[] {
  return entry.has('inbound_nodes') ? entry.array('inbound_nodes').map((node) => callOf(entry, node, isLayer)) : [];
}

/** An operation of Keras 3 has the module of one, or no type of its own. */
function isOperationOf(entry: Config, config: Config): boolean {
  const module = entry.value('module');
  if (typeof module === 'string') return module.startsWith('keras.src.ops');
  const [call] = entry.has('inbound_nodes') ? entry.array('inbound_nodes') : [];
  const isNew = typeof call === 'object' && call !== null && !Array.isArray(call);
  return isNew && !config.has('dtype') && entry.value('class_name') !== 'InputLayer';
}

/** In Keras 2 the call that made a model with an input of its own is number 0, and stands nowhere. */
function firstCallOf(entry: Config): number {
  const [call] = entry.has('inbound_nodes') ? entry.array('inbound_nodes') : [];
  const [first] = entriesOf(entry);
  return Array.isArray(call) && first?.value('class_name') === 'InputLayer' ? 1 : 0;
}

function chain(root: Config, layers: ReadonlyMap<string, KerasLayer>): KerasModel {
  const [first] = layers.values();
  if (first === undefined) throw new NnpackError('invalid-model', 'model: expected at least one layer, got none');
  const name = nameOf(root, 'tfjs model');
  const all = new Map<string, KerasLayer>();
  const isListed = first.className === 'InputLayer';
  const input = isListed ? first : inputOf(root, first, unusedName('input', new Set(layers.keys())));
  all.set(input.name, input);
  let last = input.name;
  for (const layer of isListed ? [...layers.values()].slice(1) : layers.values()) {
    const call: Call = { positional: [{ kind: 'reference', reference: outputOf(last) }], named: new Map() };
    // the layer itself, which its own model is still written to
    all.set(layer.name, Object.assign(layer, { calls: [call] }));
    last = layer.name;
  }
  const end = (layer: string): ModelEnd => ({ name: layer, reference: outputOf(layer) });
  return { name, who: root.who, layers: all, inputs: [end(input.name)], outputs: [end(last)] };
}

/** The input that a Sequential model's first layer tells of, or the model itself. */
function inputOf(root: Config, first: KerasLayer, name: string): KerasLayer {
  const own = first.model === null ? first.config : root;
  const whole = root.value('config');
  const built = Array.isArray(whole) ? undefined : root.object('config').value('build_input_shape');
  const shape = own.value('batch_shape') ?? own.value('batch_input_shape') ?? built;
  const config = new Config(`input of ${first.config.who}`, shape === undefined ? {} : { batch_shape: shape });
  return { ...first, name, className: 'InputLayer', config, path: '', calls: [], model: null };
}

function functional(root: Config, layers: ReadonlyMap<string, KerasLayer>): KerasModel {
  const config = root.object('config').as(root.who);
  const inputs = endsOf(config, 'input_layers').map(({ key, reference }): ModelEnd => {
    const layer = layers.get(reference.layer);
    if (layer?.className !== 'InputLayer') config.fail('input_layers', 'names of layers of the class InputLayer');
    return { name: key ?? reference.layer, reference };
  });
  if (new Set(inputs.map(({ reference }) => reference.layer)).size < inputs.length) {
    config.fail('input_layers', 'each name once');
  }
  const outputs = endsOf(config, 'output_layers').map(({ key, reference }): ModelEnd => {
    return { name: key ?? reference.layer, reference };
  });
  if (outputs.length === 0) config.fail('output_layers', 'at least one');
  return { name: nameOf(root, 'tfjs model'), who: root.who, layers, inputs, outputs };
}

function nameOf(root: Config, absent: string): string {
  return Array.isArray(root.value('config')) ? absent : root.object('config').string('name', absent);
}

function outputOf(layer: string): Reference {
  return { layer, call: 0, output: 0 };
}

/** The name, or the first of `name_1`, `name_2`, … that is not used yet. */
export function unusedName(name: string, used: ReadonlySet<string>): string {
  let unused = name;
  for (let i = 1; used.has(unused); i++) unused = `${name}_${i}`;
  return unused;
}

/** The name, with a number from the second of its kind on. */
function counted(name: string, used: Map<string, number>): string {
  const count = used.get(name) ?? 0;
  used.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** As Keras 3 writes the name of a class: PReLU is p_re_lu. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
