/**
 * The graph of a model whose layers were read and whose weights are there. Every call of a layer that an output needs is
 * converted once; a model in the model is walked through for each of its calls. A stack of its own holds who waits.
 */
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { withoutUnused } from '../graph/graph.ts';
import { type Dtype, isFloat, type Name, type Size, type ValueType } from '../graph/values.ts';
import { inPart, isAxisLength } from './config.ts';
import type { KerasLayer, KerasModel } from './keras-model.ts';
import { type ArgumentValue, LayerCall, type Shared } from './layer.ts';
import type { LayerWeights } from './layer-weights.ts';
import { LayoutBuilder } from './layout-builder.ts';
import { channelsFirst, plainOrder } from './orders.ts';
import type { Prepared } from './prepare.ts';
import { type Argument, type Reference, referencesIn } from './references.ts';
import { Value } from './value.ts';

/** A call of a layer. */
interface Step {
  readonly layer: KerasLayer;
  readonly call: number;
}

/** A model that is being walked through. */
interface Frame {
  readonly model: KerasModel;
  readonly steps: readonly Step[];
  next: number;
  /** By layer and call. */
  readonly values: Map<string, readonly Value[]>;
  readonly prefix: string;
  readonly done: (outputs: readonly Value[]) => void;
}

/** Calls of layers in all, beside those for each layer of the file: models may call one another twice as often at each depth. */
const MOST_CALLS = 10_000;
const MOST_CALLS_OF_A_LAYER = 16;

export const BATCH = 'N';

/** How pictures lie at the model's inputs and outputs. */
export interface ConvertOptions {
  readonly pictures: 'channels-last' | 'channels-first';
}

export function convertModel(
  model: KerasModel,
  prepared: ReadonlyMap<KerasLayer, Prepared>,
  weights: LayerWeights,
  { pictures }: ConvertOptions,
): Graph {
  const orderOf = (rank: number) => (pictures === 'channels-first' && rank === 4 ? channelsFirst(4) : plainOrder(rank));
  const builder = new LayoutBuilder(namesIn(model));
  const shared: Shared = { builder, weights, padded: new WeakMap() };
  const inputs = model.inputs.map(({ name, reference }) => {
    const type = inputType(model.layers.get(reference.layer) as KerasLayer, name, pictures === 'channels-first');
    return inPart(`input ${show(name)}`, () => builder.input(name, type, orderOf(type.shape.length)));
  });
  const walk = new Walk(prepared, shared, calledOnce(model));
  const made = walk.run(model, inputs);
  const named = model.outputs.map(({ name }, i) => ({ name, value: made[i] }));
  const outputs = builder.finish(named, ({ rank }) => orderOf(rank));
  const { nodes, parameters } = builder;
  return withoutUnused({ name: model.name, inputs: builder.inputs, parameters, nodes, outputs });
}

/** The layers that one run calls once. */
function calledOnce(model: KerasModel): ReadonlySet<KerasLayer> {
  const once = new Set<KerasLayer>();
  const open = [model];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const layer of next.layers.values()) {
      if (layer.calls.length !== 1) continue;
      once.add(layer);
      if (layer.model !== null) open.push(layer.model);
    }
  }
  return once;
}

/** Of all layers, as they are called from outside. */
function namesIn(model: KerasModel): Set<Name> {
  const names = new Set<Name>(model.inputs.map(({ name }) => name));
  const open = [{ model, prefix: '' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const layer of next.model.layers.values()) {
      if (layer.className !== 'InputLayer') names.add(`${next.prefix}${layer.name}`);
      if (layer.model !== null) open.push({ model: layer.model, prefix: `${next.prefix}${layer.name}/` });
    }
  }
  return names;
}

const INPUT_TYPES: readonly Dtype[] = [
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'int32',
  'int64',
  'uint8',
  'int8',
  'bool',
];

/** The type that an input layer tells, the batch by the name N where it may be any. */
function inputType({ config }: KerasLayer, name: Name, anyBatch: boolean): ValueType {
  const field = ['batch_shape', 'batch_input_shape'].find((each) => config.has(each)) ?? 'batch_shape';
  const sizes = config.array(field);
  const areSizes = sizes.every((size) => size === null || (size !== 0 && isAxisLength(size)));
  if (!areSizes || sizes.length === 0) config.fail(field, 'sizes, of which the first is the batch');
  const shape = (sizes as readonly (number | null)[]).map((size, axis): Size => {
    if (axis === 0) return anyBatch ? BATCH : (size ?? BATCH);
    return size ?? `${name}.${axis}`;
  });
  const told = config.value('dtype') ?? 'float32';
  const dtype =
    INPUT_TYPES.find((known) => known === told) ?? config.unsupported('dtype', `one of ${INPUT_TYPES.join(', ')}`);
  return { dtype, shape };
}

class Walk {
  readonly #prepared: ReadonlyMap<KerasLayer, Prepared>;
  readonly #shared: Shared;
  readonly #once: ReadonlySet<KerasLayer>;
  readonly #orders = new Map<KerasModel, readonly Step[]>();
  readonly #frames: Frame[] = [];
  #calls = 0;

  constructor(prepared: ReadonlyMap<KerasLayer, Prepared>, shared: Shared, once: ReadonlySet<KerasLayer>) {
    this.#prepared = prepared;
    this.#shared = shared;
    this.#once = once;
  }

