import { runAveragePooling } from '../../layers/pooling.ts';
import type { AveragePoolingNode } from '../network.ts';
import { parseFlag } from '../parse-values.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { compilePooling, POOLING_FIELDS, parsePooling, pooled, poolingWindow } from './pooling.ts';
import { windowSlicing } from './slicing.ts';
import { windowedShape } from './windows.ts';

export const averagePooling: Operation<AveragePoolingNode> = {
  inputs: ONE_INPUT,
  fields: { ...POOLING_FIELDS, countPadding: true },
  parse: (who, given) => ({
    ...parsePooling(who, given),
    countPadding: parseFlag(who, 'countPadding', given.countPadding),
  }),
  infer: (node, [input]) => windowedShape(poolingWindow(node), input, input[0]),
  compile(node, [input], _options, context) {
    const { countPadding = false } = node;
    return compilePooling(node, 'average', input, (shape) => {
      return ([x], y) => runAveragePooling(context, shape, x, y, countPadding);
    });
  },
  reference: (node, [x]) =>
    pooled(node, x, (inside, windowSize) => {
      const total = inside.reduce((a, b) => a + b, 0);
      if (node.countPadding) return total / windowSize;
      return inside.length === 0 ? 0 : total / inside.length;
    }),
  slicing: (node) => windowSlicing(poolingWindow(node)),
  gradient: null,
};
