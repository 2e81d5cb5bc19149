/** Products of matrices, and rows of tables. */
import type { Name } from '../../graph/values.ts';
import { boolean, oneOf, orNone, text, whole } from '../attributes.ts';
import { exactly, listed, reshaped, sizeAlong, sizeOf } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axisOf, type Converters, type SymbolReader } from './converter.ts';
import { expectFilters } from './convolutions.ts';

const TRANSPOSES = {
  transpose_a: boolean({ absent: false }),
  transpose_b: boolean({ absent: false }),
  forward_stype: orNone(text()),
};

export const PRODUCTS: Converters = {
  /** The data is flattened to rows unless that is told otherwise; a vector is rows of one value each. */
  FullyConnected(node, builder) {
    const { num_hidden, no_bias, flatten } = node.read({
      num_hidden: whole({ least: 1 }),
      no_bias: boolean({ absent: false }),
      flatten: boolean({ absent: true }),
    });
    const [given, weight, y] = [node.input(0), node.input(1), node.first];
    // MXNet computes these in single and double precision only, but on a GPU.
    if (builder.dtypeOf(given) === 'float16') node.unsupported('data of float16');
    const rank = builder.shapeOf(weight).length;
    if (rank !== 2) node.invalid(`its weight has ${rank} axes, expected 2`);
    expectFilters(node, 'num_hidden', builder.shapeOf(weight)[0], num_hidden);
    const isFlat = !flatten || builder.shapeOf(given).length === 2;
    const x = isFlat ? given : builder.value('general-flatten', [given], { axis: 1 }, `${y}.flat`);
    const inputs = [x, weight, ...(no_bias ? [] : [node.input(2)])];
    builder.emit('matrix-product', inputs, { transposeB: true }, [y]);
  },

  dot,

  batch_dot(node, builder) {
    const { transpose_a, transpose_b } = node.read(TRANSPOSES);
    const attributes = { transposeA: transpose_a, transposeB: transpose_b };
    builder.emit('matrix-product', [node.input(0), node.input(1)], attributes, [node.first]);
  },

  /** Indices are cut to whole numbers, and held to those of the table. */
  Embedding(node, builder) {
    const { input_dim, output_dim } = node.read({
      input_dim: whole({ least: 1 }),
      output_dim: whole({ least: 1 }),
      dtype: text({ absent: 'float32' }),
      sparse_grad: boolean({ absent: false }),
    });
    const table = node.input(1);
    expectFilters(node, 'input_dim', builder.shapeOf(table)[0], input_dim);
    expectFilters(node, 'output_dim', builder.shapeOf(table)[1], output_dim);
    const places = clipped(builder, node.input(0), table, 0, node.first);
    builder.emit('gather', [table, places], { axis: 0 }, [node.first]);
  },

  take(node, builder) {
    const { axis, mode } = node.read({
      axis: whole({ absent: 0 }),
      mode: oneOf(['raise', 'wrap', 'clip'], { absent: 'clip' }),
    });
    const [x, indices, y] = [node.input(0), node.input(1), node.first];
    const at = axisOf(node, axis, builder.shapeOf(x).length);
    const places = { clip: clipped, wrap: wrapped, raise: wholeOf }[mode](builder, indices, x, at, y);
    builder.emit('gather', [x, places], { axis: at }, [y]);
  },
};

function wholeOf(builder: SymbolBuilder, indices: Name, _x: Name, _axis: number, y: Name): Name {
  return builder.value('conversion', [indices], { dtype: 'int64' }, `${y}.places`);
}

function clipped(builder: SymbolBuilder, indices: Name, x: Name, axis: number, y: Name): Name {
  const last = builder.value(
    'subtraction',
    [listed(builder, [sizeAlong(builder, x, axis)]), builder.list([1])],
    {},
    `${y}.last`,
  );
  return builder.value('clip', [wholeOf(builder, indices, x, axis, y), builder.list([0]), last], {}, `${y}.clipped`);
}

function wrapped(builder: SymbolBuilder, indices: Name, x: Name, axis: number, y: Name): Name {
  const size = listed(builder, [sizeAlong(builder, x, axis)]);
  return builder.value('modulo', [wholeOf(builder, indices, x, axis, y), size], {}, `${y}.wrapped`);
}

/**
 * The last axis of the first with the first axis of the second; transposed, the first axis of the first, and the last of
 * the second. All other axes stay, those of the first before those of the second.
 */
function dot(node: SymbolReader, builder: SymbolBuilder): void {
  const { transpose_a: transposeA, transpose_b: transposeB } = node.read(TRANSPOSES);
  const [a, b, y] = [node.input(0), node.input(1), node.first];
  const [rankA, rankB] = [builder.shapeOf(a).length, builder.shapeOf(b).length];
  if (rankA === 2 && rankB === 2) {
    builder.emit('matrix-product', [a, b], { transposeA, transposeB }, [y]);
    return;
  }
  const left = builder.value('general-flatten', [a], { axis: transposeA ? 1 : rankA - 1 }, `${y}.a`);
  const right = builder.value('general-flatten', [b], { axis: transposeB ? rankB - 1 : 1 }, `${y}.b`);
  // A vector lies as one column behind its axis, and as one row before it.
  const attributes = { transposeA, transposeB: transposeB && rankB > 1 };
  const product = builder.value('matrix-product', [left, right], attributes, `${y}.product`);
  unfolded(
    builder,
    product,
    [
      ...axesWithout(rankA, transposeA ? 0 : rankA - 1).map((axis) => [a, axis] as const),
      ...axesWithout(rankB, transposeB ? rankB - 1 : 0).map((axis) => [b, axis] as const),
    ],
    y,
  );
}

function axesWithout(rank: number, axis: number): readonly number[] {
  return Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
}

/** In the shape of axes of other values; of no axes there is one element. */
function unfolded(builder: SymbolBuilder, x: Name, axes: readonly (readonly [Name, number])[], y: Name): void {
  if (axes.length === 0) {
    reshaped(builder, x, [exactly(1)], y);
    return;
  }
  const sizes = axes.map(([value, axis]) => sizeAlong(builder, value, axis));
  builder.emit('reshape', [x, listed(builder, sizes)], { copiesZeros: false }, [y]);
  builder.assume(y, builder.dtypeOf(x), sizes.map(sizeOf));
}
