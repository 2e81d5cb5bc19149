/** Operators that work element by element. */
import type { Converters } from './converter.ts';

export const ELEMENTWISE: Converters = {
  Add: (node, builder) => builder.simple(node, 'sum', {}),
  Sum: (node, builder) => builder.simple(node, 'sum', {}),
  Mul: (node, builder) => builder.simple(node, 'multiplication', {}),
  Relu: (node, builder) => builder.simple(node, 'relu', {}),
  LeakyRelu: (node, builder) => builder.simple(node, 'relu', { negativeSlope: node.float('alpha', 0.01) }),
  Sigmoid: (node, builder) => builder.simple(node, 'sigmoid', {}),
};
