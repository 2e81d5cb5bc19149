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

/** Σx of each window over any number of axes; 0 where a window holds nothing. */
export const sumPooling: Operation<PoolingNdAttributes> = {
  inputs: ONE,
  fields: POOLING_ND_FIELDS,
  check: parsePoolingNd,
  infer: onFloats((node, [x]) => [pooledShape(node, x)]),
  lower: (call) => lowerPoolingNd(call, { start: 0, add: (total, x) => total + x, end: (total) => total }),
  reference: (node, [x]) => [pooledNd(node, x, ({ inside }) => inside.reduce((a, b) => a + b, 0))],
  terms: poolingNdTerms,
  slicing: () => 'slices need the planes of a pooling',
  gradient: null,
};
