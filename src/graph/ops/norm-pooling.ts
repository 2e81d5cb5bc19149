import { expectCount } from '../../tensor/convolution-shape.ts';
import { onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import {
  lowerPoolingNd,
  POOLING_ND_FIELDS,
  type PoolingNdAttributes,
  parsePoolingNd,
  pooledNd,
  pooledShape,
  poolingNdTerms,
} from './pooling-nd.ts';

/** (Σ |x|^order)^(1 / order) of each window over any number of axes. */
export interface NormPoolingAttributes extends PoolingNdAttributes {
  readonly order: number;
}

export const normPooling: Operation<NormPoolingAttributes> = {
  inputs: ONE,
  fields: { ...POOLING_ND_FIELDS, order: true },
  check(who, given) {
    const { order } = given;
    expectCount(who, 'order', order, 'invalid-argument');
    return { ...parsePoolingNd(who, given), order };
  },
  infer: onFloats((node, [x]) => [pooledShape(node, x)]),
  lower(call) {
    const { order } = call.node.attributes;
    return lowerPoolingNd(call, {
      start: 0,
      add: (total, x) => total + Math.abs(x) ** order,
      end: (total) => total ** (1 / order),
    });
  },
  reference: (node, [x]) => {
    const { order } = node.attributes;
    return [
      pooledNd(node, x, ({ inside }) => {
        return inside.map((v) => Math.abs(v) ** order).reduce((a, b) => a + b, 0) ** (1 / order);
      }),
    ];
  },
  terms: poolingNdTerms,
  slicing: () => 'slices need the planes of a pooling',
  gradient: null,
};
