/**
 * A graph while it is built, of which the types of all values are known: what a node makes is inferred as it is appended.
 * Names that layers, inputs and outputs have are theirs, and what lies in between is called otherwise.
 */
import { NnpackError } from '../errors.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { outputTypes, parameterType } from '../graph/infer.ts';
import type { KnownType, Sizes } from '../graph/node.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import type { Dtype, Name, Parameter, Size, ValueType } from '../graph/values.ts';
import { MOST_AXES } from './orders.ts';

/** A value of the graph, and the name that it is to have outside. */
export interface NamedOutput {
  readonly value: Name;
  readonly wanted: Name;
}

export class TypedGraph {
  readonly #graph: GraphBuilder;
  readonly #reserved: ReadonlySet<Name>;
  readonly #claimed = new Set<Name>();
  /** The one that may be asked for; any of them when not told. */
  #wanted: Name | null = null;
  readonly #types = new Map<Name, KnownType>();
  readonly #inputs = new Map<Name, ValueType>();

  /** @param names that are kept for whoever asks for them first: those of layers and inputs */
  constructor(names: Iterable<Name>) {
    this.#reserved = new Set(names);
    this.#graph = new GraphBuilder(this.#reserved);
  }

  get nodes() {
    return this.#graph.nodes;
  }

  get parameters() {
    return this.#graph.parameters;
  }

  get inputs(): ReadonlyMap<Name, ValueType> {
    return this.#inputs;
  }

  /** From here on, of the names that are kept, this one may be given: what a layer is made of is called otherwise. */
  begin(name: Name): void {
    this.#wanted = name;
  }

  /** The name, or the first that is free beside it; names that are kept are given once. */
  fresh(hint: Name): Name {
    const isKept = this.#wanted !== null && hint !== this.#wanted;
    if (!this.#reserved.has(hint) || this.#claimed.has(hint) || isKept) return this.#graph.fresh(hint);
    this.#claimed.add(hint);
    return hint;
  }

  /** An input of the graph, as it lies. */
  declare(name: Name, type: ValueType): Name {
    expectAxes(name, type.shape.length);
    const own = this.fresh(name);
    this.#inputs.set(own, type);
    this.#types.set(own, type);
    return own;
  }

  /** Numbers of the graph, as they lie. */
  parameter(hint: Name, parameter: Parameter): Name {
    const name = this.fresh(hint);
    this.#graph.parameter(name, parameter);
    this.#types.set(name, parameterType(parameter));
    return name;
  }

  /**
   * Appends a node on what lies under these names, and gives the names of what it makes.
   *
   * @param assumed sizes of the output, null for any, where they follow from values that only a run tells
   */
  emit<O extends OpName>(
    op: O,
    inputs: readonly (Name | null)[],
    attributes: Attributes[O],
    hint: Name,
    outputs = 1,
    assumed?: { readonly dtype: Dtype; readonly shape: Sizes },
  ): readonly Name[] {
    const names = Array.from({ length: outputs }, () => this.fresh(hint));
    this.#graph.emit(op, inputs, attributes, names);
    const types = outputTypes(
      this.#graph.nodes[this.#graph.nodes.length - 1],
      inputs.map((name) => (name === null ? null : this.typeOf(name))),
    );
    for (const [i, type] of types.entries()) {
      const told = type ?? (assumed && { ...assumed, shape: named(assumed.shape, names[i]) });
      if (told === undefined) {
        throw new NnpackError('unsupported-layer', `${hint}: its shape follows from what is only computed`);
      }
      expectAxes(hint, told.shape.length);
      this.#types.set(names[i], told);
    }
    return names;
  }

  typeOf(name: Name): KnownType {
    return this.#types.get(name) as KnownType;
  }

  /** Gives outputs the names that they are to have, the first of those that want the same one: the graph is whole then. */
  nameOutputs(outputs: readonly NamedOutput[]): readonly Name[] {
    const renamed = new Map<Name, Name>();
    const taken = new Set<Name>();
    const given = outputs.map(({ value, wanted }) => {
      const own = this.#outputName(value, wanted, renamed, taken);
      taken.add(own);
      return own;
    });
    for (const name of this.#types.keys()) {
      if (taken.has(name) && !renamed.has(name)) renamed.set(name, this.#graph.fresh(`${name}/inner`));
    }
    if (renamed.size > 0) this.#rename(renamed);
    return given;
  }

  /**
   * The name that an output gets; one that has a name already is another value from here on.
   *
   * @param taken by the outputs before
   */
  #outputName(name: Name, wanted: Name, renamed: Map<Name, Name>, taken: ReadonlySet<Name>): Name {
    if (name === wanted && !renamed.has(name) && !taken.has(name)) {
      renamed.set(name, name);
      return name;
    }
    const isFree = !this.#inputs.has(wanted) && !taken.has(wanted);
    const own = isFree ? wanted : this.#graph.fresh(wanted);
    const isMade = !this.#inputs.has(name) && !this.#graph.parameters.has(name) && !renamed.has(name);
    const last = isMade ? name : this.emit('identity', [name], {}, `${wanted}/output`)[0];
    renamed.set(last, own);
    return own;
  }

  #rename(names: ReadonlyMap<Name, Name>): void {
    const nameOf = (name: Name) => names.get(name) ?? name;
    for (const [i, node] of this.#graph.nodes.entries()) {
      const inputs = node.inputs.map((name) => name && nameOf(name));
      const outputs = node.outputs.map(nameOf);
      this.#graph.nodes[i] = { ...node, name: nameOf(node.name), inputs, outputs };
    }
    for (const [name, parameter] of [...this.#graph.parameters]) {
      const own = nameOf(name);
      if (own === name) continue;
      this.#graph.parameters.delete(name);
      this.#graph.parameters.set(own, parameter);
    }
  }
}

/** @throws NnpackError for more axes than any model has: orders are looked through for each of them */
export function expectAxes(hint: Name, rank: number): void {
  if (rank <= MOST_AXES) return;
  throw new NnpackError('unsupported-layer', `${hint}: has ${rank} axes, expected at most ${MOST_AXES}`);
}

/** A shape whose open sizes have names. */
function named(shape: Sizes, value: Name): readonly Size[] {
  return shape.map((size, axis) => size ?? `${value}.${axis}`);
}
