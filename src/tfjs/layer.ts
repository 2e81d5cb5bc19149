/** A layer while its configuration is read, and each time that it is called. */
import { NnpackError, show } from '../errors.ts';
import { withNumbersOf } from '../graph/stored.ts';
import type { Dtype, Name, Role } from '../graph/values.ts';
import type { Config } from './config.ts';
import type { LayerWeights, Owner } from './layer-weights.ts';
import type { LayoutBuilder } from './layout-builder.ts';
import type { Argument } from './references.ts';
import type { Value } from './value.ts';

/** What is known of a layer before its weights are. */
export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  readonly isKeras3: boolean;
  /** What it computes in. */
  readonly dtype: Dtype;
}

/** Makes what a call of a layer makes. */
export type Convert = (call: LayerCall) => Value | readonly Value[];

/** Reads all that a configuration says, and refuses what has no word here. */
export type LayerReader = (layer: Layer) => Convert;

/** null agrees with any size. */
export type ExpectedShape = readonly (number | null)[];

/** A weight that a layer has: its names, the newest first, and its shape. */
export interface ExpectedWeight {
  readonly names: readonly string[];
  readonly shape: ExpectedShape;
  readonly role?: Role;
  readonly isAlone?: boolean;
}

/** The zeros that a layer has put around another value. */
export interface Padded {
  readonly source: Value;
  /** Of each axis of the model. */
  readonly sides: readonly (readonly [before: number, after: number])[];
}

/** What all calls of all layers share. */
export interface Shared {
  readonly builder: LayoutBuilder;
  readonly weights: LayerWeights;
  /** Values that are others with zeros around them: a convolution takes these as its padding. */
  readonly padded: WeakMap<Value, Padded>;
}

/** The weights of a layer that were found: those that are called several times have them once. */
export type KnownWeights = Map<string, Value>;

/** Numbers that are made for a layer that has none in its file. */
const MOST_FILLED = 2 ** 22;

export class LayerCall {
  readonly layer: Layer;
  /** Of what it makes. */
  readonly name: Name;
  /** All values that it was called with. */
  readonly inputs: readonly Value[];
  /** The arguments of an operation, by name where they have one. */
  readonly positional: readonly ArgumentValue[];
  readonly named: ReadonlyMap<string, ArgumentValue>;
  readonly shared: Shared;
  readonly #owner: Owner;
  /** null for a layer that is called once: its weights need not stay as they were in the file. */
  readonly #known: KnownWeights | null;

  constructor(
    layer: Layer,
    name: Name,
    given: Pick<LayerCall, 'inputs' | 'positional' | 'named'>,
    shared: Shared,
    owner: Owner,
    known: KnownWeights | null,
  ) {
    this.layer = layer;
    this.name = name;
    this.inputs = given.inputs;
    this.positional = given.positional;
    this.named = given.named;
    this.shared = shared;
    this.#owner = owner;
    this.#known = known;
  }

  get builder(): LayoutBuilder {
    return this.shared.builder;
  }

  get who(): string {
    return this.layer.config.who;
  }

  /** The one value that it reads. */
  get x(): Value {
    return this.inputs[0];
  }

  /** The name of one of the nodes that it becomes. */
  part(name: string): Name {
    return `${this.name}/${name}`;
  }

  /** The same call with other values, for a part of the layer. */
  with(name: Name, inputs: readonly Value[]): LayerCall {
    const given = { inputs, positional: this.positional, named: this.named };
    return new LayerCall(this.layer, name, given, this.shared, this.#owner, this.#known);
  }

  /** The weights that the layer has, in the order in which Keras keeps them; null for one that it has not. */
  weights(expected: readonly (ExpectedWeight | null)[]): readonly (Value | null)[] {
    let index = 0;
    return expected.map((weight) => weight && this.#weight(weight, index++));
  }

  /**
   * A number for each element of a weight, all the same, where the layer has none.
   *
   * @throws NnpackError for more elements along an axis than numbers are made for: a file may tell any size
   */
  filled(what: string, count: number, value: number): Value {
    if (count > MOST_FILLED) {
      throw new NnpackError(
        'unsupported-layer',
        `${this.who}: reads an axis of ${count} elements, expected at most ${MOST_FILLED}`,
      );
    }
    return this.builder.numbers(this.part(what), this.layer.dtype, [count], new Float64Array(count).fill(value));
  }

  #weight({ names, shape, role = 'weight', isAlone }: ExpectedWeight, index: number): Value {
    const known = this.#known?.get(names[0]);
    if (known !== undefined) return known;
    const { name, weight } = this.shared.weights.find(this.#owner, { names, index, isAlone });
    const agrees =
      weight.shape.length === shape.length && shape.every((size, axis) => size === null || size === weight.shape[axis]);
    if (!agrees) {
      const what = `weight ${show(name)} has the shape ${show([...weight.shape])}, expected ${show([...shape])}`;
      throw new NnpackError('invalid-model', `${this.who}: ${what}${shape.includes(null) ? ' (null is any)' : ''}`);
    }
    const type = { dtype: 'float32', shape: weight.shape } as const;
    const own = this.builder.constant(name, withNumbersOf(weight, { type, role }));
    const value = this.builder.cast(own, this.layer.dtype, name);
    if (this.#known === null) this.shared.weights.drop(name);
    else this.#known.set(names[0], value);
    return value;
  }
}

/** An argument with the values that it stands for. */
export type ArgumentValue =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'list'; readonly items: readonly ArgumentValue[] }
  | Extract<Argument, { kind: 'constant' }>;
