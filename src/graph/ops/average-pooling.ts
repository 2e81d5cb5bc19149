import { runAveragePooling } from '../../layers/pooling.ts';
import { parseFlag } from '../parse-values.ts';
import { expectPlanes, onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import {
  lowerPooling,
  POOLING_FIELDS,
  type PoolingAttributes,
  parsePooling,
  pooled,
  poolingTerms,
  poolingWindow,
} from './pooling.ts';
import { windowSlicing } from './slicing.ts';
import { windowedShape } from './windows.ts';

/** The mean of each window: of the elements inside the input, or with countPadding of the whole window, as in MXNet. */
export interface AveragePoolingAttributes extends PoolingAttributes {
  readonly countPadding?: boolean;
}

export const averagePooling: Operation<AveragePoolingAttributes> = {
  inputs: ONE,
  fields: { ...POOLING_FIELDS, countPadding: true },
  check: (who, given) => ({
    ...parsePooling(who, given),
    countPadding: parseFlag(who, 'countPadding', given.countPadding),
  }),
  infer: onFloats((node, [x]) => [windowedShape(poolingWindow(node), x, expectPlanes(node, x)[1])]),
  lower(call) {
    const { countPadding = false } = call.node.attributes;
    return lowerPooling(call, 'average', (shape) => {
      return ([x], [y]) => runAveragePooling(call.context, shape, x, y, countPadding);
    });
  },
  reference: (node, [x]) =>
    pooled(node, x, (inside, windowSize) => {
      const total = inside.reduce((a, b) => a + b, 0);
      if (node.attributes.countPadding) return total / windowSize;
      return inside.length === 0 ? 0 : total / inside.length;
    }),
  terms: poolingTerms,
  slicing: (node) => windowSlicing(poolingWindow(node)),
  gradient: null,
};
