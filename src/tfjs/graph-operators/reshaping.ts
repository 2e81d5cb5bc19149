/** Operators that give elements another shape and move none. */
import type { Sizes } from '../../graph/node.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { type KnownSize, plainSize } from '../open-sizes.ts';
import { plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';

export const RESHAPING: Converters = {
  Reshape: reshape,
  Squeeze(node, builder) {
    const x = node.input(0);
    const told = node.has('squeeze_dims') ? node.ints('squeeze_dims') : node.ints('axis');
    const all = plainOrder(x.rank).filter((axis) => x.shape[axis] === 1);
    const axes = told.length > 0 ? told.map((axis) => node.axisAmong(axis, x.rank)) : all;
    return axes.length === 0 ? identity(node) : builder.squeeze(x, axes, node.name);
  },
  ExpandDims(node, builder) {
    const x = node.input(0);
    return builder.unsqueeze(x, [node.axisAt(1, x.rank + 1)], node.name);
  },
  EnsureShape: identity,
};

/** What makes nothing of its own. */
export function identity(node: NodeReader): Value {
  return node.input(0);
}

/** [N, H, W, C] as [N, H · W · C] leaves the elements where they lie. */
function reshape(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const { rank, shape } = x;
  const sizes = node.shapeAt(1);
  const [batch, rest] = sizes;
  const elements = shape
    .slice(1)
    .reduce<number>((all, size) => (typeof size === 'number' ? all * size : Number.NaN), 1);
  const isFlat = rank > 2 && sizes.length === 2 && (rest === elements || (rest === -1 && batch !== -1));
  const keepsBatch = batch === -1 || (batch !== null && plainSize(batch) === shape[0]);
  if (isFlat && keepsBatch && elements > 0 && x.flat === null) return builder.flatten(x, node.name);
  return reshaped(node, builder, x, sizes, node.name, 1);
}

/**
 * The elements in another shape, of which one size may be open; where more are, the shape is computed as the model runs.
 *
 * @param list the input that lists the shape
 */
export function reshaped(
  node: Pick<NodeReader, 'input' | 'unsupported'>,
  builder: LayoutBuilder,
  value: Value,
  sizes: readonly KnownSize[],
  hint: string,
  list?: number,
): Value {
  const copied = sizes.map((size, axis) => {
    if (typeof size === 'number') return size;
    return plainSize(size) !== null && plainSize(size) === value.shape[axis] ? 0 : null;
  });
  const isOpen = (size: number | null) => size === null || size === -1;
  const isEmpty = sizes.includes(0);
  if (copied.filter(isOpen).length <= 1 && !isEmpty) {
    return builder.reshape(
      value,
      copied.map((size) => size ?? -1),
      hint,
    );
  }
  if (list === undefined) return node.unsupported('a shape of which several sizes are not known');
  const shape: Sizes = sizes.map((size) => (size === -1 ? null : plainSize(size)));
  const names = [builder.nameOf(value), builder.nameOf(node.input(list))];
  const [made] = builder.emit('reshape', names, { copiesZeros: false }, hint, 1, { dtype: value.dtype, shape });
  return builder.made(made, plainOrder(sizes.length));
}
