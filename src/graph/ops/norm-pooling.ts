import { expectCount } from '../../tensor/convolution-shape.ts';
import type { Operation } from './operation.ts';
import { foldedWindows, POOLING_ND_FIELDS, type PoolingNdAttributes, parsePoolingNd } from './pooling-nd.ts';

/** (Σ |x|^order)^(1 / order) of each window over any number of axes. */
export interface NormPoolingAttributes extends PoolingNdAttributes {
  readonly order: number;
}

export const normPooling: Operation<NormPoolingAttributes> = {
  fields: { ...POOLING_ND_FIELDS, order: true },
  check(who, given) {
    const { order } = given;
    expectCount(who, 'order', order, 'invalid-argument');
    return { ...parsePoolingNd(who, given), order };
  },
  ...foldedWindows<NormPoolingAttributes>(
    ({ order }) => ({
      start: 0,
      add: (total, x) => total + Math.abs(x) ** order,
      end: (total) => total ** (1 / order),
    }),
    ({ order }, { inside }) => inside.map((v) => Math.abs(v) ** order).reduce((a, b) => a + b, 0) ** (1 / order),
  ),
};
