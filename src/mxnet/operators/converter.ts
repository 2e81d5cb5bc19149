/** What converts a node of a symbol, and what it reads. */
import { NnpackError } from '../../errors.ts';
import type { GraphBuilder } from '../../graph/graph-builder.ts';
import type { Name, Parameter } from '../../graph/values.ts';
import { type Fields, readAttributes, type ValuesOf } from '../attributes.ts';

/** A node of a symbol as its converter reads it. */
export class SymbolReader {
  /** As errors name it. */
  readonly who: string;
  readonly name: Name;
  readonly inputs: readonly Name[];
  /** Names of the values that it may make, as many as somebody asks for. */
  readonly output: (index: number) => Name;
  readonly #attributes: ReadonlyMap<string, string>;

  constructor(
    who: string,
    name: Name,
    inputs: readonly Name[],
    attributes: ReadonlyMap<string, string>,
    output: (index: number) => Name,
  ) {
    this.who = who;
    this.name = name;
    this.inputs = inputs;
    this.#attributes = attributes;
    this.output = output;
  }

  /** Its attributes, of which the operator has these. */
  read<F extends Fields>(fields: F): ValuesOf<F> {
    return readAttributes(this.who, this.#attributes, fields);
  }

  /** An input that must be there. */
  input(index: number): Name {
    const name = this.inputs[index];
    if (name !== undefined) return name;
    throw new NnpackError('invalid-model', `${this.who}: input ${index} is missing`);
  }

  /** @throws NnpackError 'unsupported-layer' that says what this library does not do */
  unsupported(what: string): never {
    throw new NnpackError('unsupported-layer', `${this.who}: ${what} is not supported`);
  }
}

/** An input that is a parameter. */
export function parameterOf(node: SymbolReader, builder: GraphBuilder, index: number): Parameter {
  const parameter = builder.parameters.get(node.input(index));
  return parameter ?? node.unsupported(`input ${index} that is computed`);
}

/** Appends what a node becomes. */
export type Converter = (node: SymbolReader, builder: GraphBuilder) => void;

/** Converters by the operator's name. */
export type Converters = Readonly<Record<string, Converter>>;
