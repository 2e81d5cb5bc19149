/** Convolutions, poolings, matrix products and normalisations. */
import type { TransposedConvolutionAttributes } from '../../graph/ops/transposed-convolution.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converters } from './converter.ts';
import { NORMALISATIONS } from './normalisations.ts';
import { PRODUCTS } from './products.ts';
import { automaticPadding, poolingOf, windowsOf } from './window-attributes.ts';

export const LAYERS: Converters = {
  Conv(node, builder) {
    expectKernelShape(node, builder);
    builder.simple(node, 'convolution-nd', { ...windowsOf(node), groups: node.int('group', 1) });
  },
  ConvTranspose(node, builder) {
    expectKernelShape(node, builder);
    builder.simple(node, 'transposed-convolution', transposedOf(node));
  },
  MaxPool(node, builder) {
    const attributes = { ...poolingOf(node), firstAxisInnermost: node.int('storage_order', 0) !== 0 };
    builder.emit('max-pooling-nd', node.inputs, attributes, node.outputs);
  },
  AveragePool(node, builder) {
    const countPadding = node.int('count_include_pad', 0) !== 0;
    builder.simple(node, 'average-pooling-nd', { ...poolingOf(node), countPadding });
  },
  LpPool: (node, builder) => builder.simple(node, 'norm-pooling', { ...poolingOf(node), order: node.int('p', 2) }),
  GlobalMaxPool: (node, builder) => builder.simple(node, 'global-max-pooling', {}),
  GlobalAveragePool: (node, builder) => builder.simple(node, 'global-average-pooling-nd', {}),
  ...PRODUCTS,
  ...NORMALISATIONS,
};

/** Where the kernel is a constant, its size is known beside what the attribute tells. */
function expectKernelShape(node: NodeReader, builder: GraphBuilder): void {
  const told = node.ints('kernel_shape');
  const kernel = builder.parameters.get(node.input(1));
  const taps = kernel?.type.shape.slice(2);
  if (told === undefined || taps === undefined || String(told) === String(taps)) return;
  node.invalid(`attribute 'kernel_shape' is [${told}], expected [${taps}], which is the kernel's`);
}

function transposedOf(node: NodeReader): TransposedConvolutionAttributes {
  const windows = windowsOf(node);
  const outputSize = node.ints('output_shape');
  const own = { ...windows, groups: node.int('group', 1), outputPadding: node.ints('output_padding'), outputSize };
  if (outputSize === undefined) return own;
  // Padding that is told does not count beside sizes that are; the odd element of what these need is taken before.
  return { ...own, padding: automaticPadding(node) === 'SAME_UPPER' ? 'same' : 'same-lower' };
}
