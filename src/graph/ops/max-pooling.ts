import { runMaxPooling } from '../../layers/pooling.ts';
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

/** The greatest element of each window; padding counts as −∞. */
export const maxPooling: Operation<PoolingAttributes> = {
  inputs: ONE,
  fields: POOLING_FIELDS,
  check: parsePooling,
  infer: onFloats((node, [x]) => [windowedShape(poolingWindow(node), x, expectPlanes(node, x)[1])]),
  lower: (call) =>
    lowerPooling(call, 'max', (shape) => {
      return ([x], [y]) => runMaxPooling(call.context, shape, x, y);
    }),
  reference: (node, [x]) => pooled(node, x, (inside) => inside.reduce((a, b) => Math.max(a, b), -Infinity)),
  terms: poolingTerms,
  slicing: (node) => windowSlicing(poolingWindow(node)),
  gradient: null,
};
