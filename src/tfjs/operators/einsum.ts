/**
 * Sums of products by the letters of axes, of two values: `bhwc,bhwd->bcd` as a product of matrices. Letters of both
 * and of the result are a stack, letters of both alone are summed over, and those of one alone are rows or columns.
 */
import type { Value } from '../layout-builder.ts';
import { plainOrder } from '../orders.ts';
import type { OperatorCall } from './operator-call.ts';

export function einsum(call: OperatorCall, subscripts: string, [a, b]: readonly [Value, Value]): Value {
  const [, first, second, result] = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]*)$/.exec(subscripts.replaceAll(' ', '')) ?? [];
  if (first === undefined) call.unsupported(`subscripts '${subscripts}'`);
  const areOnce = [first, second, result].every((letters) => new Set(letters).size === letters.length);
  if (!areOnce || first.length !== a.rank || second.length !== b.rank) call.unsupported(`subscripts '${subscripts}'`);
  const letters = [...first];
  const stack = letters.filter((letter) => second.includes(letter) && result.includes(letter));
  const summed = letters.filter((letter) => second.includes(letter) && !result.includes(letter));
  const rows = letters.filter((letter) => !second.includes(letter));
  const columns = [...second].filter((letter) => !first.includes(letter));
  const made = [...stack, ...rows, ...columns];
  // letters of one value alone that are not in the result would be summed over before
  if (made.length !== result.length || !made.every((letter) => result.includes(letter))) {
    call.unsupported(`subscripts '${subscripts}'`);
  }
  const sizes = new Map<string, number>();
  for (const [axis, letter] of letters.entries()) sizes.set(letter, sizeOf(a, axis));
  for (const [axis, letter] of [...second].entries()) sizes.set(letter, sizeOf(b, axis));
  const left = matrices(call, a, first, [stack, rows, summed], sizes);
  const right = matrices(call, b, second, [stack, summed, columns], sizes);
  const { builder } = call;
  const product = builder.apply('matrix-product', [left, right], {}, call.part('product'));
  const whole = builder.reshape(
    product,
    made.map((letter) => sizes.get(letter) ?? -1),
    call.part('whole'),
  );
  const permutation = [...result].map((letter) => made.indexOf(letter));
  return builder.transpose(whole, permutation.length > 0 ? permutation : plainOrder(0));
}

/** −1 for one that is not known. */
function sizeOf(value: Value, axis: number): number {
  const size = value.shape[axis];
  return typeof size === 'number' ? size : -1;
}

/** A value as a stack of matrices, its axes brought into the order of groups of letters; a group is one axis. */
function matrices(
  call: OperatorCall,
  value: Value,
  own: string,
  groups: readonly (readonly string[])[],
  sizes: ReadonlyMap<string, number>,
): Value {
  const permutation = groups.flat().map((letter) => own.indexOf(letter));
  const turned = call.builder.transpose(value, permutation);
  const lengths = groups.map((letters) => letters.map((letter) => sizes.get(letter) ?? -1));
  const grouped = lengths.map((group) =>
    group.includes(-1) ? -1 : group.reduce((product, size) => product * size, 1),
  );
  if (grouped.filter((size) => size === -1).length > 1) call.unsupported('more than one axis of unknown size');
  return call.builder.reshape(turned, grouped, call.part('matrices'));
}
