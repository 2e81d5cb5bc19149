/** The graph that a symbol becomes, which knows the types of its values: operators mean different things by their inputs' axes. */
import { NnpackError, show } from '../errors.ts';
import type { Node } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { inferTypes } from '../graph/infer.ts';
import type { KnownType } from '../graph/node.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import type { Dtype, Name, Parameter, Size, ValueType } from '../graph/values.ts';

export class SymbolBuilder extends GraphBuilder {
  readonly inputs = new Map<Name, ValueType>();
  readonly #types = new Map<Name, KnownType>();
  readonly #made = new Set<Name>();

  input(name: Name, type: ValueType): void {
    this.inputs.set(name, type);
    this.#types.set(name, type);
  }

  override emit<O extends OpName>(
    op: O,
    inputs: readonly (Name | null)[],
    attributes: Attributes[O],
    outputs: readonly (Name | null)[],
  ): void {
    super.emit(op, inputs, attributes, outputs);
    const node = this.nodes[this.nodes.length - 1];
    for (const name of node.outputs) this.#made.add(name);
    for (const [name, type] of this.#inferred(node)) this.#types.set(name, type);
  }

  /** The type of a value whose sizes follow from others as the graph runs, which inference does not tell; null for such a size. */
  assume(name: Name, dtype: Dtype, sizes: readonly (Size | null)[]): void {
    if (this.#types.has(name)) return;
    this.#types.set(name, { dtype, shape: sizes.map((size, axis) => size ?? `${name}.${axis}`) });
  }

  /** Whether there is a value of the name. */
  has(name: Name): boolean {
    return this.parameters.has(name) || this.inputs.has(name) || this.#made.has(name);
  }

  /** Of a value that is there; its sizes may be names. */
  typeOf(name: Name): KnownType {
    const type = this.parameters.get(name)?.type ?? this.#types.get(name);
    if (type !== undefined) return type;
    const text = `the axes of ${show(name)} follow from what is computed before it`;
    throw new NnpackError('unsupported-layer', `model: ${text}, which is not supported`);
  }

  shapeOf(name: Name): readonly Size[] {
    return this.typeOf(name).shape;
  }

  dtypeOf(name: Name): Dtype {
    return this.typeOf(name).dtype;
  }

  /** A list of whole numbers, as operations read them. */
  list(numbers: readonly number[], hint = 'list'): Name {
    return this.constant(hint, 'int64', [numbers.length], numbers);
  }

  /** One number of the type of a value. */
  scalar(number: number, like: Name): Name {
    return this.constant('scalar', this.dtypeOf(like), [], [number]);
  }

  /** The types of what a node makes. */
  #inferred(node: Node): readonly (readonly [Name, KnownType])[] {
    const known = new Map<Name, KnownType>();
    const parameters = new Map<Name, Parameter>();
    for (const name of node.inputs) {
      const parameter = name === null ? undefined : this.parameters.get(name);
      const type = name === null ? undefined : this.#types.get(name);
      if (name !== null && parameter !== undefined) parameters.set(name, parameter);
      else if (name !== null && type !== undefined) known.set(name, type);
    }
    const types = inferTypes({ name: 'one', inputs: known, parameters, nodes: [node], outputs: node.outputs }, known);
    return node.outputs.flatMap((name) => {
      const type = types.get(name);
      return type === undefined ? [] : [[name, type] as const];
    });
  }
}
