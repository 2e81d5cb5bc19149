import type { Operation } from './operation.ts';
import { foldedWindows, POOLING_ND_FIELDS, type PoolingNdAttributes, parsePoolingNd } from './pooling-nd.ts';

/** Σx of each window over any number of axes; 0 where a window holds nothing. */
export const sumPooling: Operation<PoolingNdAttributes> = {
  fields: POOLING_ND_FIELDS,
  check: parsePoolingNd,
  ...foldedWindows(
    () => ({ start: 0, add: (total, x) => total + x, end: (total) => total }),
    (_attributes, { inside }) => inside.reduce((a, b) => a + b, 0),
  ),
};
