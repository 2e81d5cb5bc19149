/** Operators that tell and take shapes, and make values of nothing else. */
import { isFloat } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { plainSize } from '../open-sizes.ts';
import { plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';
import { identity } from './reshaping.ts';

export const SHAPES: Converters = {
  Identity: identity,
  IdentityN: (node) => node.inputs,
  Snapshot: identity,
  StopGradient: identity,
  PreventGradient: identity,
  CheckNumerics: identity,
  // Nobody gives it another value.
  PlaceholderWithDefault: identity,
  Shape: (node, builder) => shape(node, builder, node.input(0), node.name),
  ShapeN: (node, builder) => node.inputs.map((value) => shape(node, builder, value, node.name)),
  Rank: (node, builder) => builder.numbers(node.name, 'int32', [], [node.input(0).rank]),
  Size(node, builder) {
    const x = node.input(0);
    const [count] = builder.emit('element-count', [builder.nameOf(x, x.order)], {}, `${node.name}/count`);
    return builder.cast(builder.made(count, []), node.dtype('out_type', 'int32'), node.name);
  },
  Fill(node, builder) {
    const [dims, value] = [node.input(0), node.input(1)];
    return stretched(node, builder, value, dims, 0);
  },
  BroadcastTo: (node, builder) => stretched(node, builder, node.input(0), node.input(1), 1),
  Range(node, builder) {
    const { dtype } = node.input(0);
    const assumed = { dtype, shape: [null] };
    const names = [0, 1, 2].map((i) => builder.nameOf(node.input(i)));
    return builder.made(builder.emit('range', names, {}, node.name, 1, assumed)[0], [0]);
  },
  OneHot(node, builder) {
    const { dtype } = node.input(2);
    const values = builder.numbers(`${node.name}/values`, dtype, [2], [node.scalar(3), node.scalar(2)]);
    const depth = builder.numbers(`${node.name}/depth`, 'int64', [], [node.scalar(1)]);
    return builder.apply('one-hot', [node.input(0), depth, values], { axis: node.int('axis', -1) }, node.name);
  },
};

/** The shape of a value as the model has it, whose axes may lie in another order. */
function shape(node: NodeReader, builder: LayoutBuilder, x: Value, hint: string): Value {
  const dtype = node.dtype('out_type', 'int32');
  const sizes = x.shape.map((size) => (typeof size === 'number' ? size : null));
  if (sizes.every((size) => size !== null)) return builder.numbers(hint, dtype, [sizes.length], sizes);
  const name = builder.nameOf(x, x.order);
  const [inMemory] = builder.emit('shape', [name], {}, `${hint}/sizes`);
  const places = builder.list(
    `${hint}/axes`,
    plainOrder(x.rank).map((axis) => x.order.indexOf(axis)),
  );
  const [own] = builder.emit('gather', [inMemory, places], { axis: 0 }, `${hint}/own`);
  return builder.cast(builder.made(own, [0]), dtype, hint);
}

/** A value that is repeated to a shape. */
function stretched(node: NodeReader, builder: LayoutBuilder, value: Value, list: Value, input: number): Value {
  const sizes = node.shapeAt(input);
  if (isFloat(list.dtype)) return node.invalid('a shape of whole numbers is expected');
  const numbers = node.numbersIfKnown(input);
  const names = [builder.nameOf(value), numbers ? builder.list(`${node.name}/shape`, numbers) : builder.nameOf(list)];
  const assumed = { dtype: value.dtype, shape: sizes.map(plainSize) };
  const [made] = builder.emit('expand', names, {}, node.name, 1, assumed);
  return builder.made(made, plainOrder(sizes.length));
}
