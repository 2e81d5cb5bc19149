/**
 * Builds the graph of a model whose values are N H W C, while convolutions and poolings of our graphs are N C H W.
 *
 * A value has the model's own axes, and a note of how these lie in memory: what layers over planes make is channels first,
 * and stays so as long as nobody asks for another order. What works element by element works where the numbers lie, what
 * works along an axis finds that axis there, and whoever needs the model's order gets it from a transpose, once a value.
 * Constants are laid out as they are asked for, while the model is read.
 *
 *     x [N, H, W, C]  →  transpose  →  convolution, relu, sum, pooling, …  →  transpose  →  y [N, H, W, C]
 *
 * A Flatten leaves the elements where they lie, too: whoever multiplies them by a matrix takes its rows in that order.
 */
import { NnpackError } from '../errors.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { outputTypes, parameterType } from '../graph/infer.ts';
import type { KnownType, Sizes } from '../graph/node.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import {
  type Dtype,
  doublesOf,
  isFloat,
  type Name,
  type Parameter,
  parameterOf,
  type Role,
  type Size,
  type ValueType,
} from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { newNumbers } from './memory.ts';
import {
  between,
  channelsFirst,
  inOrder,
  isPlain,
  isSameInMemory,
  MOST_AXES,
  type Order,
  plainOrder,
  reordered,
  withoutAxes,
} from './orders.ts';

/** The axes behind the batch that a Flatten has made one, and the order in which they lie. */
export interface Flat {
  readonly sizes: readonly number[];
  readonly order: Order;
}

/** A value with the axes that it has in the model. */
export class Value {
  /** Of the layer that makes it. */
  readonly hint: Name;
  /** With its elements where they are known, and lie as in the model. */
  readonly type: KnownType;
  /** How it lies as it was made. */
  readonly order: Order;
  /** The numbers, of a constant. */
  readonly constant: Parameter | null;
  /** Its second axis has its elements in an order of their own. */
  readonly flat: Flat | null;
  /** The names under which it lies in some order. */
  readonly forms = new Map<string, Name>();

  constructor(hint: Name, type: KnownType, order: Order, constant: Parameter | null = null, flat: Flat | null = null) {
    this.hint = hint;
    this.type = type;
    this.order = order;
    this.constant = constant;
    this.flat = flat;
  }

  get shape(): readonly Size[] {
    return this.type.shape;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  get dtype(): Dtype {
    return this.type.dtype;
  }
}

/** The most axes that one of some values has; a call with an argument for each value could not have so many. */
export function mostAxes(values: readonly Value[]): number {
  return values.reduce((most, { rank }) => Math.max(most, rank), 0);
}

/** Numbers that a few bytes of a file may ask for: ones in place of a weight, or where samples lie. */
const MOST_MADE = 2 ** 24;

export class LayoutBuilder {
  readonly #graph: GraphBuilder;
  readonly #reserved: ReadonlySet<Name>;
  readonly #claimed = new Set<Name>();
  /** The one that may be asked for; any of them when not told. */
  #wanted: Name | null = null;
  readonly #types = new Map<Name, KnownType>();
  readonly #inputs = new Map<Name, ValueType>();
  #made = 0;

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

  /** An input of the graph, which lies in an order. */
  input(name: Name, type: ValueType, order: Order = plainOrder(type.shape.length)): Value {
    expectAxes(name, type.shape.length);
    const own = this.fresh(name);
    const inMemory = { dtype: type.dtype, shape: inOrder(type.shape, order) };
    this.#inputs.set(own, inMemory);
    this.#types.set(own, inMemory);
    return this.made(own, order);
  }

  /** Numbers of the model. */
  constant(hint: Name, parameter: Parameter): Value {
    return new Value(hint, parameterType(parameter), plainOrder(parameter.type.shape.length), parameter);
  }

