import { runMaxPooling } from '../../layers/pooling.ts';
import type { MaxPoolingNode } from '../network.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { compilePooling, POOLING_FIELDS, parsePooling, pooled, poolingWindow } from './pooling.ts';
import { windowSlicing } from './slicing.ts';
import { windowedShape } from './windows.ts';

export const maxPooling: Operation<MaxPoolingNode> = {
  inputs: ONE_INPUT,
  fields: POOLING_FIELDS,
  parse: parsePooling,
  infer: (node, [input]) => windowedShape(poolingWindow(node), input, input[0]),
  compile: (node, [input], _options, context) =>
    compilePooling(
      node,
      'max',
      input,
      (shape) =>
        ([x], y) =>
          runMaxPooling(context, shape, x, y),
    ),
  reference: (node, [x]) => pooled(node, x, (inside) => inside.reduce((a, b) => Math.max(a, b), -Infinity)),
  slicing: (node) => windowSlicing(poolingWindow(node)),
  gradient: null,
};
