import { runAveragePooling } from '../../layers/pooling.ts';
import { globalPooling } from './global-pooling-nd.ts';
import type { NoAttributes } from './operation.ts';

/** The mean of each plane of any number of axes, which stay with one element each. */
export const globalAveragePoolingNd = globalPooling<NoAttributes>(
  { fields: {}, check: () => ({}) },
  (context, shape, x, y) => runAveragePooling(context, shape, x, y, false),
  (plane) => plane.reduce((a, b) => a + b, 0) / plane.length,
);