  /**
   * Numbers in double, rounded to a type: they stand in no weights of the file, so they are counted.
   *
   * @throws NnpackError where there are more of all that are made than a model needs
   */
  numbers(
    hint: Name,
    dtype: Dtype,
    shape: readonly number[],
    numbers: Iterable<number>,
    role: Role = 'constant',
  ): Value {
    this.#made += sizeOf(shape);
    if (this.#made > MOST_MADE) {
      const what = `more than ${MOST_MADE} numbers are made that its weights do not have`;
      throw new NnpackError('unsupported-layer', `${hint}: ${what}, expected fewer`);
    }
    return this.constant(hint, parameterOf({ shape, data: Float64Array.from(numbers) }, dtype, role));
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

  /** What lies under a name in an order. */
  made(name: Name, order: Order): Value {
    const inMemory = this.typeOf(name);
    const shape = order.map((_, axis) => inMemory.shape[order.indexOf(axis)]);
    const value = new Value(name, isPlain(order) ? inMemory : { dtype: inMemory.dtype, shape }, order);
    value.forms.set(String(order), name);
    return value;
  }

  /** An operation on values as the model has them. */
  apply<O extends OpName>(op: O, inputs: readonly (Value | null)[], attributes: Attributes[O], hint: Name): Value {
    const names = inputs.map((value) => value && this.nameOf(value));
    const [name] = this.emit(op, names, attributes, hint);
    return this.made(name, plainOrder(this.typeOf(name).shape.length));
  }

  /** A list of whole numbers that says what a node does. */
  list(hint: Name, numbers: readonly number[]): Name {
    return this.nameOf(this.numbers(hint, 'int64', [numbers.length], numbers));
  }

  /** The name under which a value lies in an order, as the model has it when not told. */
  nameOf(value: Value, order: Order = plainOrder(value.rank)): Name {
    const known = value.forms.get(String(order));
    if (known !== undefined) return known;
    const name = value.constant === null ? this.#moved(value, order) : this.laidOut(value, { order });
    value.forms.set(String(order), name);
    return name;
  }

  /** The name of a value that layers over planes read: channels first, where the model has them last. */
  planesOf(value: Value): Name {
    return this.nameOf(value, channelsFirst(value.rank));
  }

  /**
   * A constant as another array: read in sizes, which are its own when not told, with these axes in an order, and under
   * another shape.
   */
  laidOut(
    value: Value,
    how: { readonly sizes?: readonly number[]; readonly order?: Order; readonly shape?: readonly number[] },
  ): Name {
    const { hint } = value;
    const { type, data, role } = value.constant as Parameter;
    const { sizes = type.shape, order = plainOrder(sizes.length), shape = inOrder(sizes, order) } = how;
    const key = `${sizes}:${order}:${shape}`;
    const known = value.forms.get(key);
    if (known !== undefined) return known;
    const isSame = isSameInMemory(sizes, plainOrder(sizes.length), order);
    const moved = isSame ? data : reordered(data, sizes, order, newNumbers(hint, data));
    const name = this.fresh(hint);
    const parameter: Parameter = { type: { dtype: type.dtype, shape }, data: moved, role };
    this.#graph.parameter(name, type.dtype, shape, moved, role);
    this.#types.set(name, parameterType(parameter));
    value.forms.set(key, name);
    return name;
  }

  #moved(value: Value, order: Order): Name {
    if (value.flat !== null) return this.#unflattened(value, value.flat);
    const { shape } = value;
    const name = value.forms.get(String(value.order)) as Name;
    const hint = `${value.hint}/${order.length === 4 ? lettersOf(order) : 'transposed'}`;
    const sizes = inOrder(shape, order);
    const open = sizes.filter((size) => typeof size !== 'number').length;
    if (open > 1 || !isSameInMemory(shape, value.order, order)) {
      return this.emit('transpose', [name], { permutation: between(value.order, order) }, hint)[0];
    }
    const target = sizes.map((size) => (typeof size === 'number' ? size : -1));
    return this.#reshaped(name, target, hint);
  }