  run(model: KerasModel, inputs: readonly Value[]): readonly Value[] {
    let made: readonly Value[] = [];
    this.#enter(model, model.who, inputs, '', (outputs) => {
      made = outputs;
    });
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) this.#step(frame);
    return made;
  }

  #enter(model: KerasModel, who: string, inputs: readonly Value[], prefix: string, done: Frame['done']): void {
    if (inputs.length !== model.inputs.length) {
      throw new NnpackError('invalid-model', `${who}: reads ${inputs.length} values, expected ${model.inputs.length}`);
    }
    const steps = this.#orders.get(model) ?? inOrder(model);
    this.#orders.set(model, steps);
    const values = new Map(model.inputs.map(({ reference }, i) => [keyOf(reference), [inputs[i]]]));
    this.#frames.push({ model, steps, next: 0, values, prefix, done });
  }

  #step(frame: Frame): void {
    const { model, steps, values, prefix } = frame;
    if (frame.next === steps.length) {
      this.#frames.pop();
      frame.done(model.outputs.map(({ reference }) => outputIn(frame, reference, model.who)));
      return;
    }
    const most = MOST_CALLS + MOST_CALLS_OF_A_LAYER * this.#prepared.size;
    if (++this.#calls > most) {
      throw new NnpackError('unsupported-layer', `model: its layers are called more than ${most} times`);
    }
    const { layer, call } = steps[frame.next++];
    const key = keyOf({ layer: layer.name, call: call + layer.firstCall });
    const { positional, named } = layer.calls[call];
    const resolve = (argument: Argument): ArgumentValue => this.#resolved(frame, layer, argument);
    const given = {
      positional: positional.map(resolve),
      named: new Map([...named].map(([name, each]) => [name, resolve(each)])),
    };
    const inputs = referencesIn(layer.calls[call]).map((reference) => outputIn(frame, reference, layer.config.who));
    const name = `${prefix}${layer.name}`;
    if (layer.model !== null) {
      this.#enter(layer.model, layer.config.who, inputs, `${name}/`, (outputs) => values.set(key, outputs));
      return;
    }
    values.set(key, this.#converted(layer, name, { ...given, inputs }));
  }

  #converted(
    layer: KerasLayer,
    name: Name,
    given: Pick<LayerCall, 'inputs' | 'positional' | 'named'>,
  ): readonly Value[] {
    const { convert, owner, known, casts, layer: read } = this.#prepared.get(layer) as Prepared;
    const { builder } = this.#shared;
    const inputs = given.inputs.map((value) => {
      return casts && isFloat(value.dtype) ? builder.cast(value, read.dtype, `${name}/cast`) : value;
    });
    builder.begin(name);
    const call = new LayerCall(
      read,
      name,
      { ...given, inputs },
      this.#shared,
      owner,
      this.#once.has(layer) ? null : known,
    );
    // what a node cannot read tells the node alone
    const made = inPart(layer.config.who, () => convert(call));
    return made instanceof Value ? [made] : made;
  }

  /** An argument with its values; lists are as deep as they were read. */
  #resolved(frame: Frame, layer: KerasLayer, argument: Argument): ArgumentValue {
    if (argument.kind === 'constant') return argument;
    if (argument.kind === 'reference') {
      return { kind: 'value', value: outputIn(frame, argument.reference, layer.config.who) };
    }
    return { kind: 'list', items: argument.items.map((item) => this.#resolved(frame, layer, item)) };
  }
}

function keyOf({ layer, call }: Pick<Reference, 'layer' | 'call'>): string {
  return `${call} ${layer}`;
}

function outputIn({ values }: Frame, reference: Reference, who: string): Value {
  const made = values.get(keyOf(reference)) ?? [];
  const value = made[reference.output];
  if (value !== undefined) return value;
  const what = `reads output ${reference.output} of ${show(reference.layer)}, which makes ${made.length}`;
  throw new NnpackError('invalid-model', `${who}: ${what}`);
}

/** The calls behind the outputs, each after those that it reads; a walk in depth with a stack of its own. */
function inOrder(model: KerasModel): readonly Step[] {
  const order: Step[] = [];
  const done = new Set(model.inputs.map(({ reference }) => keyOf(reference)));
  const open = new Set<string>();
  const stack: { readonly step: Step; readonly key: string; readonly reads: readonly Reference[]; next: number }[] = [];
  const enter = (reference: Reference, who: string) => {
    const step = stepOf(model, reference, who);
    const key = keyOf(reference);
    open.add(key);
    stack.push({ step, key, reads: referencesIn(step.layer.calls[step.call]), next: 0 });
  };
  for (const { reference } of model.outputs) {
    if (!done.has(keyOf(reference))) enter(reference, 'model: output_layers');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next === top.reads.length) {
        stack.pop();
        open.delete(top.key);
        done.add(top.key);
        order.push(top.step);
        continue;
      }
      const { who } = top.step.layer.config;
      const read = top.reads[top.next++];
      if (open.has(keyOf(read)))
        throw new NnpackError('invalid-model', `${who}: reads ${show(read.layer)} in a circle`);
      if (!done.has(keyOf(read))) enter(read, who);
    }
  }
  return order;
}

/** The call that a reference means. */
function stepOf({ layers }: KerasModel, { layer: name, call }: Reference, who: string): Step {
  const layer = layers.get(name);
  if (layer === undefined) throw new NnpackError('invalid-model', `${who}: reads ${show(name)}, which is no layer`);
  if (layer.className === 'InputLayer') {
    const what = "is read, expected it among the model's input_layers";
    throw new NnpackError('invalid-model', `${layer.config.who}: ${what}`);
  }
  const place = call - layer.firstCall;
  if (place >= 0 && place < layer.calls.length) return { layer, call: place };
  const what = `reads call ${call} of ${show(name)}, which is called ${layer.calls.length} times`;
  throw new NnpackError('invalid-model', `${who}: ${what}`);
}
