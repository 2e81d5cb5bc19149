/**
 * How values lie: each under the names of the orders in which somebody has read it.
 *
 * A constant is laid out in an order as it is asked for, anything else is moved by a transpose, once for an order. A value
 * that was flattened keeps the order of its elements until somebody asks for the model's.
 */
import { NnpackError } from '../errors.ts';
import { parameterType } from '../graph/infer.ts';
import { inStoredOrder, isStored, withNumbersOf } from '../graph/stored.ts';
import { type Dtype, type Name, type Parameter, parameterOf, type Role, type ValueType } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { newNumbers } from './memory.ts';
import {
  between,
  channelsFirst,
  inOrder,
  isPlain,
  isSameInMemory,
  type Order,
  plainOrder,
  reordered,
} from './orders.ts';
import { TypedGraph } from './typed-graph.ts';
import { type Flat, Value } from './value.ts';

/** Numbers that a few bytes of a file may ask for: ones in place of a weight, or where samples lie. */
const MOST_MADE = 2 ** 24;

export class ValueForms extends TypedGraph {
  #made = 0;

  /** An input of the graph, which lies in an order. */
  input(name: Name, type: ValueType, order: Order = plainOrder(type.shape.length)): Value {
    return this.made(this.declare(name, { dtype: type.dtype, shape: inOrder(type.shape, order) }), order);
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

  /** A list of whole numbers that says what a node does. */
  list(hint: Name, numbers: readonly number[]): Name {
    return this.nameOf(this.numbers(hint, 'int64', [numbers.length], numbers));
  }

  /** What lies under a name in an order. */
  made(name: Name, order: Order): Value {
    const inMemory = this.typeOf(name);
    const shape = order.map((_, axis) => inMemory.shape[order.indexOf(axis)]);
    const value = new Value(name, isPlain(order) ? inMemory : { dtype: inMemory.dtype, shape }, order);
    value.forms.set(String(order), name);
    return value;
  }

  /** What lies flattened under a name. */
  flattened(name: Name, flat: Flat): Value {
    const type = this.typeOf(name);
    const value = new Value(name, { dtype: type.dtype, shape: type.shape }, plainOrder(2), null, flat);
    value.forms.set(FLAT, name);
    return value;
  }

  /** As a flattened value lies that comes of others by the same name. */
  alike(name: Name, value: Value): Value {
    return value.flat === null ? this.made(name, value.order) : this.flattened(name, value.flat);
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

  /** The name of a flattened value as it lies, and of others in the model's order. */
  rowsOf(value: Value): Name {
    return value.forms.get(FLAT) ?? this.nameOf(value);
  }

  /** A constant that has a number for each element of a flattened value, in the order of these. */
  columnsOf(value: Value, { sizes, order }: Flat): Name {
    return this.laidOut(value, { sizes, order, shape: [sizeOf(sizes)] });
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
    const constant = value.constant as Parameter;
    const { type, role } = constant;
    const { sizes = type.shape, order = plainOrder(sizes.length), shape = inOrder(sizes, order) } = how;
    const key = `${sizes}:${order}:${shape}`;
    const known = value.forms.get(key);
    if (known !== undefined) return known;
    const isSame = isSameInMemory(sizes, plainOrder(sizes.length), order);
    const fields = { type: { dtype: type.dtype, shape }, role };
    const moved = () => {
      if (isStored(constant)) return inStoredOrder(constant, sizes, order, fields);
      const { data } = constant;
      return { ...fields, data: reordered(data, sizes, order, newNumbers(hint, data)) };
    };
    const name = this.parameter(hint, isSame ? withNumbersOf(constant, fields) : moved());
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
}

/** Where a flattened value lies in its own order. */
const FLAT = 'flat';

/** NHWC, NCHW, or any other order of these. */
function lettersOf(order: Order): string {
  return order.map((axis) => 'nhwc'[axis]).join('');
}
