/** Operators that move elements, and tell or take shapes. */
import type { Converters } from './converter.ts';

export const MOVEMENT: Converters = {
  Identity: (node, builder) => builder.simple(node, 'identity', {}),
  Shape(node, builder) {
    if (node.has('start') || node.has('end')) node.unsupported('a part of the shape');
    builder.simple(node, 'shape', {});
  },
  Constant(node, builder) {
    const [output] = node.outputs;
    const tensor = node.tensor('value');
    if (tensor === undefined) return node.unsupported('a constant that is no tensor');
    if (output) builder.parameter(output, tensor.dtype, tensor.shape, tensor.data, 'constant');
  },
};
