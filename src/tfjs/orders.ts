/** Orders of axes: how the axes of a value that a model has as N H W C lie in memory. */

import type { Size, TypedArray } from '../graph/values.ts';
import { denseStrides, sizeOf } from '../tensor/ndarray.ts';

/** Axis i of what lies in memory is axis order[i] of the model: [0, 3, 1, 2] has N H W C as N C H W. */
export type Order = readonly number[];

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

/** Dense numbers of a shape with their axes in another order. */
export function reordered(data: TypedArray, shape: readonly number[], order: Order, made: TypedArray): TypedArray {
  const strides = inOrder(denseStrides(shape), order);
  const sizes = inOrder([...shape], order);
  const inner = sizes.pop() ?? 1;
  const step = strides.pop() ?? 1;
  const outer = sizeOf(sizes);
  const place = sizes.map(() => 0);
  let start = 0;
  for (let row = 0, i = 0; row < outer; row++) {
    for (let k = 0, from = start; k < inner; k++, from += step) made[i++] = data[from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      start += strides[axis];
      if (++place[axis] < sizes[axis]) break;
      start -= place[axis] * strides[axis];
      place[axis] = 0;
    }
  }
  return made;
}
