/** The graph that a model becomes, while its nodes are converted one after another. */
import type { Node } from './graph.ts';
import type { Attributes, OpName } from './ops/table.ts';
import type { Dtype, Name, Parameter, Role, TypedArray } from './values.ts';
import { parameterOf } from './values.ts';

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly parameters = new Map<Name, Parameter>();
  readonly #values: Set<Name>;
  readonly #nodeNames = new Set<string>();
  /** The last number that each name was given: those up to it are taken. */
  readonly #last = new Map<Name, number>();
  readonly #lastNode = new Map<Name, number>();

  /** @param values the names of all values of the model */
  constructor(values: Iterable<Name>) {
    this.#values = new Set(values);
  }

  /** Appends a node that makes these outputs; null for one that nobody reads, which is only made if others come after it. */
  emit<O extends OpName>(
    op: O,
    inputs: readonly (Name | null)[],
    attributes: Attributes[O],
    outputs: readonly (Name | null)[],
  ): void {
    const named = outputs.map((name) => name ?? this.fresh('unread'));
    const node = { name: this.#nodeName(named[0]), op, inputs: withoutLastNulls(inputs), outputs: named, attributes };
    // The attributes are those of the operation.
    this.nodes.push(node as unknown as Node);
  }

  /** Appends a node in between, and gives the name of what it makes. */
  value<O extends OpName>(op: O, inputs: readonly (Name | null)[], attributes: Attributes[O], hint: Name): Name {
    const name = this.fresh(hint);
    this.emit(op, inputs, attributes, [name]);
    return name;
  }

  /** A constant of numbers in double, rounded to its type. */
  constant(
    hint: Name,
    dtype: Dtype,
    shape: readonly number[],
    numbers: Iterable<number>,
    role: Role = 'constant',
  ): Name {
    const name = this.fresh(hint);
    this.parameters.set(name, parameterOf({ shape, data: Float64Array.from(numbers) }, dtype, role));
    return name;
  }

  /** A parameter of numbers as they are. */
  parameter(name: Name, dtype: Dtype, shape: readonly number[], data: TypedArray, role: Role): void {
    this.parameters.set(name, { type: { dtype, shape }, data, role });
  }

  /** A name that no value has. */
  fresh(hint: Name): Name {
    return freeName(hint, this.#values, this.#last);
  }

  #nodeName(hint: Name): Name {
    return freeName(hint, this.#nodeNames, this.#lastNode);
  }
}

/** The name, or the first of `name_1`, `name_2`, … that is free. */
function freeName(hint: Name, used: Set<Name>, last: Map<Name, number>): Name {
  let free = hint;
  let i = last.get(hint) ?? 0;
  while (used.has(free)) free = `${hint}_${++i}`;
  last.set(hint, i);
  used.add(free);
  return free;
}

function withoutLastNulls(names: readonly (Name | null)[]): readonly (Name | null)[] {
  return names.slice(0, names.findLastIndex((name) => name !== null) + 1);
}
