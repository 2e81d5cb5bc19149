/** A call of an operation on values, whose arguments have names: positional ones by place, others by name or in the config. */
import { NnpackError, show } from '../../errors.ts';
import { type Dtype, isFloat, type Name } from '../../graph/values.ts';
import type { ArgumentValue, LayerCall } from '../layer.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import { axesFrom, axisFrom } from '../options.ts';
import type { Value } from '../value.ts';

/** What an operation makes. */
export type Operator = (call: OperatorCall) => Value | readonly Value[];

/** An operation and the names of its arguments, in their places. */
export interface Signature {
  readonly parameters: readonly string[];
  readonly operator: Operator;
}

export class OperatorCall {
  readonly #call: LayerCall;
  readonly #arguments = new Map<string, ArgumentValue>();

  constructor(call: LayerCall, parameters: readonly string[]) {
    this.#call = call;
    for (const [i, argument] of call.positional.entries()) {
      const name = parameters[i];
      if (name === undefined)
        this.#call.layer.config.invalid(`has ${call.positional.length} arguments, expected ${parameters.length}`);
      this.#arguments.set(name, argument);
    }
    for (const [name, argument] of call.named) this.#arguments.set(name, argument);
  }

  get name(): Name {
    return this.#call.name;
  }

  get builder(): LayoutBuilder {
    return this.#call.builder;
  }

  get layer() {
    return this.#call.layer;
  }

  part(name: string): Name {
    return this.#call.part(name);
  }

  /** What stands under one of these names, undefined where nothing does. */
  written(...names: readonly string[]): unknown {
    for (const name of names) {
      const argument = this.#arguments.get(name);
      if (argument?.kind === 'constant' && argument.value !== undefined && argument.value !== null)
        return argument.value;
      const told = this.layer.config.value(name);
      if (argument === undefined && told !== undefined) return told;
    }
    return undefined;
  }

  /** A value, or a number as one of the type of another. */
  value(name: string, like?: Value): Value {
    return this.optional(name, like) ?? this.fail(name, 'a value');
  }

  optional(name: string, like?: Value): Value | null {
    const argument = this.#arguments.get(name);
    if (argument?.kind === 'value') return argument.value;
    if (argument?.kind === 'list') return this.fail(name, 'one value');
    const written = this.written(name);
    return written === undefined ? null : this.#constant(name, written, like?.dtype ?? 'float32');
  }

  /** Both of two values, brought to one type. */
  pair(first = 'x', second = 'y'): readonly [Value, Value] {
    const isValue = (name: string) => this.#arguments.get(name)?.kind === 'value';
    const like = isValue(first) ? this.value(first) : isValue(second) ? this.value(second) : undefined;
    const [a, b] = [this.value(first, like), this.value(second, like)];
    if (a.dtype === b.dtype) return [a, b];
    const dtype = isFloat(a.dtype) ? a.dtype : isFloat(b.dtype) ? b.dtype : a.dtype;
    return [this.builder.cast(a, dtype, this.part('cast')), this.builder.cast(b, dtype, this.part('cast'))];
  }

  /** A list of values. */
  values(name: string): readonly Value[] {
    const argument = this.#arguments.get(name);
    const items = argument?.kind === 'list' ? argument.items : argument?.kind === 'value' ? [argument] : [];
    const values = items.map((item) => (item.kind === 'value' ? item.value : this.fail(name, 'a list of values')));
    return values.length > 0 ? values : this.fail(name, 'a list of values');
  }

  number(absent: number | undefined, ...names: readonly string[]): number {
    const value = this.written(...names) ?? absent;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(names[0], 'a number');
  }

  flag(name: string, absent: boolean): boolean {
    const value = this.written(name) ?? absent;
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false');
  }

  text(name: string, absent?: string): string {
    const value = this.written(name) ?? absent;
    return typeof value === 'string' ? value : this.fail(name, 'a string');
  }

  /** Whole numbers: one, or a list. */
  ints(...names: readonly string[]): readonly number[] {
    const value = this.written(...names);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isWhole = (n: unknown): n is number => Number.isSafeInteger(n);
    return list.every(isWhole) ? list : this.fail(names[0], 'whole numbers');
  }

  /** An axis among so many, from 0 on. */
  axis(rank: number, absent?: number, name = 'axis'): number {
    return axisFrom(this.layer, this.written(name, 'dim') ?? absent, rank);
  }

  /** Axes among so many: all where none are told. */
  axes(rank: number, ...names: readonly string[]): readonly number[] {
    const told = this.written(...names);
    return told === undefined ? Array.from({ length: rank }, (_, axis) => axis) : axesFrom(this.layer, told, rank);
  }

  fail(name: string, expected: string): never {
    const got = show(this.written(name));
    throw new NnpackError('invalid-model', `${this.layer.config.who}: ${name} expected ${expected}, got ${got}`);
  }

  unsupported(what: string): never {
    throw new NnpackError('unsupported-layer', `${this.layer.config.who}: ${what} is not supported`);
  }

  /** A number, or a list of lists of numbers. */
  #constant(name: string, given: unknown, dtype: Dtype): Value {
    const shape: number[] = [];
    let level: readonly unknown[] = [given];
    while (Array.isArray(level[0])) {
      const { length } = level[0];
      const isEven = level.every((item) => Array.isArray(item) && item.length === length);
      if (!isEven || shape.length > 8) return this.fail(name, 'numbers');
      shape.push(length);
      level = level.flat();
    }
    const numbers = level.map((item) => (typeof item === 'boolean' ? Number(item) : item));
    const areNumbers = (list: readonly unknown[]): list is readonly number[] =>
      list.every((n) => typeof n === 'number');
    if (!areNumbers(numbers)) return this.fail(name, 'numbers');
    return this.builder.numbers(this.part(name), typeof given === 'boolean' ? 'bool' : dtype, shape, numbers);
  }
}
