/** Orders of axes: how the axes of a value that a model has as N H W C lie in memory. */

import type { Size, TypedArray } from '../graph/values.ts';
import { denseStrides, sizeOf } from '../tensor/ndarray.ts';

/** Axis i of what lies in memory is axis order[i] of the model: [0, 3, 1, 2] has N H W C as N C H W. */
export type Order = readonly number[];

/** TensorFlow has no more. */
export const MOST_AXES = 254;

/** As in the model. */
export function plainOrder(rank: number): Order {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The last axis behind the batch: what convolutions and poolings read. */
export function channelsFirst(rank: number): Order {
  return rank < 3 ? plainOrder(rank) : [0, rank - 1, ...plainOrder(rank - 1).slice(1)];
}

export function isPlain(order: Order): boolean {
  return order.every((axis, i) => axis === i);
}

/** The permutation of a transpose from one order to another. */
export function between(from: Order, to: Order): Order {
  return to.map((axis) => from.indexOf(axis));
}

/** What a list about the axes of a model says of those in memory. */
export function inOrder<T>(list: readonly T[], order: Order): T[] {
  return order.map((axis) => list[axis]);
}

/** The order of what is left without some axes. */
export function withoutAxes(order: Order, axes: ReadonlySet<number>): Order {
  const left = plainOrder(order.length).filter((axis) => !axes.has(axis));
  return order.filter((axis) => !axes.has(axis)).map((axis) => left.indexOf(axis));
}

/** Whether two orders differ by axes of one element alone, so that no element moves. */
export function isSameInMemory(shape: readonly Size[], from: Order, to: Order): boolean {
  const moving = (order: Order) => String(order.filter((axis) => shape[axis] !== 1));
  return moving(from) === moving(to);
}

/** Rows and columns that are moved together, so that what a cache holds of either is used up. */
const BLOCK = 32;

/** Dense numbers of a shape with their axes in another order: `made` has them, and is given back. */
export function reordered(data: TypedArray, shape: readonly number[], order: Order, made: TypedArray): TypedArray {
  const strides = inOrder(denseStrides(shape), order);
  const sizes = inOrder([...shape], order);
  const ends = denseStrides(sizes);
  if (made.length === 0 || sizes.length === 0) return made;
  const last = sizes.length - 1;
  // neighbours in memory go along this axis; the last one of what is made may be the same
  const near = strides.findIndex((stride, axis) => stride === 1 && sizes[axis] > 1);
  const row = near < 0 || near === last ? { size: 1, from: 0, to: 0 } : { size: sizes[near], from: 1, to: ends[near] };
  const column = { size: sizes[last], from: strides[last] };
  const [rowFrom, rowTo, step] = [row.from, row.to, column.from];
  const outer = sizes.map((size, axis) => (axis === last || (axis === near && row.from === 1) ? 1 : size));
  const place = sizes.map(() => 0);
  for (let plane = sizeOf(outer), from = 0, to = 0; plane > 0; plane--) {
    for (let r0 = 0; r0 < row.size; r0 += BLOCK) {
      const rows = Math.min(row.size, r0 + BLOCK);
      for (let c0 = 0; c0 < column.size; c0 += BLOCK) {
        const columns = Math.min(column.size, c0 + BLOCK);
        for (let r = r0; r < rows; r++) {
          let source = from + r * rowFrom + c0 * step;
          const target = to + r * rowTo;
          for (let c = c0; c < columns; c++, source += step) made[target + c] = data[source];
        }
      }
    }
    for (let axis = last; axis >= 0; axis--) {
      from += strides[axis];
      to += ends[axis];
      if (++place[axis] < outer[axis]) break;
      from -= place[axis] * strides[axis];
      to -= place[axis] * ends[axis];
      place[axis] = 0;
    }
  }
  return made;
}
