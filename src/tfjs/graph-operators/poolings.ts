/** Poolings. */
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';
import { orderOf, planesOf, spatial, windowsOf } from './windows.ts';

export const POOLINGS: Converters = {
  MaxPool: (node, builder) => pooling(node, builder, 'max-pooling-nd'),
  MaxPool3D: (node, builder) => pooling(node, builder, 'max-pooling-nd'),
  // What is beyond the edge does not count.
  AvgPool: (node, builder) => pooling(node, builder, 'average-pooling-nd'),
  AvgPool3D: (node, builder) => pooling(node, builder, 'average-pooling-nd'),
};

function pooling(node: NodeReader, builder: LayoutBuilder, op: 'max-pooling-nd' | 'average-pooling-nd'): Value {
  const x = node.input(0);
  const attributes = { ...windowsOf(node, x.rank), size: spatial(node, 'ksize', x.rank) };
  const [made] = builder.emit(op, [planesOf(node, builder, x)], attributes, node.name);
  return builder.made(made, orderOf(node, x));
}
