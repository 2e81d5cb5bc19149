/**
 * The graph that a model becomes, while its nodes are converted one after another. Each is checked as it is appended: readers
 * infer types and compute constants long before the graph is whole, and what is inferred of a node that makes no sense makes
 * none either.
 */
import { NnpackError, show } from '../errors.ts';
import { FreshNames, type Node } from './graph.ts';
import type { Attributes, OpName } from './ops/table.ts';
import { parseNode } from './parse-graph.ts';
import type { Dtype, Name, Parameter, Role } from './values.ts';
import { parameterOf } from './values.ts';

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly parameters = new Map<Name, Parameter>();
  readonly #values: FreshNames;
  readonly #nodeNames = new FreshNames([]);

  /** @param values the names of all values of the model */
  constructor(values: Iterable<Name>) {
    this.#values = new FreshNames(values);
  }

  /**
   * Appends a node that makes these outputs; null for one that nobody reads, which is only made if others come after it.
   *
   * @throws NnpackError for a node that makes no sense, whatever it reads
   */
  emit<O extends OpName>(
    op: O,
    inputs: readonly (Name | null)[],
    attributes: Attributes[O],
    outputs: readonly (Name | null)[],
  ): void {
    this.nodes.push(this.checked(op, inputs, attributes, outputs));
  }

  /** The node, which is not appended. */
  checked<O extends OpName>(
    op: O,
    inputs: readonly (Name | null)[],
    attributes: Attributes[O],
    outputs: readonly (Name | null)[],
  ): Node {
    const named = outputs.map((name) => name ?? this.fresh('unread'));
    const name = this.#nodeNames.take(named[0]);
    const node: Node<O> = { name, op, inputs: withoutLastNulls(inputs), outputs: named, attributes };
    return parseNode('model', `what ${show(named[0])} becomes`, node);
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

  /**
   * A parameter of numbers as they are.
   *
   * @throws NnpackError where there is one of the name, whose readers would take these numbers for it
   */
  parameter(name: Name, parameter: Parameter): void {
    if (this.parameters.has(name)) {
      throw new NnpackError('invalid-model', `model: two values are named ${show(name)}`);
    }
    this.parameters.set(name, parameter);
  }

  /** A name that no value has. */
  fresh(hint: Name): Name {
    return this.#values.take(hint);
  }
}

function withoutLastNulls(names: readonly (Name | null)[]): readonly (Name | null)[] {
  return names.slice(0, names.findLastIndex((name) => name !== null) + 1);
}
