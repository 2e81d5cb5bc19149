/** What brings numbers to one size: normalisations, and softmax among them. */
import type { AlongAxisAttributes } from '../../graph/ops/along-axis.ts';
import type { Dtype } from '../../graph/values.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converters } from './converter.ts';

const EPSILON = 1e-5;

/** The numbers of ONNX's types in which means may be kept. */
const MOMENTS: ReadonlyMap<number, Dtype> = new Map([
  [1, 'float32'],
  [10, 'float16'],
  [11, 'float64'],
  [16, 'bfloat16'],
]);

export const NORMALISATIONS: Converters = {
  BatchNormalization(node, builder) {
    const isTraining = node.int('training_mode', 0) !== 0 || node.outputs.length > 1;
    // What moving averages are made with says nothing outside of training.
    node.float('momentum');
    if (isTraining) node.unsupported('training');
    if (node.int('spatial', 1) === 0) node.unsupported('a mean for each element of an image');
    builder.simple(node, 'batch-normalisation-nd', { epsilon: node.float('epsilon', EPSILON) });
  },
  InstanceNormalization: (node, builder) =>
    builder.simple(node, 'group-normalisation', { epsilon: node.float('epsilon', EPSILON) }),
  GroupNormalization(node, builder) {
    const groups = node.int('num_groups') ?? node.invalid("attribute 'num_groups' is missing");
    momentsType(node);
    const attributes = { epsilon: node.float('epsilon', EPSILON), groups, scalesGroups: node.opset < 21 };
    builder.simple(node, 'group-normalisation', attributes);
  },
  LayerNormalization(node, builder) {
    const axis = node.int('axis', -1);
    const attributes = { axis, epsilon: node.float('epsilon', EPSILON), momentsType: momentsType(node) };
    builder.emit('layer-normalisation', node.inputs, attributes, node.outputs);
  },
  LRN(node, builder) {
    const size = node.int('size') ?? node.invalid("attribute 'size' is missing");
    const [alpha, beta, bias] = [node.float('alpha', 1e-4), node.float('beta', 0.75), node.float('bias', 1)];
    builder.simple(node, 'local-response-normalisation', { size, alpha, beta, bias });
  },
  LpNormalization: (node, builder) =>
    builder.simple(node, 'norm-normalisation', { axis: node.int('axis', -1), order: node.int('p', 2) }),
  Softmax: (node, builder) => builder.simple(node, 'softmax-along-axis', axisOf(node)),
  LogSoftmax: (node, builder) => builder.simple(node, 'log-softmax', axisOf(node)),
  Hardmax: (node, builder) => builder.simple(node, 'hardmax', axisOf(node)),
};

/** Definitions compute in double, whatever the type of this attribute. */
function momentsType(node: NodeReader): Dtype {
  const type = node.int('stash_type', 1);
  return MOMENTS.get(type) ?? node.unsupported(`the type ${type} of means`);
}

/** Before opset 13 an input was a matrix: the axes before the one told as rows, and all others as columns. */
function axisOf(node: NodeReader): AlongAxisAttributes {
  return node.opset < 13 ? { axis: node.int('axis', 1), toEnd: true } : { axis: node.int('axis', -1) };
}
