/** What converts a node of a symbol, and what it reads. */
import { type ErrorCode, NnpackError } from '../../errors.ts';
import type { Name } from '../../graph/values.ts';
import { type Fields, readAttributes, type ValuesOf } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';

/** A node of a symbol as its converter reads it. */
export class SymbolReader {
  /** As errors name it. */
  readonly who: string;
  readonly name: Name;
  readonly inputs: readonly Name[];
  readonly #attributes: ReadonlyMap<string, string>;
  readonly #outputs: ReadonlyMap<number, Name>;

  /** @param outputs the names of those that somebody reads, by their numbers */
  constructor(
    who: string,
    name: Name,
    inputs: readonly Name[],
    attributes: ReadonlyMap<string, string>,
    outputs: ReadonlyMap<number, Name>,
  ) {
    this.who = who;
    this.name = name;
    this.inputs = inputs;
    this.#attributes = attributes;
    this.#outputs = outputs;
  }

  /** Its attributes, of which the operator has these. */
  read<F extends Fields>(fields: F): ValuesOf<F> {
    return readAttributes(this.who, this.#attributes, fields);
  }

  /** An input that must be there. */
  input(index: number): Name {
    const name = this.inputs[index];
    return name ?? this.invalid(`input ${index} is missing`);
  }

  /** The name of an output; null for one that nobody reads. */
  output(index: number): Name | null {
    return this.#outputs.get(index) ?? null;
  }

  /** The first output, which has a name even where only others are read. */
  get first(): Name {
    return this.#outputs.get(0) as Name;
  }

  /** @throws NnpackError 'unsupported-layer' that says what this library does not do */
  unsupported(what: string): never {
    throw new NnpackError('unsupported-layer', `${this.who}: ${what} is not supported`);
  }

  /** @throws NnpackError 'invalid-model', or another code where the sizes of inputs decide */
  invalid(what: string, code: ErrorCode = 'invalid-model'): never {
    throw new NnpackError(code, `${this.who}: ${what}`);
  }
}

/** Appends what a node becomes. */
export type Converter = (node: SymbolReader, builder: SymbolBuilder) => void;

/** Converters by the operator's name. */
export type Converters = Readonly<Record<string, Converter>>;

/** An axis counted from the first. */
export function axisOf(node: SymbolReader, axis: number, rank: number, what = 'axis'): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return node.invalid(`${what} is ${axis}, expected one of ${rank} axes`);
}

/** The value with its axes in another order. */
export function transposed(builder: SymbolBuilder, x: Name, permutation: readonly number[], output?: Name): Name {
  if (output === undefined && permutation.every((axis, i) => axis === i)) return x;
  const to = output ?? builder.fresh(`${x}.transposed`);
  builder.emit('transpose', [x], { permutation }, [to]);
  return to;
}

/** The order of axes in which one of them is brought to another place, and the order that brings it back. */
export function movedAxis(rank: number, from: number, to: number): readonly [there: number[], back: number[]] {
  const there = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== from);
  there.splice(to, 0, from);
  const back = there.map((_, axis) => there.indexOf(axis));
  return [there, back];
}

/** From an axis to the last. */
export function axesFrom(first: number, rank: number): number[] {
  return Array.from({ length: Math.max(rank - first, 0) }, (_, i) => first + i);
}
