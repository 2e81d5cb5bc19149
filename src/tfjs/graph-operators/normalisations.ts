/** What brings numbers to one size: normalisations, and softmax among them. */
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Value } from '../value.ts';
import type { Converter, Converters } from './converter.ts';
import { orderOf, planesOf } from './windows.ts';

/** What TensorFlow uses where a file says none. */
const EPSILON = 1e-4;

const batchNormalisation: Converter = (node, builder) => {
  if (node.flag('is_training', true)) return node.unsupported('training');
  return normalised(node, builder, node.input(0), 1, node.name);
};

export const NORMALISATIONS: Converters = {
  FusedBatchNorm: batchNormalisation,
  FusedBatchNormV2: batchNormalisation,
  FusedBatchNormV3: batchNormalisation,
  LRN(node, builder) {
    const x = node.input(0);
    const channels = x.shape[x.rank - 1];
    // A window is no wider than all channels on either side.
    const most = typeof channels === 'number' ? channels - 1 : Number.POSITIVE_INFINITY;
    const size = 2 * Math.min(node.int('depth_radius', 5), most) + 1;
    // TensorFlow's alpha is that of the sum, and not of the mean.
    const attributes = {
      size,
      alpha: node.float('alpha', 1) * size,
      beta: node.float('beta', 0.5),
      bias: node.float('bias', 1),
    };
    const [made] = builder.emit('local-response-normalisation', [planesOf(node, builder, x)], attributes, node.name);
    return builder.made(made, orderOf(node, x));
  },
  Softmax: alongLast('softmax-along-axis'),
  LogSoftmax: alongLast('log-softmax'),
};

/** Scale, offset, mean and variance are inputs from `first` on. */
export function normalised(node: NodeReader, builder: LayoutBuilder, x: Value, first: number, hint: string): Value {
  const statistics = [0, 1, 2, 3].map((i) => builder.nameOf(node.input(first + i)));
  const attributes = { epsilon: node.float('epsilon', EPSILON) };
  const [made] = builder.emit('batch-normalisation-nd', [planesOf(node, builder, x), ...statistics], attributes, hint);
  return builder.made(made, orderOf(node, x));
}

function alongLast(op: 'softmax-along-axis' | 'log-softmax'): Converter {
  return (node, builder) => {
    const x = node.input(0);
    return builder.alongAxis(op, x, x.rank - 1, (axis) => ({ axis }), node.name);
  };
}
