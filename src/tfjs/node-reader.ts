/** A node of a graph model as the converter of its operator reads it: attributes by type, and what it reads as values. */
import { NnpackError, show } from '../errors.ts';
import type { Dtype } from '../graph/values.ts';
import { type Config, wholeNumberOf } from './config.ts';
import { dataTypeOf } from './data-types.ts';
import type { Dilated, GraphNode } from './graph-def.ts';
import type { KnownSize, SizesOf } from './open-sizes.ts';
import { MOST_AXES } from './orders.ts';
import type { Value } from './value.ts';

export class NodeReader {
  /** As errors name it. */
  readonly who: string;
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Value[];
  /** What stands in place of the attributes of a convolution. */
  readonly dilated: Dilated | undefined;
  readonly #attributes: Config;
  readonly #sizesOf: SizesOf;

  constructor(node: GraphNode, inputs: readonly Value[], sizesOf: SizesOf) {
    const { who, name, op, attributes, dilated } = node;
    this.who = who;
    this.name = name;
    this.op = op;
    this.inputs = inputs;
    this.dilated = dilated;
    this.#attributes = attributes;
    this.#sizesOf = sizesOf;
  }

  /** An input that must be there. */
  input(index: number): Value {
    return this.inputs[index] ?? this.invalid(`input ${index} is missing`);
  }

  /** The numbers of an input, row after row, which must be known before anything runs. */
  numbers(index: number): readonly number[] {
    return this.numbersIfKnown(index) ?? this.unsupported(`input ${index} that is computed`);
  }

  numbersIfKnown(index: number): readonly number[] | undefined {
    const value = this.input(index);
    const { elements } = value.type;
    if (elements !== undefined) return [...elements().data];
    const sizes = this.#sizesOf(value);
    return sizes?.every((size) => typeof size === 'number') ? sizes : undefined;
  }

  /** The one number of an input. */
  scalar(index: number): number {
    const [number, ...more] = this.numbers(index);
    return number !== undefined && more.length === 0 ? number : this.invalid(`input ${index} expected one number`);
  }

  /** The elements of a list of sizes; undefined where nothing is known of it. */
  sizes(index: number): readonly KnownSize[] | undefined {
    return this.numbersIfKnown(index) ?? this.#sizesOf(this.input(index));
  }

  /** The shape that an input lists, whose sizes are null where nothing is known of them. */
  shapeAt(index: number): readonly KnownSize[] {
    const list = this.input(index);
    const [count] = list.shape;
    if (list.rank !== 1 || typeof count !== 'number') return this.unsupported('a shape of any number of axes');
    if (count > MOST_AXES) return this.invalid(`a shape of ${count} axes, expected at most ${MOST_AXES}`);
    return this.sizes(index) ?? new Array<null>(count).fill(null);
  }

  /** The axis that an input tells, from 0 on, among so many. */
  axisAt(index: number, rank: number): number {
    return this.axisAmong(this.scalar(index), rank);
  }

  axisAmong(axis: number, rank: number): number {
    if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
    return this.invalid(`axis ${axis}, expected one of ${rank} axes`);
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  int(name: string, absent?: number): number {
    if (!this.has(name)) return absent ?? this.missing(name);
    return this.#wholeOf(name, this.#field(name, 'i') ?? 0);
  }

  /** A list without a number is one with none. */
  ints(name: string, absent: readonly number[] = []): readonly number[] {
    return this.has(name) ? this.#list(name, 'i').map((item) => this.#wholeOf(name, item)) : absent;
  }

  float(name: string, absent?: number): number {
    if (!this.has(name)) return absent ?? this.missing(name);
    const written = this.#field(name, 'f') ?? 0;
    // What JSON has no number for is a text.
    const isText = typeof written === 'string' && /^(NaN|-?Infinity)$/.test(written);
    const value = isText ? Number(written) : written;
    return typeof value === 'number' ? value : this.#fail(name, 'a number');
  }

  flag(name: string, absent = false): boolean {
    if (!this.has(name)) return absent;
    const value = this.#field(name, 'b') ?? false;
    return typeof value === 'boolean' ? value : this.#fail(name, 'true or false');
  }

  string(name: string, absent?: string): string {
    if (!this.has(name)) return absent ?? this.missing(name);
    return this.#textOf(name, this.#field(name, 's') ?? '');
  }

  strings(name: string): readonly string[] {
    return this.has(name) ? this.#list(name, 's').map((item) => this.#textOf(name, item)) : [];
  }

  /** The type of our graphs that stands for TensorFlow's. */
  dtype(name: string, absent?: Dtype): Dtype {
    if (!this.has(name)) return absent ?? this.missing(name);
    const told = this.#field(name, 'type');
    const type = dataTypeOf(told) ?? this.#fail(name, 'a type of elements');
    return type.dtype ?? this.unsupported(`the type ${type.name}`);
  }

  missing(attribute: string): never {
    return this.invalid(`attribute ${show(attribute)} is missing`);
  }

  /** @throws NnpackError 'unsupported-layer' that says what this library does not do */
  unsupported(what: string): never {
    throw new NnpackError('unsupported-layer', `${this.who}: ${what} is not supported`);
  }

  invalid(what: string): never {
    throw new NnpackError('invalid-model', `${this.who}: ${what}`);
  }

  /** One of the forms that an attribute may have; a zero is left out by some writers. */
  #field(name: string, form: 'i' | 'f' | 'b' | 's' | 'type'): unknown {
    const attribute = this.#attributes.object(name);
    const [other] = attribute.names();
    if (other !== undefined && !attribute.has(form)) this.#fail(name, `{ "${form}": … }`);
    return attribute.value(form);
  }

  #list(name: string, form: 'i' | 's'): readonly unknown[] {
    const list = this.#attributes.object(name).object('list');
    return list.has(form) ? list.array(form) : [];
  }

  #wholeOf(name: string, written: unknown): number {
    const value = wholeNumberOf(written);
    return Number.isNaN(value) ? this.#fail(name, 'a whole number') : value;
  }

  /** Bytes as base64, or as a list of them. */
  #textOf(name: string, written: unknown): string {
    if (Array.isArray(written) && written.length <= MOST_TEXT && written.every((byte) => typeof byte === 'number')) {
      return String.fromCharCode(...written);
    }
    if (typeof written !== 'string' || written.length > MOST_TEXT) return this.#fail(name, 'a text in base64');
    try {
      return atob(written);
    } catch {
      return this.#fail(name, 'a text in base64');
    }
  }

  #fail(name: string, expected: string): never {
    return this.#attributes.fail(name, expected);
  }
}

/** No operator has a longer one. */
const MOST_TEXT = 4096;
