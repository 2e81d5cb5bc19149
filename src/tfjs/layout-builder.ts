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
import type { Attributes, OpName } from '../graph/ops/table.ts';
import { type Dtype, doublesOf, isFloat, type Name, parameterOf } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { channelsFirst, inOrder, isPlain, isSameInMemory, type Order, plainOrder, withoutAxes } from './orders.ts';
import { expectAxes } from './typed-graph.ts';
import { type Flat, mostAxes, Value } from './value.ts';
import { ValueForms } from './value-forms.ts';

export class LayoutBuilder extends ValueForms {
  /** An operation on values as the model has them. */
  apply<O extends OpName>(op: O, inputs: readonly (Value | null)[], attributes: Attributes[O], hint: Name): Value {
    const names = inputs.map((value) => value && this.nameOf(value));
    const [name] = this.emit(op, names, attributes, hint);
    return this.made(name, plainOrder(this.typeOf(name).shape.length));
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
      if (value.flat !== null) return flatKey(value.flat) === key ? this.rowsOf(value) : null;
      if (value.constant === null || value.rank > 1) return null;
      return sizeOf(value.constant.type.shape) === 1 ? this.nameOf(value) : this.columnsOf(value, flat);
    });
    if (names.includes(null)) return null;
    return this.flattened(this.emit(op, names, attributes, hint)[0], flat);
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
    return this.flattened(name, { sizes: sizes.map(Number), order });
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
   * The outputs of the graph by their names.
   *
   * @param orderOf how an output lies
   */
  finish(
    outputs: readonly { readonly name: Name; readonly value: Value }[],
    orderOf: (value: Value) => Order = (value) => plainOrder(value.rank),
  ): readonly Name[] {
    return this.nameOutputs(
      outputs.map(({ name, value }) => ({ value: this.nameOf(value, orderOf(value)), wanted: name })),
    );
  }
}

function flatKey({ sizes, order }: Flat): string {
  return `${sizes}:${order}`;
}
