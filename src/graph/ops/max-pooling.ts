import { runMaxPooling } from '../../layers/pooling.ts';
import { expectPlanes, onFloats } from './inputs.ts';
import { greaterFrom, type MaximaAttributes, parseLeast, raiseToLeast } from './maxima.ts';
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

/** The greatest element of each window; padding counts as −∞, or as the least number. */
export interface MaxPoolingAttributes extends PoolingAttributes, MaximaAttributes {}

export const maxPooling: Operation<MaxPoolingAttributes> = {
  inputs: ONE,
  fields: { ...POOLING_FIELDS, least: true },
  check: (who, given) => ({ ...parsePooling(who, given), least: parseLeast(who, given.least) }),
  infer: onFloats((node, [x]) => [windowedShape(poolingWindow(node), x, expectPlanes(node, x)[1])]),
  lower: (call) =>
    lowerPooling(call, 'max', (shape) => {
      const { least } = call.node.attributes;
      return ([x], [y]) => {
        runMaxPooling(call.context, shape, x, y);
        if (least !== undefined) raiseToLeast(call.context.arena.f32, shape, x, y, least);
      };
    }),
  reference(node, [x]) {
    const { least } = node.attributes;
    return pooled(node, x, (inside) => inside.reduce(greaterFrom(least), least ?? -Infinity));
  },
  terms: poolingTerms,
  slicing: (node) => windowSlicing(poolingWindow(node)),
  gradient: null,
};