  #unflattened(value: Value, { sizes, order }: Flat): Name {
    const name = value.forms.get(FLAT) as Name;
    const inMemory = inOrder([...sizes], order);
    const planes = this.#reshaped(name, [-1, ...inMemory], `${value.hint}/planes`);
    const axes = [0, ...between(order, plainOrder(order.length)).map((axis) => axis + 1)];
    const [turned] = this.emit('transpose', [planes], { permutation: axes }, `${value.hint}/transposed`);
    return this.#reshaped(turned, [-1, sizeOf(sizes)], `${value.hint}/flat`);
  }

  #reshaped(name: Name, sizes: readonly number[], hint: Name): Name {
    const copiesZeros = !sizes.includes(0);
    return this.emit('reshape', [name, this.list(`${hint}/shape`, sizes)], { copiesZeros }, hint)[0];
  }

  /** An operation element by element, its inputs stretched to one shape: where most of its inputs lie already. */
  elementwise<O extends OpName>(op: O, values: readonly Value[], attributes: Attributes[O], hint: Name): Value {
    const flat = this.#onFlat(op, values, attributes, hint);
    if (flat !== null) return flat;
    const rank = mostAxes(values);
    const order = this.commonOrder(values, rank);
    const names = values.map((value) => this.stretched(value, order));
    return this.made(this.emit(op, names, attributes, hint)[0], order);
  }

  /** On one flattened value, or several that lie alike, and constants. */
  #onFlat<O extends OpName>(op: O, values: readonly Value[], attributes: Attributes[O], hint: Name): Value | null {
    const first = values.find((value) => value.flat !== null);
    const flat = first?.flat ?? null;
    if (first === undefined || flat === null) return null;
    const key = flatKey(flat);
    const names = values.map((value): Name | null => {
      if (value.flat !== null) return flatKey(value.flat) === key ? (value.forms.get(FLAT) as Name) : null;
      if (value.constant === null || value.rank > 1) return null;
      return value.constant.data.length === 1 ? this.nameOf(value) : this.columnsOf(value, flat);
    });
    if (names.includes(null)) return null;
    return this.#flatValue(this.emit(op, names, attributes, hint)[0], flat);
  }

  /** A constant that has a number for each element of a flattened value, in the order of these. */
  columnsOf(value: Value, { sizes, order }: Flat): Name {
    return this.laidOut(value, { sizes, order, shape: [sizeOf(sizes)] });
  }

  /** What lies flattened under a name. */
  #flatValue(name: Name, flat: Flat): Value {
    const type = this.typeOf(name);
    const value = new Value(name, { dtype: type.dtype, shape: type.shape }, plainOrder(2), null, flat);
    value.forms.set(FLAT, name);
    return value;
  }

  /** The name of a flattened value as it lies, and of others in the model's order. */
  rowsOf(value: Value): Name {
    return value.forms.get(FLAT) ?? this.nameOf(value);
  }

  /** As a flattened value lies that comes of others by the same name. */
  alike(name: Name, value: Value): Value {
    return value.flat === null ? this.made(name, value.order) : this.#flatValue(name, value.flat);
  }

  /** The order in which most values of so many axes lie, the first of them where several are as good. */
  commonOrder(values: readonly Value[], rank: number): Order {
    const whole = values.filter((value) => value.rank === rank && value.constant === null && value.flat === null);
    const counts = new Map<string, number>();
    for (const { forms } of whole) for (const form of forms.keys()) counts.set(form, (counts.get(form) ?? 0) + 1);
    const countOf = (order: Order) => counts.get(String(order)) ?? 0;
    const orders = whole.map(({ order }) => order);
    return orders.reduce<Order>(
      (best, order) => (countOf(order) > countOf(best) ? order : best),
      orders[0] ?? plainOrder(rank),
    );
  }

  /** The name of a value that is stretched to others of more axes, which lie in an order. */
  stretched(value: Value, order: Order): Name {
    const missing = order.length - value.rank;
    const tail = order.slice(missing);
    if (tail.every((axis, i) => axis === i + missing)) return this.nameOf(value);
    if (missing === 0) return this.nameOf(value, order);
    if (value.constant === null) return this.nameOf(this.unsqueeze(value, plainOrder(missing), value.hint), order);
    const sizes = [...plainOrder(missing).map(() => 1), ...value.constant.type.shape];
    const shape = inOrder(sizes, order);
    const first = shape.findIndex((size) => size !== 1);
    return this.laidOut(value, { sizes, order, shape: first < 0 ? [] : shape.slice(first) });
  }

  /** The axes of a model in another order, which moves nothing: axis a of the result is axis permutation[a]. */
  transpose(value: Value, permutation: Order): Value {
    if (value.constant !== null || value.flat !== null) {
      return value.rank === 0 ? value : this.apply('transpose', [value], { permutation }, value.hint);
    }
    const order = value.order.map((axis) => permutation.indexOf(axis));
    const shape = inOrder(value.shape, permutation);
    const turned = new Value(value.hint, { dtype: value.dtype, shape }, order);
    for (const [key, name] of value.forms) {
      turned.forms.set(String(key.split(',').map((axis) => permutation.indexOf(Number(axis)))), name);
    }
    return turned;
  }

  /** New axes of one element, at these places of the result. */
  unsqueeze(value: Value, axes: readonly number[], hint: Name): Value {
    const rank = value.rank + axes.length;
    expectAxes(hint, rank);
    const old = plainOrder(rank).filter((axis) => !axes.includes(axis));
    const kept = value.order.map((axis) => old[axis]);
    // As the model has them where they can be, and else behind all others.
    const order = isPlain(value.order) || value.flat !== null ? plainOrder(rank) : [...kept, ...axes];
    const name = value.flat === null ? this.nameOf(value, value.order) : this.nameOf(value);
    const places = this.list(
      `${hint}/axes`,
      axes.map((axis) => order.indexOf(axis)),
    );
    return this.made(this.emit('unsqueeze', [name, places], {}, hint)[0], order);
  }

  /** Without axes of one element. */
  squeeze(value: Value, axes: readonly number[], hint: Name): Value {
    const dropped = new Set(axes);
    const name = value.flat === null ? this.nameOf(value, value.order) : this.nameOf(value);
    const places = this.list(
      `${hint}/axes`,
      axes.map((axis) => value.order.indexOf(axis)),
    );
    const [made] = this.emit('squeeze', [name, places], {}, hint);
    return this.made(made, withoutAxes(value.order, dropped));
  }

  /** One behind the other along an axis of the model, counted from 0. */
  concatenation(values: readonly Value[], axis: number, hint: Name): Value {
    const order = this.commonOrder(values, values[0].rank);
    const names = values.map((value) => this.nameOf(value, order));
    const [name] = this.emit('general-concatenation', names, { axis: order.indexOf(axis) }, hint);
    return this.made(name, order);
  }

  /** Elements around those of each axis of the model; negative ones are cut off. */
  pad(
    value: Value,
    sides: readonly (readonly [before: number, after: number])[],
    { mode, fill = 0 }: { readonly mode: Attributes['general-pad']['mode']; readonly fill?: number },
    hint: Name,
  ): Value {
    const inMemory = inOrder(sides, value.order);
    const list = this.list(`${hint}/sides`, [
      ...inMemory.map(([before]) => before),
      ...inMemory.map(([, after]) => after),
    ]);
    const filled =
      mode === 'constant' && fill !== 0 ? this.nameOf(this.numbers(`${hint}/fill`, value.dtype, [], [fill])) : null;
    const [name] = this.emit('general-pad', [this.#inOwnOrder(value), list, filled], { mode }, hint);
    return this.made(name, value.order);
  }

  /** Ranges along axes of the model, as the operation counts them. */
  slice(
    value: Value,
    ranges: readonly { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }[],
    hint: Name,
  ): Value {
    const lists = [
      ranges.map(({ start }) => start),
      ranges.map(({ end }) => end),
      ranges.map(({ axis }) => value.order.indexOf(axis)),
      ranges.map(({ step }) => step),
    ];
    const names = ['starts', 'ends', 'axes', 'steps'].map((what, i) => this.list(`${hint}/${what}`, lists[i]));
    const [name] = this.emit('slice', [this.#inOwnOrder(value), ...names], {}, hint);
    return this.made(name, value.order);
  }

  /** One number for all elements along axes of the model, counted from 0. */
  reduction(
    value: Value,
    by: Attributes['reduction']['by'],
    axes: readonly number[],
    keepAxes: boolean,
    hint: Name,
  ): Value {
    const [name, order] = [this.#inOwnOrder(value), value.order];
    const reduced = new Set(axes);
    const inMemory = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    const kept = keepAxes ? order : withoutAxes(order, reduced);
    const isPlanes =
      order.length > 2 && isFloat(value.dtype) && String(inMemory) === String(plainOrder(order.length).slice(2));
    if (isPlanes && (by === 'mean' || by === 'maximum')) return this.#planesReduced(name, by, inMemory, kept, hint);
    return this.made(this.emit('reduction', [name], { by, axes: inMemory, keepAxes }, hint)[0], kept);
  }

  /** Of whole planes there are kernels. */
  #planesReduced(name: Name, by: 'mean' | 'maximum', axes: readonly number[], kept: Order, hint: Name): Value {
    const keepAxes = kept.length === axes.length + 2;
    if (by === 'mean' && axes.length === 2 && !keepAxes) {
      return this.made(this.emit('global-average-pooling', [name], {}, hint)[0], kept);
    }
    const op = by === 'mean' ? 'global-average-pooling-nd' : 'global-max-pooling';
    const [whole] = this.emit(op, [name], {}, keepAxes ? hint : `${hint}/planes`);
    if (keepAxes) return this.made(whole, kept);
    return this.made(this.emit('squeeze', [whole, this.list(`${hint}/axes`, axes)], {}, hint)[0], kept);
  }

  /** An operation along an axis of the model, counted from 0; the axis goes where it is said so. */
  alongAxis<O extends OpName>(
    op: O,
    value: Value,
    axis: number,
    attributesOf: (axis: number) => Attributes[O],
    hint: Name,
    dropsAxis = false,
  ): Value {
    const name = this.#inOwnOrder(value);
    const [made] = this.emit(op, [name], attributesOf(value.order.indexOf(axis)), hint);
    return this.made(made, dropsAxis ? withoutAxes(value.order, new Set([axis])) : value.order);
  }

  #inOwnOrder(value: Value): Name {
    return value.flat === null ? this.nameOf(value, value.order) : this.nameOf(value);
  }

  /** The same elements, as the model orders them, in another shape: −1 for one that follows, 0 for the size that it had. */
  reshape(value: Value, sizes: readonly number[], hint: Name): Value {
    const shape = this.list(`${hint}/shape`, sizes);
    const [name] = this.emit('reshape', [this.nameOf(value), shape], { copiesZeros: true }, hint);
    return this.made(name, plainOrder(sizes.length));
  }

  /** [N, …] as [N, elements]. Sizes that are known let the elements lie where they are. */
  flatten(value: Value, hint: Name): Value {
    const [, ...sizes] = value.shape;
    const areKnown = sizes.every((size): size is number => typeof size === 'number');
    const isSame = isSameInMemory(value.shape, plainOrder(value.rank), value.order);
    if (value.rank === 2) return this.elementwise('identity', [value], {}, hint);
    if (value.order[0] !== 0 || (!isSame && !areKnown)) return this.reshape(value, [0, -1], hint);
    const inMemory = this.nameOf(value, value.order);
    const [name] =
      value.rank < 2
        ? this.emit('unsqueeze', [inMemory, this.list(`${hint}/axes`, [1])], {}, hint)
        : this.emit('flatten', [inMemory], {}, hint);
    if (isSame) return this.made(name, plainOrder(2));
    const order = value.order.slice(1).map((axis) => axis - 1);
    return this.#flatValue(name, { sizes: sizes.map(Number), order });
  }

  /** The last axis times a constant matrix of a row for each of its elements, plus a number for each column. */
  dense(value: Value, kernel: Value, bias: Value | null, hint: Name): Value {
    const [inputs, outputs] = kernel.shape.map(Number);
    if (value.rank < 2)
      throw new NnpackError('invalid-model', `${hint}: reads ${value.rank} axes, expected at least 2`);
    const columns = bias && this.nameOf(bias);
    const isChannelsFirst = value.rank === 4 && String(value.order) === String(channelsFirst(4));
    if (isChannelsFirst && value.constant === null) {
      const pointwise = this.laidOut(kernel, { order: [1, 0], shape: [outputs, inputs, 1, 1] });
      const [name] = this.emit('convolution-nd', [this.planesOf(value), pointwise, columns], {}, hint);
      return this.made(name, value.order);
    }
    const { flat } = value;
    const sizes = [...(flat?.sizes ?? [inputs]), outputs];
    const fits = sizeOf(sizes) === inputs * outputs;
    const rows = flat !== null && fits ? flat.order : [0];
    const turned =
      rows.length > 1
        ? this.laidOut(kernel, { sizes, order: [rows.length, ...rows], shape: [outputs, inputs] })
        : this.nameOf(kernel, [1, 0]);
    const [name] = this.emit('matrix-product', [this.rowsOf(value), turned, columns], { transposeB: true }, hint);
    return this.made(name, plainOrder(value.rank));
  }

  /** The same numbers in another type. */
  cast(value: Value, dtype: Dtype, hint: Name): Value {
    if (value.dtype === dtype) return value;
    if (value.constant === null) return this.elementwise('conversion', [value], { dtype }, hint);
    const { role } = value.constant;
    return this.constant(value.hint, parameterOf(doublesOf(value.constant), dtype, role));
  }

  /**
   * The parts of the graph, whose outputs have these names.
   *
   * @param orderOf how an output lies
   */
  finish(
    outputs: readonly { readonly name: Name; readonly value: Value }[],
    orderOf: (value: Value) => Order = (value) => plainOrder(value.rank),
  ): { readonly outputs: readonly Name[] } {
    const renamed = new Map<Name, Name>();
    const taken = new Set<Name>();
    const given = outputs.map(({ name, value }) => {
      const own = this.#outputName(this.nameOf(value, orderOf(value)), name, renamed, taken);
      taken.add(own);
      return own;
    });
    for (const name of this.#types.keys()) {
      if (taken.has(name) && !renamed.has(name)) renamed.set(name, this.#graph.fresh(`${name}/inner`));
    }
    if (renamed.size > 0) this.#rename(renamed);
    return { outputs: given };
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
function expectAxes(hint: Name, rank: number): void {
  if (rank <= MOST_AXES) return;
  throw new NnpackError('unsupported-layer', `${hint}: has ${rank} axes, expected at most ${MOST_AXES}`);
}

/** Where a flattened value lies in its own order. */
const FLAT = 'flat';

function flatKey({ sizes, order }: Flat): string {
  return `${sizes}:${order}`;
}

/** NHWC, NCHW, or any other order of these. */
function lettersOf(order: Order): string {
  return order.map((axis) => 'nhwc'[axis]).join('');
}

/** A shape whose open sizes have names. */
function named(shape: Sizes, value: Name): readonly Size[] {
  return shape.map((size, axis) => size ?? `${value}.${axis}`);
}
